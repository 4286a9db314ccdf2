//! What a flag is in every environment: description, labels, marks, options.
//!
//! State and value that new environments begin with are fixed once the flag is
//! made. Options are shared by all environments: one that is added gets its
//! share in each of them, one that is removed is gone from all at once. They
//! are changed in an order in which the shares never add up to more than 100:
//! first what lessens, then what adds.

use std::collections::BTreeSet;

use async_trait::async_trait;
use halyard_model::{FieldPath, FlagDefinition, FlagKey, FlagValue, SubjectState, Variant};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::carry::{Carried, Sender, carry};
use super::said::About;
use super::state::{check_value, number, trim};
use super::{feature_named, segment::is_told};
use crate::flagsmith::paging;
use crate::flagsmith::wire::{FeatureRow, OptionRow, TagRow, nested};
use crate::http::{Call, WriteFailure};
use crate::{Failure, FailureKind, Found, Target, Write, WriteOutcome};

/// The colour of a label that is made along with a flag.
const TAG_COLOR: &str = "#3d4db6";

struct Definition<'a> {
    call: &'a Call<'a>,
    target: Target<'a>,
    key: &'a FlagKey,
    /// The service's number of the flag, where it was seen.
    known: Option<&'a str>,
    wish: Option<FlagDefinition>,
}

/// What was found of a flag.
struct Here {
    row: Option<FeatureRow>,
    tags: Vec<TagRow>,
}

pub(super) async fn read(
    call: &Call<'_>,
    target: Target<'_>,
    key: &FlagKey,
    known: Option<&str>,
) -> Result<Found, Failure> {
    let place = Definition {
        call,
        target,
        key,
        known,
        wish: None,
    };
    Ok(place.look().await?.0)
}

pub(super) async fn write(
    call: &Call<'_>,
    target: Target<'_>,
    (key, known): (&FlagKey, Option<&str>),
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let base = definition_of(write.base);
    let wish = definition_of(write.wish)
        .map(|wish| as_kept(wish, base))
        .transpose()?;
    let kept = wish.clone().map(SubjectState::Flag);
    let write = Write {
        wish: kept.as_ref(),
        ..*write
    };
    let place = Definition {
        call,
        target,
        key,
        known,
        wish,
    };
    carry(&place, call, &write).await
}

fn definition_of(state: Option<&SubjectState>) -> Option<&FlagDefinition> {
    match state {
        Some(SubjectState::Flag(definition)) => Some(definition),
        _ => None,
    }
}

/// A definition as the service keeps it.
fn as_kept(wish: &FlagDefinition, base: Option<&FlagDefinition>) -> Result<FlagDefinition, Failure> {
    let mut wish = wish.clone();
    let trimmed = |text: String| text.trim().to_owned();
    wish.description = wish.description.map(trimmed).filter(|text| !text.is_empty());
    wish.tags = wish.tags.into_iter().map(trimmed).collect();
    match base {
        None => {
            check_value(&wish.value, Some(&FieldPath::Value))?;
            trim(&mut wish.value);
            wish.value = first_value(initial_text(&wish.value).as_deref());
        }
        // Neither can be changed once the flag is made.
        Some(base) => {
            wish.enabled = base.enabled;
            wish.value = base.value.clone();
        }
    }
    let held = base.map(|base| base.options.as_slice()).unwrap_or_default();
    for option in &mut wish.options {
        if held
            .iter()
            .any(|old| old.id == option.id && old.value == option.value)
        {
            continue;
        }
        check_value(&option.value, Some(&FieldPath::Options))?;
        trim(&mut option.value);
    }
    Ok(wish)
}

/// A first value as the service takes it: always text.
fn initial_text(value: &FlagValue) -> Option<String> {
    match &value.0 {
        Value::Null => None,
        Value::Bool(true) => Some("True".into()),
        Value::Bool(false) => Some("False".into()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// What the service makes of the text of a first value: text that looks like a
/// whole number of 32 bits or like a boolean becomes one.
fn first_value(text: Option<&str>) -> FlagValue {
    let Some(text) = text else {
        return FlagValue::default();
    };
    let number = text
        .trim()
        .parse::<i64>()
        .ok()
        .filter(|number| number.abs() < i64::from(i32::MAX));
    FlagValue(match (number, text) {
        (Some(number), _) => json!(number),
        (None, "true" | "True") => json!(true),
        (None, "false" | "False") => json!(false),
        (None, text) => json!(text),
    })
}

#[async_trait]
impl Carried for Definition<'_> {
    type Here = Here;

    async fn look(&self) -> Result<(Found, Here), Failure> {
        // The flag comes last: everything after it would widen the gap in which
        // somebody else's change is replaced unseen.
        let tags = self.tags().await?;
        let Some(row) = self.row().await? else {
            return Ok((
                Found {
                    state: None,
                    flag: None,
                },
                Here { row: None, tags },
            ));
        };
        let labels = row
            .tags
            .iter()
            .filter_map(|id| tags.iter().find(|tag| tag.id == *id))
            .map(|tag| tag.label.clone());
        let definition = FlagDefinition {
            description: row.description.clone().filter(|text| !text.is_empty()),
            tags: labels.collect(),
            archived: row.is_archived,
            server_only: row.is_server_key_only,
            options: options(&row.multivariate_options),
            enabled: row.default_enabled,
            value: first_value(row.initial_value.as_deref()),
            ..FlagDefinition::default()
        };
        let found = Found {
            state: Some(SubjectState::Flag(definition)),
            flag: None,
        };
        Ok((found, Here { row: Some(row), tags }))
    }

    /// Options that the service has numbered get their numbers, and what is
    /// fixed is taken from what is held.
    fn as_held(&self, told: Option<&SubjectState>, held: Option<&SubjectState>) -> Option<SubjectState> {
        let (Some(told), Some(held)) = (definition_of(told), definition_of(held)) else {
            return told.cloned();
        };
        let mut told = told.clone();
        if self.known.is_some() {
            told.enabled = held.enabled;
            told.value = held.value.clone();
        }
        number_options(&mut told.options, &held.options);
        Some(SubjectState::Flag(told))
    }

    async fn prepare(&self, here: &Here, sender: &Sender<'_>) -> Result<bool, WriteFailure> {
        let wished = self.wish.iter().flat_map(|wish| &wish.tags);
        let known = |label: &str| here.tags.iter().any(|tag| tag.label == label);
        let mut made = false;
        for label in wished.filter(|label| !known(label)) {
            let url = self.call.at(&["projects", &self.target.project.id, "tags", ""]);
            let body = json!({
                "label": label, "color": TAG_COLOR, "description": "",
                "project": number(&self.target.project.id),
            });
            sender.make(url, &body, &About::Tag(label.clone())).await?;
            made = true;
        }
        Ok(made)
    }

    async fn send(&self, here: &Here, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        match (&here.row, &self.wish) {
            (None, Some(wish)) => self.make(&here.tags, wish, sender).await,
            (Some(row), Some(wish)) => self.change(row, &here.tags, wish, sender).await,
            (Some(row), None) => {
                let url = self.features(&[&row.id.to_string()]);
                let deleted = sender
                    .write(Method::DELETE, url, &Value::Null, &About::Definition)
                    .await;
                deleted.map(|_| ())
            }
            (None, None) => Ok(()),
        }
    }
}

/// The numbers of labels, all of which are there.
fn tag_ids(labels: &BTreeSet<String>, tags: &[TagRow]) -> Vec<u64> {
    let id = |label: &String| tags.iter().find(|tag| tag.label == *label).map(|tag| tag.id);
    labels.iter().filter_map(id).collect()
}

/// Gives options of a wish the numbers of equal ones that are held.
fn number_options(wished: &mut [Variant], held: &[Variant]) {
    let mut taken: BTreeSet<String> = wished.iter().map(|option| option.id.clone()).collect();
    for option in wished.iter_mut() {
        if held.iter().any(|other| other.id == option.id) {
            continue;
        }
        let twin = held.iter().find(|other| {
            other.value == option.value && other.key == option.key && !taken.contains(&other.id)
        });
        if let Some(twin) = twin {
            taken.insert(twin.id.clone());
            option.id.clone_from(&twin.id);
        }
    }
    // Their order is the one in which they were made, and nobody's to choose.
    let place = |option: &Variant| held.iter().position(|other| other.id == option.id);
    wished.sort_by_key(|option| place(option).unwrap_or(held.len()));
}

fn options(rows: &[OptionRow]) -> Vec<Variant> {
    let mut options: Vec<(u64, Variant)> = rows
        .iter()
        .map(|row| {
            let option = Variant {
                id: row.id.to_string(),
                key: row.key.clone().filter(|key| !key.is_empty()),
                value: row.value.value(),
                weight: row.default_percentage_allocation,
            };
            (row.id, option)
        })
        .collect();
    options.sort_by_key(|(id, _)| *id);
    options.into_iter().map(|(_, option)| option).collect()
}

impl Definition<'_> {
    fn features(&self, rest: &[&str]) -> Url {
        let mut path = vec!["projects", self.target.project.id.as_str(), "features"];
        path.extend(rest);
        path.push("");
        self.call.at(&path)
    }

    async fn row(&self) -> Result<Option<FeatureRow>, Failure> {
        let Some(known) = self.known else {
            return feature_named(self.call, self.target, self.key).await;
        };
        match self.call.get(self.features(&[known]), "feature").await {
            Ok(row) => Ok(Some(row)),
            Err(failure) if failure.kind == FailureKind::NotFound && is_told(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn tags(&self) -> Result<Vec<TagRow>, Failure> {
        let url = self.call.at(&["projects", &self.target.project.id, "tags", ""]);
        paging::all(self.call, url, "list of tags", &|_, _| ()).await
    }

    async fn make(
        &self,
        tags: &[TagRow],
        wish: &FlagDefinition,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let kind = if wish.options.is_empty() {
            "STANDARD"
        } else {
            "MULTIVARIATE"
        };
        let rows: Vec<Value> = wish
            .options
            .iter()
            .map(|option| option_body(option, None))
            .collect();
        let body = json!({
            "name": self.key.0, "type": kind, "initial_value": initial_text(&wish.value),
            "default_enabled": wish.enabled, "description": wish.description, "tags": tag_ids(&wish.tags, tags),
            "is_archived": wish.archived, "is_server_key_only": wish.server_only,
            "multivariate_options": rows,
        });
        let reply = sender
            .write(Method::POST, self.features(&[]), &body, &About::Definition)
            .await?;
        if wish.options.iter().all(|option| option.key.is_none()) {
            return Ok(());
        }
        // Only the options' own route takes keys.
        let made: Result<FeatureRow, Failure> = self.call.parsed(&reply, "new feature");
        let made = made.map_err(WriteFailure::Unsettled)?;
        let mut rows: Vec<&OptionRow> = made.multivariate_options.iter().collect();
        rows.sort_by_key(|row| row.id);
        for (option, row) in wish.options.iter().zip(rows) {
            if option.key.is_some() {
                self.put_option(made.id, row.id, option, sender).await?;
            }
        }
        Ok(())
    }

    async fn change(
        &self,
        row: &FeatureRow,
        tags: &[TagRow],
        wish: &FlagDefinition,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let held: BTreeSet<&str> = row
            .tags
            .iter()
            .filter_map(|id| tags.iter().find(|tag| tag.id == *id))
            .map(|tag| tag.label.as_str())
            .collect();
        let mut body = json!({});
        if row.description.as_deref().unwrap_or_default() != wish.description.as_deref().unwrap_or_default() {
            body["description"] = json!(wish.description.as_deref().unwrap_or_default());
        }
        if held != wish.tags.iter().map(String::as_str).collect() {
            body["tags"] = json!(tag_ids(&wish.tags, tags));
        }
        if row.is_archived != wish.archived {
            body["is_archived"] = json!(wish.archived);
        }
        if row.is_server_key_only != wish.server_only {
            body["is_server_key_only"] = json!(wish.server_only);
        }
        if body.as_object().is_some_and(|members| !members.is_empty()) {
            if !row.metadata.is_empty() {
                body["metadata"] = json!(row.metadata);
            }
            let url = self.features(&[&row.id.to_string()]);
            sender
                .write(Method::PATCH, url, &body, &About::Definition)
                .await?;
        }
        self.change_options(row, wish, sender).await
    }

    async fn change_options(
        &self,
        row: &FeatureRow,
        wish: &FlagDefinition,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let held = options(&row.multivariate_options);
        let mut wished = wish.options.clone();
        number_options(&mut wished, &held);
        let feature = row.id.to_string();
        let was = |option: &Variant| held.iter().find(|old| old.id == option.id).cloned();
        let id = |option: &Variant| option.id.parse::<u64>().unwrap_or_default();
        let mut raised = Vec::new();
        for option in &held {
            match wished.iter().find(|kept| kept.id == option.id) {
                None => {
                    let url = self.features(&[&feature, "mv-options", &option.id]);
                    sender
                        .write(Method::DELETE, url, &Value::Null, &About::Options)
                        .await?;
                }
                Some(kept) if kept.weight > option.weight => raised.push(kept.clone()),
                Some(kept) if kept != option => {
                    self.put_option(row.id, id(kept), kept, sender).await?;
                }
                Some(_) => {}
            }
        }
        for option in &raised {
            self.put_option(row.id, id(option), option, sender).await?;
        }
        for option in wished.iter().filter(|option| was(option).is_none()) {
            let url = self.features(&[&feature, "mv-options"]);
            let body = option_body(option, Some(row.id));
            sender.write(Method::POST, url, &body, &About::Options).await?;
        }
        Ok(())
    }

    /// Replaces an option. The body has to name the feature and the share.
    async fn put_option(
        &self,
        feature: u64,
        id: u64,
        option: &Variant,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let url = self.features(&[&feature.to_string(), "mv-options", &id.to_string()]);
        let body = option_body(option, Some(feature));
        sender
            .write(Method::PUT, url, &body, &About::Options)
            .await
            .map(|_| ())
    }
}

fn option_body(option: &Variant, feature: Option<u64>) -> Value {
    let mut body = nested(&option.value);
    body["default_percentage_allocation"] = json!(option.weight);
    if let Some(feature) = feature {
        body["feature"] = json!(feature);
        body["key"] = json!(option.key);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_values_are_what_the_service_makes_of_their_text() {
        for (wished, kept) in [
            (json!(null), json!(null)),
            (json!("25"), json!(25)),
            (json!(25), json!(25)),
            (json!("true"), json!(true)),
            (json!(false), json!(false)),
            (json!("3000000000"), json!("3000000000")),
            (json!("text"), json!("text")),
            (json!(""), json!("")),
        ] {
            let text = initial_text(&FlagValue(wished.clone()));
            assert_eq!(first_value(text.as_deref()).0, kept, "{wished}");
        }
    }

    #[test]
    fn an_option_that_was_made_gets_its_number() {
        let option = |id: &str, value: &str| Variant {
            id: id.into(),
            key: None,
            value: FlagValue(json!(value)),
            weight: 10.0,
        };
        let held = [option("1", "a"), option("2", "b"), option("3", "b")];
        let mut wished = [
            option("1", "a"),
            option("", "b"),
            option("new", "b"),
            option("x", "c"),
        ];
        number_options(&mut wished, &held);
        let ids: Vec<&str> = wished.iter().map(|option| option.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3", "x"]);
    }
}
