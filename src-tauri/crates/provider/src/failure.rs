//! Failures, sorted by what can be done about them.

use halyard_model::{Said, Timestamp};

use crate::diagnosis::evidence::{Asked, Evidence};
use crate::{Diagnosis, Remedy};

/// How far a request came before it failed to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The name of the host was not found.
    Name,
    /// No connection could be made.
    Connect,
    /// The certificate was not accepted.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection ended before the answer was whole.
    Cut,
    /// Anything else below HTTP.
    Other,
}

/// What can be done about a failure; each kind exists because the console
/// treats it differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The credential was not accepted: ask for another.
    Unauthorised,
    /// The credential is accepted and may not do this.
    Forbidden,
    /// There is nothing here: wrong address, or it was deleted.
    NotFound,
    /// Ask again at this moment, where the service named one.
    RateLimited {
        /// When it may be asked again.
        retry_at: Option<Timestamp>,
    },
    /// The service refused the content, with its own words.
    Refused {
        /// The service's words, shortened.
        detail: String,
    },
    /// No answer.
    Unreachable(Stage),
    /// The service failed.
    ServerFault,
    /// The answer was not of the documented shape.
    Malformed {
        /// Where in the answer, and what was expected.
        place: String,
    },
    /// The address cannot be used.
    BadAddress {
        /// Why.
        detail: String,
    },
}

/// A request that failed. Holds no credential: the address is kept without
/// query and user information.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    /// What can be done about it.
    pub kind: FailureKind,
    /// What happened, in a sentence.
    pub sentence: String,
    /// The likely cause, in a sentence, where one is known.
    pub cause: Option<String>,
    /// The next step, in a sentence, where one is known.
    pub next_step: Option<String>,
    /// Method and address, such as `GET https://host/api/v1/flags/`.
    pub request: Option<String>,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The first few hundred characters of the answer.
    pub excerpt: Option<String>,
    /// Which of the known causes it is; `None` where only the kind is known.
    pub diagnosis: Option<Diagnosis>,
    /// What a button does about it.
    pub remedy: Option<Remedy>,
    /// What the cause was concluded from, one sentence each.
    pub evidence: Vec<String>,
    /// The service's own words about an edit it refused, by the field they
    /// concern.
    pub said: Vec<Said>,
    /// The same for a second look, with what only the console knows.
    pub(crate) facts: Option<Box<Evidence>>,
}

impl Failure {
    /// What the log holds of it: its kind and the status, and nothing that a
    /// service said or that stood in an address, which may name a flag or a
    /// person.
    pub fn for_log(&self) -> String {
        let kind = match &self.kind {
            FailureKind::Unauthorised => "the key was not accepted".into(),
            FailureKind::Forbidden => "the key may not do this".into(),
            FailureKind::NotFound => "there is nothing there".into(),
            FailureKind::RateLimited { .. } => "too many requests".into(),
            FailureKind::Refused { .. } => "the content was refused".into(),
            FailureKind::Unreachable(stage) => format!("unreachable at the stage {stage:?}"),
            FailureKind::ServerFault => "the service failed".into(),
            FailureKind::Malformed { .. } => "the answer was not of the documented shape".to_owned(),
            FailureKind::BadAddress { .. } => "the address cannot be used".into(),
        };
        match self.status {
            Some(status) => format!("{kind}, status {status}"),
            None => kind,
        }
    }

    /// A failure of a kind, told in a sentence.
    pub fn new(kind: FailureKind, sentence: impl Into<String>) -> Failure {
        Failure {
            kind,
            sentence: sentence.into(),
            cause: None,
            next_step: None,
            request: None,
            status: None,
            excerpt: None,
            diagnosis: None,
            remedy: None,
            evidence: Vec::new(),
            said: Vec::new(),
            facts: None,
        }
    }

    /// With its cause and with what a button does about it.
    pub(crate) fn diagnosed(mut self, diagnosis: Diagnosis, remedy: Remedy) -> Failure {
        self.diagnosis = Some(diagnosis);
        self.remedy = Some(remedy);
        self
    }

    /// Says which request it was found in the answer of.
    pub(crate) fn is_about(&mut self, asked: Asked) {
        if let Some(facts) = &mut self.facts {
            facts.asked = asked;
            self.evidence = facts.facts();
        }
    }

    /// Everything told, one sentence after the other: what happened, the
    /// likely cause, the next step.
    pub fn in_full(&self) -> String {
        let mut text = self.sentence.clone();
        for more in [&self.cause, &self.next_step].into_iter().flatten() {
            text.push(' ');
            text.push_str(more);
        }
        text
    }
}
