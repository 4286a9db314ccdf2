//! What only the document itself shows, since compiling loses it.

use serde_json::Value;

use super::finding::{Evaluator, Finding, SegmentName, Subject};
use super::kind::FindingKind;
use crate::printing::print_value;

/// Overrides of flags that the environment does not have. What is not as expected is passed over, since compiling has
/// judged it.
pub(super) fn findings(document: &Value) -> Vec<Finding> {
    let names: Vec<&str> = items(&document["feature_states"])
        .iter()
        .filter_map(flag_name)
        .collect();
    let segments = items(&document["project"]["segments"]).iter();
    segments
        .filter_map(|segment| {
            let overridden = items(&segment["feature_states"]).iter().filter_map(flag_name);
            let unknown: Vec<String> = overridden
                .filter(|flag| !names.contains(flag))
                .map(str::to_owned)
                .collect();
            (!unknown.is_empty()).then(|| Finding {
                kind: FindingKind::OverrideOfUnknownFlag,
                subject: Subject {
                    segment: Some(SegmentName {
                        key: print_value(&segment["id"]),
                        name: segment["name"].as_str().unwrap_or_default().to_owned(),
                    }),
                    flags: unknown,
                    ..Subject::default()
                },
                evaluators: Evaluator::ALL.to_vec(),
                example: None,
            })
        })
        .collect()
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn flag_name(state: &Value) -> Option<&str> {
    state["feature"]["name"].as_str()
}
