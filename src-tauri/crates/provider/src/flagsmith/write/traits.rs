//! The traits that the service stores for an identity.
//!
//! An identity without traits and one that the service does not know have the
//! same state: none. Each trait is a request of its own; a stop between two
//! leaves some of them changed, which only what rests on both could notice.

use std::collections::BTreeMap;

use async_trait::async_trait;
use halyard_model::{FieldPath, Said, SubjectState};
use reqwest::Method;
use serde_json::{Value, json};

use super::carry::{Carried, Sender, carry};
use super::person::Person;
use super::said::About;
use crate::flagsmith::paging;
use crate::flagsmith::wire::{EdgeTraitRow, TraitRow};
use crate::http::WriteFailure;
use crate::{Failure, FailureKind, Found, Write, WriteOutcome};

/// The longest text of a trait, in characters.
const LONGEST_TEXT: usize = 2_000;

type Traits = BTreeMap<String, Value>;

struct Stored<'a> {
    person: Person<'a>,
    wish: Traits,
}

/// What was found of an identity's traits.
struct Here {
    /// The service's own name for the identity.
    identity: Option<String>,
    /// The number of each trait's row; none in the hosted store.
    rows: BTreeMap<String, u64>,
    held: Traits,
}

pub(super) async fn read(person: Person<'_>) -> Result<Found, Failure> {
    let wish = Traits::new();
    Ok(Stored { person, wish }.look().await?.0)
}

pub(super) async fn write(person: Person<'_>, write: &Write<'_>) -> Result<WriteOutcome, Failure> {
    let base = traits_of(write.base);
    let mut wish = traits_of(write.wish);
    for (name, value) in &mut wish {
        if base.get(name) == Some(value) {
            continue;
        }
        check(name, value)?;
        if let (Value::String(text), false) = (value, person.is_hosted()) {
            *text = text.trim().to_owned();
        }
    }
    let kept = SubjectState::Traits(wish.clone());
    let write = Write {
        wish: Some(&kept),
        ..*write
    };
    carry(&Stored { person, wish }, person.call, &write).await
}

fn traits_of(state: Option<&SubjectState>) -> Traits {
    match state {
        Some(SubjectState::Traits(traits)) => traits.clone(),
        _ => Traits::new(),
    }
}

/// Refuses a trait that the service stores otherwise than it is sent.
fn check(name: &str, value: &Value) -> Result<(), Failure> {
    let (sentence, next_step) = match value {
        Value::Null | Value::Array(_) | Value::Object(_) => (
            format!("The trait {name} is neither text, number nor boolean."),
            "Give it one of these; remove it where it is to have no value.",
        ),
        Value::String(text) if text.chars().count() > LONGEST_TEXT => (
            format!("The trait {name} is longer than {LONGEST_TEXT} characters."),
            "Make it shorter.",
        ),
        Value::Number(number)
            if !number.is_f64()
                && number
                    .as_i64()
                    .is_none_or(|number| i32::try_from(number).is_err()) =>
        {
            (
                format!("The trait {name} is a whole number beyond 32 bits."),
                "Send it as text.",
            )
        }
        _ => return Ok(()),
    };
    let mut failure = Failure::new(
        FailureKind::Refused {
            detail: sentence.clone(),
        },
        sentence.clone(),
    );
    failure.next_step = Some(next_step.into());
    failure.said = vec![Said {
        field: Some(FieldPath::Trait(name.to_owned())),
        words: sentence,
    }];
    Err(failure)
}

#[async_trait]
impl Carried for Stored<'_> {
    type Here = Here;

    async fn look(&self) -> Result<(Found, Here), Failure> {
        let identity = self.person.find().await?;
        let mut here = Here {
            identity,
            rows: BTreeMap::new(),
            held: Traits::new(),
        };
        if let Some(id) = &here.identity {
            if self.person.is_hosted() {
                let url = self.person.at(id, &["list-traits"]);
                let rows: Vec<EdgeTraitRow> = self.person.call.get(url, "list of traits").await?;
                here.held
                    .extend(rows.into_iter().map(|row| (row.trait_key, row.trait_value)));
            } else {
                let url = self.person.at(id, &["traits"]);
                let rows: Vec<TraitRow> =
                    paging::all(self.person.call, url, "list of traits", &|_, _| ()).await?;
                for row in rows {
                    here.rows.insert(row.trait_key.clone(), row.id);
                    here.held.insert(row.trait_key.clone(), row.value());
                }
            }
        }
        let state = (!here.held.is_empty()).then(|| SubjectState::Traits(here.held.clone()));
        Ok((Found { state, flag: None }, here))
    }

    fn as_held(&self, told: Option<&SubjectState>, _held: Option<&SubjectState>) -> Option<SubjectState> {
        told.filter(|state| !traits_of(Some(state)).is_empty()).cloned()
    }

    async fn prepare(&self, here: &Here, sender: &Sender<'_>) -> Result<bool, WriteFailure> {
        if here.identity.is_some() {
            return Ok(false);
        }
        self.person.make(sender).await?;
        Ok(true)
    }

    async fn send(&self, here: &Here, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        let identity = self.person.known(here.identity.as_ref())?;
        for (name, value) in &self.wish {
            if here.held.get(name) != Some(value) {
                self.set(identity, name, value, here, sender).await?;
            }
        }
        for name in here.held.keys().filter(|name| !self.wish.contains_key(*name)) {
            self.unset(identity, name, here, sender).await?;
        }
        Ok(())
    }
}

impl Stored<'_> {
    async fn set(
        &self,
        identity: &str,
        name: &str,
        value: &Value,
        here: &Here,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let about = About::Trait(name.to_owned());
        if self.person.is_hosted() {
            return self.update(identity, name, value, sender).await;
        }
        let body = typed(name, value);
        let (method, url) = match here.rows.get(name) {
            Some(row) => (
                Method::PUT,
                self.person.at(identity, &["traits", &row.to_string()]),
            ),
            None => (Method::POST, self.person.at(identity, &["traits"])),
        };
        sender.write(method, url, &body, &about).await.map(|_| ())
    }

    async fn unset(
        &self,
        identity: &str,
        name: &str,
        here: &Here,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        if self.person.is_hosted() {
            return self.update(identity, name, &Value::Null, sender).await;
        }
        let Some(row) = here.rows.get(name) else {
            return Ok(());
        };
        let url = self.person.at(identity, &["traits", &row.to_string()]);
        self.person
            .delete(url, sender, &About::Trait(name.to_owned()))
            .await
    }

    /// The hosted store takes one trait at a time; `null` removes it.
    async fn update(
        &self,
        identity: &str,
        name: &str,
        value: &Value,
        sender: &Sender<'_>,
    ) -> Result<(), WriteFailure> {
        let url = self.person.at(identity, &["update-traits"]);
        let body = json!({"trait_key": name, "trait_value": value});
        let sent = sender
            .write(Method::PUT, url, &body, &About::Trait(name.to_owned()))
            .await;
        sent.map(|_| ())
    }
}

/// A trait with the name of its type: without one the service answers with
/// success and stores nothing. The members of the other types are emptied, for
/// a trait may change its type.
fn typed(name: &str, value: &Value) -> Value {
    let (kind, member) = match value {
        Value::Bool(_) => ("bool", "boolean_value"),
        Value::Number(number) if number.is_f64() => ("float", "float_value"),
        Value::Number(_) => ("int", "integer_value"),
        _ => ("unicode", "string_value"),
    };
    let mut body = json!({
        "trait_key": name, "value_type": kind,
        "string_value": null, "integer_value": null, "boolean_value": null, "float_value": null,
    });
    body[member] = value.clone();
    body
}
