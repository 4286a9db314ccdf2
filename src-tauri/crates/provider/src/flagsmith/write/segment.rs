//! A segment: its name, what it is for, and its rules.
//!
//! A segment is the same in every environment, and the service keeps neither
//! versions nor drafts of it: a change counts at once for every flag that uses
//! it. Rules and conditions keep their numbers and descriptions where they
//! stay what they are.

use async_trait::async_trait;
use halyard_model::{
    FieldPath, RuleKind, SegmentCondition, SegmentDefinition, SegmentKey, SegmentRule, SubjectState,
    changed_fields,
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::carry::{Carried, Sender, carry};
use super::said::About;
use super::state::number;
use crate::flagsmith::paging;
use crate::flagsmith::wire::{ConditionRow, RuleRow, WholeSegmentRow};
use crate::http::{Call, WriteFailure};
use crate::{Failure, FailureKind, Found, Target, Write, WriteOutcome};

struct Whole<'a> {
    call: &'a Call<'a>,
    target: Target<'a>,
    key: &'a SegmentKey,
    wish: Option<SegmentDefinition>,
}

pub(super) async fn read(call: &Call<'_>, target: Target<'_>, key: &SegmentKey) -> Result<Found, Failure> {
    let wish = None;
    Ok(Whole {
        call,
        target,
        key,
        wish,
    }
    .look()
    .await?
    .0)
}

pub(super) async fn write(
    call: &Call<'_>,
    target: Target<'_>,
    key: &SegmentKey,
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let wish = match write.wish {
        Some(SubjectState::Segment(wish)) => Some(as_kept(wish)),
        _ => None,
    };
    let kept = wish.clone().map(SubjectState::Segment);
    let write = Write {
        wish: kept.as_ref(),
        ..*write
    };
    carry(
        &Whole {
            call,
            target,
            key,
            wish,
        },
        call,
        &write,
    )
    .await
}

/// A segment as the service keeps it: text loses the blanks around it, and
/// numbers become text.
fn as_kept(wish: &SegmentDefinition) -> SegmentDefinition {
    let trimmed = |text: &String| text.trim().to_owned();
    SegmentDefinition {
        name: trimmed(&wish.name),
        description: wish
            .description
            .as_ref()
            .map(trimmed)
            .filter(|text| !text.is_empty()),
        rules: wish.rules.iter().map(kept_rule).collect(),
        version: None,
    }
}

/// Whether a comparison is with nothing. The service keeps the text `None`
/// where it is sent no value, and whatever text it is sent.
fn needs_no_value(operator: &str) -> bool {
    matches!(operator, "IS_SET" | "IS_NOT_SET")
}

fn kept_rule(rule: &SegmentRule) -> SegmentRule {
    let conditions = rule.conditions.iter().map(|condition| SegmentCondition {
        operator: condition.operator.clone(),
        property: condition.property.clone().filter(|property| !property.is_empty()),
        value: match &condition.value {
            _ if needs_no_value(&condition.operator) => Value::Null,
            Value::Null => json!(""),
            Value::String(text) => json!(text.trim()),
            other => json!(other.to_string()),
        },
    });
    SegmentRule {
        kind: rule.kind,
        conditions: conditions.collect(),
        rules: rule.rules.iter().map(kept_rule).collect(),
    }
}

#[async_trait]
impl Carried for Whole<'_> {
    type Here = Option<WholeSegmentRow>;

    async fn look(&self) -> Result<(Found, Self::Here), Failure> {
        let row = self.row().await?;
        let state = row.as_ref().map(|row| SubjectState::Segment(definition(row)));
        Ok((Found { state, flag: None }, row))
    }

    fn as_held(&self, told: Option<&SubjectState>, _held: Option<&SubjectState>) -> Option<SubjectState> {
        match told {
            Some(SubjectState::Segment(segment)) => Some(SubjectState::Segment(as_kept(segment))),
            other => other.cloned(),
        }
    }

    async fn send(&self, here: &Self::Here, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        let Some(row) = here else {
            let Some(wish) = &self.wish else { return Ok(()) };
            let body = json!({
                "name": wish.name, "description": wish.description, "project": number(&self.target.project.id),
                "rules": rows(&wish.rules, &[]),
            });
            let url = segments(self.call, self.target, &[]);
            return sender
                .write(Method::POST, url, &body, &About::Segment)
                .await
                .map(|_| ());
        };
        let url = segments(self.call, self.target, &[&row.id.to_string()]);
        let Some(wish) = &self.wish else {
            let deleted = sender
                .write(Method::DELETE, url, &Value::Null, &About::Segment)
                .await;
            return deleted.map(|_| ());
        };
        let mut body = json!({
            "name": wish.name, "description": wish.description, "metadata": row.metadata,
        });
        let held = SubjectState::Segment(definition(row));
        let wished = SubjectState::Segment(wish.clone());
        // Without rules in it, a change leaves them as they are.
        let method = if changed_fields(Some(&held), Some(&wished)).contains(&FieldPath::Rules) {
            body["id"] = json!(row.id);
            body["project"] = number(&self.target.project.id);
            body["feature"] = json!(row.feature);
            body["rules"] = json!(rows(&wish.rules, &row.rules));
            Method::PUT
        } else {
            Method::PATCH
        };
        sender
            .write(method, url, &body, &About::Segment)
            .await
            .map(|_| ())
    }
}

impl Whole<'_> {
    async fn row(&self) -> Result<Option<WholeSegmentRow>, Failure> {
        if let Some(name) = self.key.name_to_be() {
            return Ok(named(self.call, self.target, name).await?.into_iter().next());
        }
        let url = segments(self.call, self.target, &[&self.key.0]);
        match self.call.get(url, "segment").await {
            Ok(row) => Ok(Some(row)),
            Err(failure) if failure.kind == FailureKind::NotFound && is_told(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

/// Whether the service itself says that nothing is there, not something in
/// front of it.
pub(super) fn is_told(failure: &Failure) -> bool {
    failure.diagnosis == Some(crate::Diagnosis::Gone)
}

/// The segments of a name, the oldest first.
pub(super) async fn named(
    call: &Call<'_>,
    target: Target<'_>,
    name: &str,
) -> Result<Vec<WholeSegmentRow>, Failure> {
    let mut url = segments(call, target, &[]);
    url.query_pairs_mut()
        .append_pair("q", name)
        .append_pair("include_feature_specific", "true");
    let rows: Vec<WholeSegmentRow> = paging::all(call, url, "list of segments", &|_, _| ()).await?;
    let mut rows: Vec<WholeSegmentRow> = rows.into_iter().filter(|row| row.name == name).collect();
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// An address below the project's segments.
pub(super) fn segments(call: &Call<'_>, target: Target<'_>, rest: &[&str]) -> Url {
    let mut path = vec!["projects", target.project.id.as_str(), "segments"];
    path.extend(rest);
    path.push("");
    call.at(&path)
}

fn definition(row: &WholeSegmentRow) -> SegmentDefinition {
    SegmentDefinition {
        name: row.name.clone(),
        description: row.description.clone().filter(|text| !text.is_empty()),
        rules: row.rules.iter().map(rule).collect(),
        version: None,
    }
}

fn rule(row: &RuleRow) -> SegmentRule {
    let conditions = row.conditions.iter().map(|row| SegmentCondition {
        operator: row.operator.clone(),
        property: row.property.clone().filter(|property| !property.is_empty()),
        value: if needs_no_value(&row.operator) {
            Value::Null
        } else {
            Value::String(row.value.clone().unwrap_or_default())
        },
    });
    SegmentRule {
        kind: match row.kind.as_str() {
            "ANY" => RuleKind::Any,
            "NONE" => RuleKind::None,
            _ => RuleKind::All,
        },
        conditions: conditions.collect(),
        rules: row.rules.iter().map(rule).collect(),
    }
}

/// Rules as the service takes them, with the numbers and descriptions of those
/// that were there: an equal one first, else the one at the same place.
fn rows(wished: &[SegmentRule], held: &[RuleRow]) -> Vec<RuleRow> {
    let equal = |wish: &SegmentRule, row: &RuleRow| rule(row) == *wish;
    paired(wished, held, equal)
        .map(|(wish, row)| {
            let (conditions, rules) = row.map_or((&[][..], &[][..]), |row| {
                (row.conditions.as_slice(), row.rules.as_slice())
            });
            RuleRow {
                id: row.and_then(|row| row.id),
                kind: match wish.kind {
                    RuleKind::All => "ALL",
                    RuleKind::Any => "ANY",
                    RuleKind::None => "NONE",
                }
                .to_owned(),
                conditions: condition_rows(&wish.conditions, conditions),
                rules: rows(&wish.rules, rules),
            }
        })
        .collect()
}

fn condition_rows(wished: &[SegmentCondition], held: &[ConditionRow]) -> Vec<ConditionRow> {
    let equal = |wish: &SegmentCondition, row: &ConditionRow| {
        row.operator == wish.operator
            && row.property == wish.property
            && (needs_no_value(&row.operator)
                || row.value.as_deref().unwrap_or_default() == wish.value.as_str().unwrap_or_default())
    };
    paired(wished, held, equal)
        .map(|(wish, row)| ConditionRow {
            id: row.and_then(|row| row.id),
            operator: wish.operator.clone(),
            property: wish.property.clone(),
            value: Some(wish.value.as_str().unwrap_or_default().to_owned()),
            description: row.and_then(|row| row.description.clone()),
        })
        .collect()
}

/// Each wished part with the row it takes over: an equal one, else the one at
/// the same place that nothing else takes over.
fn paired<'a, W, R>(
    wished: &'a [W],
    held: &'a [R],
    equal: impl Fn(&W, &R) -> bool,
) -> impl Iterator<Item = (&'a W, Option<&'a R>)> {
    let mut taken = vec![false; held.len()];
    let mut places: Vec<Option<usize>> = Vec::with_capacity(wished.len());
    for wish in wished {
        let place = (0..held.len()).find(|place| !taken[*place] && equal(wish, &held[*place]));
        if let Some(place) = place {
            taken[place] = true;
        }
        places.push(place);
    }
    for (place, found) in places.iter_mut().enumerate() {
        if found.is_none() && place < held.len() && !taken[place] {
            taken[place] = true;
            *found = Some(place);
        }
    }
    wished
        .iter()
        .zip(places)
        .map(|(wish, place)| (wish, place.and_then(|place| held.get(place))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(id: u64, value: &str) -> ConditionRow {
        ConditionRow {
            id: Some(id),
            operator: "EQUAL".into(),
            property: Some("plan".into()),
            value: Some(value.into()),
            description: Some(format!("about {value}")),
        }
    }

    #[test]
    fn conditions_keep_their_numbers_where_they_stay_what_they_are() {
        let held = [condition(1, "a"), condition(2, "b")];
        let wish = |value: &str| SegmentCondition {
            operator: "EQUAL".into(),
            property: Some("plan".into()),
            value: json!(value),
        };
        let ids = |wished: &[&str]| -> Vec<Option<u64>> {
            let wished: Vec<SegmentCondition> = wished.iter().map(|value| wish(value)).collect();
            condition_rows(&wished, &held).iter().map(|row| row.id).collect()
        };
        assert_eq!(ids(&["b"]), [Some(2)]);
        assert_eq!(ids(&["b", "a"]), [Some(2), Some(1)]);
        assert_eq!(ids(&["other", "b"]), [Some(1), Some(2)]);
        assert_eq!(ids(&["a", "b", "c"]), [Some(1), Some(2), None]);
        assert_eq!(ids(&["new", "a", "b"]), [None, Some(1), Some(2)]);
    }

    #[test]
    fn a_condition_without_a_value_sends_an_empty_one() {
        let wish = SegmentCondition {
            operator: "IS_SET".into(),
            property: Some("plan".into()),
            value: Value::Null,
        };
        let sent = json!(condition_rows(&[wish], &[]));
        assert_eq!(
            sent,
            json!([{"operator": "IS_SET", "property": "plan", "value": ""}])
        );
    }
}
