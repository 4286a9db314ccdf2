//! Asking a service that evaluates by itself, and weighing what it says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, TryStreamExt, stream};
use halyard_engine::edgeflags::{Agreement, Expectation, Question, compare, expect};
use halyard_model::{EnvironmentKey, FlagKey, IdentityRef, RemoteFlag, Surface, Timestamp};
use serde_json::{Map, Value, json};

use crate::{Console, ConsoleError, PreviewInput, engines::computed, state::Site};

/// Up to this many flags the service is asked for each one's reason; above it,
/// only for all values at once.
const REASONS_UP_TO: usize = 100;

/// How many flags the service is asked for at once.
const AT_ONCE: usize = 6;

/// An evaluation by the service.
#[derive(Debug)]
pub struct RemotePreview {
    /// One row per flag, sorted by name.
    pub rows: Vec<RemoteRow>,
}

/// The service's answer for one flag.
#[derive(Debug)]
pub struct RemoteRow {
    /// What it said.
    pub answer: RemoteFlag,
    /// What the mirror's definition of the flag leads one to expect; `None`
    /// where the mirror does not hold it.
    pub weighed: Option<Weighed>,
}

/// What the documented order of evaluation would give, beside an answer.
#[derive(Debug)]
pub struct Weighed {
    /// What was expected, why, and what the documentation leaves open.
    pub expectation: Expectation,
    /// How the answer relates to it.
    pub agreement: Agreement,
}

/// What a service that evaluates by itself is expected to answer.
#[derive(Debug)]
pub struct ExpectedPreview {
    /// One row per flag, sorted by name.
    pub rows: Vec<ExpectedRow>,
}

/// What is expected of one flag.
#[derive(Debug)]
pub struct ExpectedRow {
    /// The flag.
    pub flag: FlagKey,
    /// What its definition leads one to expect, why, and what the
    /// documentation leaves open.
    pub expectation: Expectation,
}

impl Console {
    /// Windows of time are open or shut as they were when the moment was first
    /// seen.
    pub(super) async fn preview_unasked(&self, input: PreviewInput) -> Result<ExpectedPreview, ConsoleError> {
        let site = (input.connection, input.environment);
        let (document, at) = match input.at {
            Some(moment) => {
                let opened = self.opened_moment(&site, moment).await?;
                (opened.snapshot.document, opened.moment.first_seen)
            }
            None => {
                let mirror = &self.inner.mirror;
                let facts = mirror.snapshot_facts(&site.0, &site.1).await?;
                let document = mirror.document(&site.0, &site.1).await?;
                let gone = || ConsoleError::Gone {
                    what: "the environment document",
                };
                (document.ok_or_else(gone)?, facts.ok_or_else(gone)?.fetched_at)
            }
        };
        computed(move || {
            let known = Definitions::of(Some(&document));
            let context = context(&site.1, &input.identity);
            let row = |key: &String| {
                let flag = FlagKey(key.clone());
                let expectation = known.expectation(&flag, &context, at)?;
                Some(ExpectedRow { flag, expectation })
            };
            let mut rows: Vec<ExpectedRow> = known.flags.keys().filter_map(row).collect();
            rows.sort_by(|one, other| one.flag.cmp(&other.flag));
            Ok(ExpectedPreview { rows })
        })
        .await
    }

    pub(super) async fn preview_remotely(&self, input: PreviewInput) -> Result<RemotePreview, ConsoleError> {
        let site = (input.connection, input.environment);
        let document = self.inner.mirror.document(&site.0, &site.1).await?;
        let at = self.inner.clock.now();
        let mut answers = self.answers(&site, &input.identity).await?;
        answers.sort_by(|one, other| one.key.cmp(&other.key));
        computed(move || {
            let known = Definitions::of(document.as_deref());
            let context = context(&site.1, &input.identity);
            let rows = answers.into_iter().map(|answer| RemoteRow {
                weighed: known.weigh(&answer, &context, at),
                answer,
            });
            Ok(RemotePreview { rows: rows.collect() })
        })
        .await
    }

    async fn answers(&self, site: &Site, who: &IdentityRef) -> Result<Vec<RemoteFlag>, ConsoleError> {
        let reach = self.reach(site).await?;
        let flags = self.inner.mirror.flags(&site.0, &site.1).await?;
        if flags.len() > REASONS_UP_TO {
            let answer = reach
                .provider
                .evaluate(reach.target(), who, &Surface::FlagsApi)
                .await?;
            return Ok(self.heard(&site.0, answer));
        }
        // Collected first: a closure that borrows across the await would make
        // this future's type depend on a lifetime.
        let asked: Vec<_> = flags
            .iter()
            .map(|flag| reach.provider.evaluate_flag(reach.target(), who, &flag.key))
            .collect();
        let answers = stream::iter(asked)
            .buffer_unordered(AT_ONCE)
            .map_ok(|answer| self.heard(&site.0, answer))
            .try_collect();
        Ok(answers.await?)
    }
}

/// What the mirror holds of the service's definitions.
struct Definitions {
    flags: Map<String, Value>,
    segments: Value,
}

impl Definitions {
    /// Of the mirror's document; nothing where there is none that can be read.
    fn of(document: Option<&str>) -> Definitions {
        let document: Value = document
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        Definitions {
            flags: by_key(&document["flags"]),
            segments: Value::Object(by_key(&document["segments"])),
        }
    }

    fn expectation(&self, flag: &FlagKey, context: &Value, at: Timestamp) -> Option<Expectation> {
        Some(expect(Question {
            flag: self.flags.get(&flag.0)?,
            segments: &self.segments,
            context,
            at: moment(at),
        }))
    }

    fn weigh(&self, answer: &RemoteFlag, context: &Value, at: Timestamp) -> Option<Weighed> {
        let expectation = self.expectation(&answer.key, context, at)?;
        let agreement = compare(&expectation, &answer.value.0, answer.reason.as_deref());
        Some(Weighed {
            expectation,
            agreement,
        })
    }
}

fn by_key(list: &Value) -> Map<String, Value> {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .filter_map(|item| Some((item["key"].as_str()?.to_owned(), item.clone())))
        .collect()
}

/// The context that the service is asked with: its documented members at the
/// top, every other trait under `custom`.
fn context(environment: &EnvironmentKey, who: &IdentityRef) -> Value {
    let mut context = Map::new();
    let mut custom = Map::new();
    if !who.identifier.is_empty() {
        context.insert("user_id".into(), json!(who.identifier));
    }
    for (name, value) in &who.traits {
        let is_member = match name.as_str() {
            "email" | "phone" | "plan" => value.is_string(),
            "segments" => value.is_array(),
            _ => false,
        };
        let members = if is_member { &mut context } else { &mut custom };
        members.insert(name.clone(), value.clone());
    }
    context.insert("environment".into(), json!(environment.0));
    context.insert("custom".into(), Value::Object(custom));
    Value::Object(context)
}

fn moment(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or_default())
}
