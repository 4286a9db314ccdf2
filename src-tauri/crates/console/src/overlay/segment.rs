//! Segments: made, changed, deleted.

use halyard_model::{FieldChanges, FieldPath, RuleKind, SegmentCondition, SegmentKey, SegmentRule};
use serde_json::{Value, json};

use super::{
    Estimated, Findings, LeftOutReason,
    sheet::{Kind, Sheet},
    value::{read_list, trimmed},
};

/// What draws its members by the number of the segment.
const PERCENTAGE: &str = "PERCENTAGE_SPLIT";

/// Lays a change to a segment over.
pub(super) fn lay(
    sheet: &mut Sheet<'_>,
    segment: &SegmentKey,
    changes: &FieldChanges,
    findings: &mut Findings,
) {
    let known = sheet.segment_id(&segment.0);
    match (changes.get(&FieldPath::Existence), known) {
        (Some(None), Some(id)) => sheet.remove(Kind::Segment, &id),
        (Some(Some(_)), _) => create(sheet, segment, changes, findings),
        (None, None) if segment.name_to_be().is_some() => create(sheet, segment, changes, findings),
        (_, None) => findings.leave_all_out(LeftOutReason::SegmentMissing),
        (None, Some(id)) => {
            let mut item = sheet.get(Kind::Segment, &id).cloned().unwrap_or_default();
            write(&mut item, changes, findings);
            sheet.put(Kind::Segment, &id, item);
        }
    }
}

fn create(sheet: &mut Sheet<'_>, segment: &SegmentKey, changes: &FieldChanges, findings: &mut Findings) {
    let id = sheet.new_id();
    let name = segment.name_to_be().unwrap_or(&segment.0);
    let mut item = json!({"id": id, "name": name, "rules": [], "feature_states": []});
    write(&mut item, changes, findings);
    if draws_by_number(&item["rules"]) {
        findings.estimate(Estimated::Segment(segment.clone()));
    }
    let id = id.to_string();
    sheet.put(Kind::Segment, &id, item);
    sheet.note_made(&segment.0, &id);
}

fn write(item: &mut Value, changes: &FieldChanges, findings: &mut Findings) {
    for (field, to) in changes {
        let to = to.as_ref();
        let laid = match field {
            FieldPath::Existence | FieldPath::Description => Ok(()),
            FieldPath::Name => match to.and_then(Value::as_str) {
                Some(name) => {
                    item["name"] = Value::String(trimmed(name));
                    Ok(())
                }
                None => Err(LeftOutReason::Unreadable),
            },
            FieldPath::Rules => read_list::<SegmentRule>(to).map(|rules| {
                item["rules"] = rules.iter().map(rule).collect();
            }),
            _ => Err(LeftOutReason::Elsewhere),
        };
        if let Err(why) = laid {
            findings.leave_out(field, why);
        }
    }
}

fn rule(rule: &SegmentRule) -> Value {
    let kind = match rule.kind {
        RuleKind::All => "ALL",
        RuleKind::Any => "ANY",
        RuleKind::None => "NONE",
    };
    json!({
        "type": kind, "rules": rule.rules.iter().map(self::rule).collect::<Value>(),
        "conditions": rule.conditions.iter().map(condition).collect::<Value>(),
    })
}

/// Documents write `property_` where the lists write `property`. The server
/// keeps text, and prints everything else as Python does.
fn condition(condition: &SegmentCondition) -> Value {
    let value = match &condition.value {
        Value::Null => Value::Null,
        Value::Bool(true) => json!("True"),
        Value::Bool(false) => json!("False"),
        Value::String(text) => Value::String(trimmed(text)),
        other => Value::String(other.to_string()),
    };
    json!({"operator": condition.operator, "value": value, "property_": condition.property})
}

fn draws_by_number(rules: &Value) -> bool {
    let rules = rules.as_array().into_iter().flatten();
    rules.into_iter().any(|rule| {
        let mut conditions = rule["conditions"].as_array().into_iter().flatten();
        conditions.any(|condition| condition["operator"] == PERCENTAGE) || draws_by_number(&rule["rules"])
    })
}
