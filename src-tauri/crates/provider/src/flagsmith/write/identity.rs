//! What one identity gets of a flag, whatever its segments.
//!
//! Written directly, also where the environment keeps versions or asks for
//! change requests: neither holds for identities.

use async_trait::async_trait;
use halyard_model::{FieldPath, Flag, FlagKind, IdentityState, SubjectState};
use reqwest::Method;
use serde_json::json;

use super::carry::{Carried, Sender, carry};
use super::person::Person;
use super::said::About;
use super::state::{check_value, number, trim, weight_rows};
use crate::flagsmith::fresh::feature;
use crate::flagsmith::paging;
use crate::flagsmith::wire::{EdgeOverrideRow, OptionRow, StateRow, WeightRow, variants};
use crate::http::WriteFailure;
use crate::{Failure, Found, Write, WriteOutcome};

struct Override<'a> {
    person: Person<'a>,
    known: &'a Flag,
    wish: Option<IdentityState>,
}

/// What was found of an override.
struct Here {
    /// The service's own name for the identity.
    identity: Option<String>,
    /// The row of the override, with its weights.
    row: Option<(String, Vec<WeightRow>)>,
}

pub(super) async fn read(person: Person<'_>, known: &Flag) -> Result<Found, Failure> {
    let place = Override {
        person,
        known,
        wish: None,
    };
    Ok(place.look().await?.0)
}

pub(super) async fn write(
    person: Person<'_>,
    known: &Flag,
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    let own = |state: Option<&SubjectState>| match state {
        Some(SubjectState::IdentityOverride(own)) => Some(own.clone()),
        _ => None,
    };
    let base = own(write.base);
    let mut wish = own(write.wish);
    if let Some(wish) = wish
        .as_mut()
        .filter(|wish| base.as_ref().is_none_or(|base| base.value != wish.value))
    {
        check_value(&wish.value, Some(&FieldPath::Value))?;
        trim(&mut wish.value);
    }
    let kept = wish.clone().map(SubjectState::IdentityOverride);
    let write = Write {
        wish: kept.as_ref(),
        ..*write
    };
    carry(&Override { person, known, wish }, person.call, &write).await
}

#[async_trait]
impl Carried for Override<'_> {
    type Here = Here;

    async fn look(&self) -> Result<(Found, Here), Failure> {
        let identity = self.person.find().await?;
        let absent = |identity| {
            let here = Here { identity, row: None };
            (
                Found {
                    state: None,
                    flag: None,
                },
                here,
            )
        };
        let Some(id) = identity.clone() else {
            return Ok(absent(None));
        };
        // The override comes last: everything after it would widen the gap in
        // which somebody else's change is replaced unseen.
        let mut options = Vec::new();
        if self.has_options() {
            options = self.options().await?;
        }
        let Some((row, enabled, value, weights)) = self.row(&id).await? else {
            return Ok(absent(identity));
        };
        if options.is_empty() && !weights.is_empty() {
            options = self.options().await?;
        }
        let state = IdentityState {
            enabled,
            value,
            variants: variants(&weights, &options),
        };
        let found = Found {
            state: Some(SubjectState::IdentityOverride(state)),
            flag: None,
        };
        let here = Here {
            identity,
            row: Some((row, weights)),
        };
        Ok((found, here))
    }

    async fn prepare(&self, here: &Here, sender: &Sender<'_>) -> Result<bool, WriteFailure> {
        if here.identity.is_some() || self.wish.is_none() {
            return Ok(false);
        }
        self.person.make(sender).await?;
        Ok(true)
    }

    async fn send(&self, here: &Here, sender: &Sender<'_>) -> Result<(), WriteFailure> {
        let person = &self.person;
        let states = self.states();
        let Some(wish) = &self.wish else {
            let (Some(identity), Some((row, _))) = (&here.identity, &here.row) else {
                return Ok(());
            };
            return person
                .delete(person.at(identity, &[states, row]), sender, &About::Identity)
                .await;
        };
        let identity = person.known(here.identity.as_ref())?;
        let held = here
            .row
            .as_ref()
            .map(|(_, weights)| weights.as_slice())
            .unwrap_or_default();
        let mut body = json!({
            "feature": number(&self.known.remote_id),
            "enabled": wish.enabled,
            "feature_state_value": wish.value.0,
        });
        if !wish.variants.is_empty() || !held.is_empty() {
            body["multivariate_feature_state_values"] = weight_rows(&wish.variants, held);
        }
        let (method, url) = match &here.row {
            Some((row, _)) => (Method::PUT, person.at(identity, &[states, row])),
            None => (Method::POST, person.at(identity, &[states])),
        };
        sender
            .write(method, url, &body, &About::Identity)
            .await
            .map(|_| ())
    }
}

type Row = (String, bool, halyard_model::FlagValue, Vec<WeightRow>);

impl Override<'_> {
    fn states(&self) -> &'static str {
        if self.person.is_hosted() {
            "edge-featurestates"
        } else {
            "featurestates"
        }
    }

    /// Whether the flag is known to have options.
    fn has_options(&self) -> bool {
        self.known.kind == FlagKind::Multivariate
            || !self.known.state.variants.is_empty()
            || self.wish.as_ref().is_some_and(|wish| !wish.variants.is_empty())
    }

    async fn options(&self) -> Result<Vec<OptionRow>, Failure> {
        let feature = feature(self.person.call, self.person.target, self.known).await?;
        Ok(feature.multivariate_options)
    }

    /// The row of the override.
    async fn row(&self, identity: &str) -> Result<Option<Row>, Failure> {
        let mut url = self.person.at(identity, &[self.states()]);
        url.query_pairs_mut()
            .append_pair("feature", &self.known.remote_id);
        if self.person.is_hosted() {
            let rows: Vec<EdgeOverrideRow> = self.person.call.get(url, "overrides of the identity").await?;
            let row = rows.into_iter().find(|row| row.is_of(&self.known.remote_id));
            return Ok(row.map(|row| {
                let weights = &row.multivariate_feature_state_values;
                let weights = weights.iter().filter_map(|weight| weight.plain()).collect();
                (
                    row.featurestate_uuid,
                    row.enabled,
                    row.feature_state_value,
                    weights,
                )
            }));
        }
        let rows: Vec<StateRow> =
            paging::all(self.person.call, url, "overrides of the identity", &|_, _| ()).await?;
        let row = rows
            .into_iter()
            .find(|row| row.feature.to_string() == self.known.remote_id);
        Ok(row.map(|row| {
            let weights = row.multivariate_feature_state_values;
            (row.id.to_string(), row.enabled, row.feature_state_value, weights)
        }))
    }
}
