//! Judges each write by what it replaced, which the sandbox's history tells.

use std::{
    fmt,
    sync::{Mutex, MutexGuard},
};

use halyard_console::{ConsoleError, Outcome};
use halyard_model::{Edit, EditState, SubjectState, Variant, Version};
use halyard_sandbox::{FlagWrite, Running};
use serde_json::{Value, json};

use crate::path::Path;

/// What was seen of a path.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Writes reported successful.
    pub confirmed: usize,
    /// What was wished for was there already.
    pub already: usize,
    /// Conflicts before anything was sent.
    pub conflicts: usize,
    /// Of them, those whose other side was Maya.
    pub by_maya: usize,
    /// Writes that met another in their gap and said so.
    pub races: usize,
    /// Successful writes over a state that was not their base.
    pub unseen: usize,
    /// Of them, those over a state of Maya's.
    pub unseen_of_maya: usize,
    /// Edits given up after too many conflicts.
    pub given_up: usize,
    /// Edits and decisions that a refresh in the background had overtaken.
    pub looked_again: usize,
    /// Edits that the service refused, with its first words.
    pub refused: Vec<String>,
    /// What must not happen.
    pub wrong: Vec<String>,
}

impl Tally {
    /// Successful writes that replaced something nobody had compared, of all that were sent, in percent.
    pub fn rate(&self) -> f64 {
        100.0 * self.unseen as f64 / (self.confirmed + self.races).max(1) as f64
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} confirmed, {} already there, {} conflicts before sending ({} with Maya), {} races reported, \
             {} unseen overwrites ({} of Maya's) = {:.2} % of the writes, {} given up, {} overtaken by a refresh, {} refused",
            self.confirmed,
            self.already,
            self.conflicts,
            self.by_maya,
            self.races,
            self.unseen,
            self.unseen_of_maya,
            self.rate(),
            self.given_up,
            self.looked_again,
            self.refused.len()
        )
    }
}

pub struct Judge<'a> {
    pub sandbox: &'a Running,
    pub path: Path,
    /// Segments that may get overrides: identifier and name.
    pub segments: &'a [(String, String)],
    tally: Mutex<Tally>,
}

impl<'a> Judge<'a> {
    pub fn new(sandbox: &'a Running, path: Path, segments: &'a [(String, String)]) -> Judge<'a> {
        Judge {
            sandbox,
            path,
            segments,
            tally: Mutex::default(),
        }
    }

    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap()
    }

    pub fn gave_up(&self) {
        self.tally().given_up += 1;
    }

    fn history(&self, flag: &str) -> Vec<FlagWrite> {
        let environment = match self.path {
            Path::EdgeFlags => "",
            _ => self.path.environment(),
        };
        self.sandbox.history(self.path.surface(), environment, flag)
    }

    /// The number of the last write of a flag.
    pub fn seen(&self, flag: &str) -> u64 {
        self.history(flag).last().map_or(0, |write| write.number)
    }

    /// What somebody was told of an edit, beside what they wrote since a moment.
    pub fn hear(&self, name: &str, flag: &str, since: u64, outcome: &Result<Outcome, ConsoleError>) {
        let history = self.history(flag);
        let own: Vec<&FlagWrite> = history
            .iter()
            .filter(|write| write.number > since && write.by == name)
            .collect();
        let mut tally = self.tally();
        let silent = own.is_empty();
        let wrong = match outcome {
            Ok(Outcome::Confirmed { edit }) => {
                tally.confirmed += 1;
                self.replaced(edit, &own, &history, &mut tally)
            }
            Ok(Outcome::AlreadyThere { .. }) => {
                tally.already += 1;
                (!silent).then(|| "already there, and written".to_owned())
            }
            Ok(Outcome::Conflict { edit }) => self.conflict(edit, &own, &history, &mut tally),
            Ok(other) => Some(format!("{other:?}")),
            // A refresh in the background was first: to be looked at again, or settled by what it found.
            Err(ConsoleError::StaleView | ConsoleError::Gone { .. }) => {
                tally.looked_again += 1;
                (!silent).then(|| "a stale view, and written".to_owned())
            }
            Err(error) => {
                tally.refused.push(format!("{flag}: {error}"));
                (!silent).then(|| "refused, and written".to_owned())
            }
        };
        if let Some(wrong) = wrong {
            tally.wrong.push(format!("{name}, {flag}: {wrong}"));
        }
    }

    fn conflict(
        &self,
        edit: &Edit,
        own: &[&FlagWrite],
        history: &[FlagWrite],
        tally: &mut Tally,
    ) -> Option<String> {
        let EditState::Conflicted { already_sent, .. } = &edit.state else {
            return Some(format!("a conflict that is {:?}", edit.state));
        };
        if *already_sent {
            tally.races += 1;
            let Some(first) = own.first() else {
                return Some("a race of a write that is not there".to_owned());
            };
            // EdgeFlags refuses what is late: only what came afterwards can be told of.
            let replaced = self.path == Path::EdgeFlags && !self.is_base(edit, first, history);
            return replaced.then(|| format!("told too late that {:?} was replaced", first.before));
        }
        tally.conflicts += 1;
        if history.last().is_some_and(|write| write.by.starts_with("maya")) {
            tally.by_maya += 1;
        }
        (!own.is_empty()).then(|| "a conflict before sending, and written".to_owned())
    }

    /// Whether what a successful edit's writes replaced was its base, and then each other.
    fn replaced(
        &self,
        edit: &Edit,
        own: &[&FlagWrite],
        history: &[FlagWrite],
        tally: &mut Tally,
    ) -> Option<String> {
        let Some(first) = own.first() else {
            // What was asked for was found there, after a conflict in its change set.
            tally.confirmed -= 1;
            tally.already += 1;
            return None;
        };
        let chained = own.windows(2).all(|pair| pair[0].after == pair[1].before);
        if chained && self.is_base(edit, first, history) {
            return None;
        }
        tally.unseen += 1;
        let before = history.iter().rfind(|write| write.number < first.number);
        if before.is_some_and(|write| write.by.starts_with("maya")) {
            tally.unseen_of_maya += 1;
        }
        // The narrowed gap of a service without preconditions and versions, which is counted.
        if self.path == Path::FlagsmithV1 {
            return None;
        }
        Some(format!(
            "confirmed over {:?}, resting on {:?}",
            first.before, edit.base
        ))
    }

    fn is_base(&self, edit: &Edit, write: &FlagWrite, history: &[FlagWrite]) -> bool {
        let (Some(base), Some(before)) = (&edit.base, &write.before) else {
            return edit.base.is_none() && write.before.is_none();
        };
        match (self.path, base.version()) {
            (Path::EdgeFlags, Some(Version::Number(number))) => {
                let states = history
                    .iter()
                    .flat_map(|write| [&write.before, &write.after])
                    .flatten();
                let mut rested = states.filter(|state| state["version"] == *number);
                rested.any(|state| served(state) == served(before))
            }
            _ => content(base) == comparable(before),
        }
    }
}

/// What a definition on EdgeFlags is in the environment at hand.
fn served(definition: &Value) -> [Value; 4] {
    let own = &definition["environments"][Path::EdgeFlags.environment()];
    ["enabled", "value", "default_value", "targeting"].map(|member| match own.get(member) {
        Some(own) => own.clone(),
        None => definition[member].clone(),
    })
}

/// A state in the form of the sandbox's history, without what is no content.
fn content(state: &SubjectState) -> Value {
    let state = state.flag_state().unwrap();
    let overrides: Vec<Value> = state
        .segment_overrides
        .iter()
        .map(|own| {
            json!({
                "segment": own.segment_id.parse::<u64>().unwrap(),
                "enabled": own.enabled,
                "value": own.value.0,
                "weights": weights(&own.variants),
            })
        })
        .collect();
    json!({
        "enabled": state.enabled,
        "value": state.value.0,
        "weights": weights(&state.variants),
        "overrides": overrides,
    })
}

fn weights(variants: &[Variant]) -> Value {
    let mut shares: Vec<(u64, f64)> = variants
        .iter()
        .map(|one| (one.id.parse().unwrap(), one.weight))
        .collect();
    shares.sort_by_key(|(id, _)| *id);
    json!(shares)
}

fn comparable(state: &Value) -> Value {
    let overrides: Vec<Value> = state["overrides"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| {
            json!({
                "segment": own["segment"],
                "enabled": own["enabled"],
                "value": own["value"],
                "weights": shares(own),
            })
        })
        .collect();
    json!({
        "enabled": state["enabled"],
        "value": state["value"],
        "weights": shares(state),
        "overrides": overrides,
    })
}

fn shares(state: &Value) -> Value {
    let mut shares: Vec<(u64, f64)> = state["weights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["option"].as_u64().unwrap(),
                one["percentage"].as_f64().unwrap(),
            )
        })
        .collect();
    shares.sort_by_key(|(id, _)| *id);
    json!(shares)
}
