//! Values for REGEX.

use serde_json::{Value, json};

use super::{Probes, push};
use crate::condition::Test;
use crate::lint::kind::FindingKind as Kind;
use crate::lint::peers::{Obstacle, obstacles};

pub(super) fn probe(test: &Test, text: &str, probes: &mut Probes) {
    if text.is_empty() {
        return push(probes, Kind::EmptyPattern, [json!("pro")]);
    }
    let Test::Regex(pattern) = test else { return };
    let mut samples: Vec<String> = pattern
        .sample()
        .into_iter()
        .filter(|one| !one.is_empty())
        .collect();
    for extra in ["a", "abc", "aa", "a1", "user@example.com", "1"] {
        let longer = samples.first().map(|sample| format!("{sample}{extra}"));
        samples.extend(longer);
        samples.push(extra.to_owned());
    }
    let found = obstacles(text);
    for obstacle in &found {
        let kind = match obstacle {
            Obstacle::Backtracking => Kind::RegexNeedsBacktracking,
            Obstacle::Dialect => Kind::RegexOtherDialect,
        };
        push(probes, kind, samples.iter().map(|sample| json!(sample)));
    }
    for sample in samples.iter().take(3) {
        let shifted = ["x ", "x", "-", "0"].map(|before| format!("{before}{sample}"));
        push(probes, Kind::RegexSearchesAnywhere, shifted.map(Value::from));
    }
    if found.is_empty() {
        let printed = [json!(true), json!(false), json!(1.0), json!("007"), json!("1.50")];
        push(probes, Kind::RegexOnPrintedValue, printed);
    }
}
