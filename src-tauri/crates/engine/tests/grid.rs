//! Every operator with every condition value and every trait value, one condition at a time, against the reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;

use common::{DIALECTS, oracle, test_folder};
use halyard_engine::{Dialect, Engine, Identity};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Grid {
    conditions: Vec<Value>,
    traits: Vec<Value>,
}

fn grid() -> Grid {
    let grid: Grid =
        serde_json::from_str(&std::fs::read_to_string(test_folder().join("grid/values.json")).unwrap())
            .unwrap();
    assert_eq!((grid.conditions.len(), grid.traits.len()), (49, 50));
    grid
}

fn document(operator: &str, operand: &Value) -> Value {
    json!({
        "api_key": "grid", "name": "Grid", "feature_states": [], "identity_overrides": [],
        "project": { "segments": [{
            "id": 1, "name": "cell", "feature_states": [],
            "rules": [{ "type": "ALL", "rules": [], "conditions": [
                { "property_": "trait", "operator": operator, "value": operand }
            ]}]
        }]}
    })
}

fn verdicts(grid: &Grid, operator: &str, dialect: Dialect) -> String {
    let mut cells = String::new();
    for operand in &grid.conditions {
        let engine = Engine::from_document(&document(operator, operand), dialect).unwrap();
        for value in &grid.traits {
            let identity = Identity {
                identifier: "grid".to_owned(),
                key: None,
                traits: BTreeMap::from([("trait".to_owned(), value.clone())]),
            };
            cells.push(match engine.evaluate(&identity) {
                Ok(evaluation) if evaluation.segments().next().is_some() => '1',
                Ok(_) => '0',
                Err(_) => '!',
            });
        }
    }
    cells
}

/// Compares all cells with lines of `OPERATOR cells`; there is no list of tolerated differences, as there are none.
fn compare(reference: &str, dialect: Dialect) {
    let grid = grid();
    let mut differences = Vec::new();
    let mut cells = 0;
    for line in reference.lines() {
        let (operator, expected) = line.split_once(' ').unwrap();
        let actual = verdicts(&grid, operator, dialect);
        assert_eq!(expected.len(), actual.len());
        cells += actual.len();
        for (at, (expected, actual)) in expected.chars().zip(actual.chars()).enumerate() {
            if expected != actual {
                let (operand, value) = (
                    &grid.conditions[at / grid.traits.len()],
                    &grid.traits[at % grid.traits.len()],
                );
                differences.push(format!(
                    "{value} {operator} {operand}: reference {expected}, engine {actual}"
                ));
            }
        }
    }
    assert_eq!(cells, 14 * 49 * 50);
    println!("grid: {cells} cells, {} differ, {dialect:?}", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_cell_is_as_frozen() {
    let frozen = std::fs::read_to_string(test_folder().join("grid/verdicts.txt")).unwrap();
    for (_, dialect) in DIALECTS {
        compare(&frozen, dialect);
    }
}

#[test]
fn every_cell_is_as_the_reference_says_now() {
    for (name, dialect) in DIALECTS {
        let Some(mut command) = oracle(name) else { continue };
        let output = command
            .arg("--grid")
            .arg(test_folder().join("grid/values.json"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        compare(&String::from_utf8(output.stdout).unwrap(), dialect);
    }
}
