//! The models against verdicts that the real SDKs gave.

use serde::Deserialize;
use serde_json::Value;

use super::Asked;
use crate::lint::{Evaluator, Verdict};
use crate::operator::Operator;

#[derive(Deserialize)]
struct Grid {
    conditions: Vec<Value>,
    traits: Vec<Value>,
}

/// `tests/lint/verdicts.txt` was written by flagsmith-nodejs 8.1.2 and flagsmith-flag-engine 0.7.0, from environment
/// documents with one condition; `NO_SUCH` is an operator that does not exist.
#[test]
fn models_say_what_the_real_ones_said() {
    let grid: Grid = serde_json::from_str(include_str!("../../../tests/grid/values.json")).unwrap();
    let frozen = include_str!("../../../tests/lint/verdicts.txt");
    let (mut cells, mut unknown, mut differences) = (0, 0, Vec::new());
    for line in frozen.lines() {
        let mut words = line.split(' ');
        let (name, operator, expected) = (
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().unwrap(),
        );
        let evaluator = match name {
            "node" => Evaluator::NodeSdk,
            _ => Evaluator::RustSdk,
        };
        assert_eq!(expected.len(), grid.conditions.len() * grid.traits.len());
        for (at, expected) in expected.chars().enumerate() {
            let (operand, value) = (
                &grid.conditions[at / grid.traits.len()],
                &grid.traits[at % grid.traits.len()],
            );
            let asked = Asked {
                property: "trait",
                operator: Operator::from_name(operator),
                operand: operand.as_str(),
                seed: "1",
                key: "env_maya",
                value: Some(value),
            };
            cells += 1;
            let Some(verdict) = asked.verdict(evaluator) else {
                unknown += 1;
                continue;
            };
            if (verdict == Verdict::Holds) != (expected == '1') {
                differences.push(format!(
                    "{name}: {value} {operator} {operand}: {expected}, model {verdict:?}"
                ));
            }
        }
    }
    assert_eq!(cells, 2 * 15 * 49 * 50);
    assert!(unknown < cells / 40, "{unknown} of {cells} unknown");
    let shown = differences
        .iter()
        .take(40)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(differences.is_empty(), "{} differ\n{shown}", differences.len());
}
