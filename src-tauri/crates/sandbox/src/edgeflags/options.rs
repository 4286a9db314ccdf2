//! What EdgeFlags' public documentation leaves open, made switchable.

use serde::{Deserialize, Serialize};

/// How this EdgeFlags behaves where its documentation does not say, and how it limits callers.
///
/// A client has to be right under every combination, so tests switch them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeFlagsOptions {
    /// Whether a `PUT` changes the members it names or replaces the whole definition.
    pub put_mode: PutMode,
    /// How much of a definition a list answer carries.
    pub list_items: ListItems,
    /// What a successful write answers with.
    pub write_answers: WriteAnswers,
    /// Whether an environment override raises the version of its flag or config.
    pub override_bumps_version: bool,
    /// Evaluations that one token may ask for in a window.
    pub evaluation_limit: u32,
    /// Other requests that one token may make in a window.
    pub management_limit: u32,
    /// The length of the sliding window, in milliseconds.
    pub window_ms: u64,
}

impl Default for EdgeFlagsOptions {
    fn default() -> Self {
        Self {
            put_mode: PutMode::default(),
            list_items: ListItems::default(),
            write_answers: WriteAnswers::default(),
            override_bumps_version: true,
            evaluation_limit: 10_000,
            management_limit: 1_000,
            window_ms: 60_000,
        }
    }
}

/// What a `PUT` does to members that its body leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutMode {
    /// They stay, and `null` clears one.
    #[default]
    Merge,
    /// They are gone.
    Replace,
}

/// How much of a definition a list answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListItems {
    /// All of it.
    #[default]
    Full,
    /// `enabled`, `value`, `version` and, for segments, `conditions`, as in the documentation's sample.
    Abridged,
}

/// What a successful write answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteAnswers {
    /// The key and the definition as it now is.
    #[default]
    Definition,
    /// 204 without a body.
    Empty,
}
