//! Comparing answers, and counting what was compared.

use halyard_engine::Dialect;
use serde_json::Value;

use super::{answers, same};

/// What a comparison has seen so far.
#[derive(Default)]
pub(crate) struct Tally {
    /// Requests, each one document with identities.
    pub(crate) documents: usize,
    /// Flags answered, one per identity, plus identities of environments without flags.
    pub(crate) decisions: usize,
    /// Identities for which the reference raises.
    pub(crate) errors: usize,
    /// One text per disagreement.
    pub(crate) differences: Vec<String>,
}

impl Tally {
    /// Evaluates a request and compares the answers with the reference's.
    pub(crate) fn compare(&mut self, request: &Value, expected: &Value, dialect: Dialect) {
        self.documents += 1;
        let actual = answers(request, dialect);
        let (Some(expected), Some(actual)) = (expected.as_array(), actual.as_array()) else {
            if expected.get("document_error").is_none() || actual.get("document_error").is_none() {
                self.differences.push(format!(
                    "{dialect:?} {request}\n  expected {expected}\n  got {actual}"
                ));
            }
            return;
        };
        let identities = request["identities"].as_array().unwrap();
        assert_eq!(expected.len(), identities.len());
        for ((expected, actual), identity) in expected.iter().zip(actual).zip(identities) {
            self.decisions += expected["flags"]
                .as_object()
                .map_or(0, |flags| flags.len().max(1));
            self.errors += usize::from(expected.get("error").is_some());
            if !same(expected, actual) {
                let document = &request["document"];
                self.differences.push(format!(
                    "{dialect:?} {identity}\n  expected {expected}\n  got      {actual}\n  document {document}"
                ));
            }
        }
    }

    /// Prints the counts and fails on the first differences.
    pub(crate) fn report(&self, what: &str) {
        println!(
            "{what}: {} documents, {} decisions, {} errors, {} differ",
            self.documents,
            self.decisions,
            self.errors,
            self.differences.len()
        );
        let shown: Vec<&String> = self.differences.iter().take(3).collect();
        assert!(shown.is_empty(), "{shown:#?}");
    }
}
