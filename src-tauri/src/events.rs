//! What the shell tells the window without being asked.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use crate::view::DoctorStepView;

/// Which answers are out of date and must be asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum ChangedTag {
    /// [`crate::view::AppView`]: connections, keychain, notices.
    App,
    /// Flags, freshness and edits of one environment.
    Environment {
        /// The connection.
        connection: String,
        /// The environment's key.
        environment: String,
    },
    /// [`crate::view::StatusView`] of one connection.
    Status {
        /// The connection.
        connection: String,
    },
    /// [`crate::view::HealthView`] of one connection.
    Health {
        /// The connection.
        connection: String,
    },
    /// [`crate::view::ChangesView`] of one connection.
    Changes {
        /// The connection.
        connection: String,
    },
    /// [`crate::view::TimelineView`] of one connection.
    Timeline {
        /// The connection.
        connection: String,
    },
    /// [`crate::view::ActivityView`]: requests were made. Told at most once a second.
    Activity,
}

/// Something in the mirror changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct Changed {
    /// What is out of date.
    pub tags: Vec<ChangedTag>,
}

/// How far a refresh has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct RefreshProgress {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// What is being read, such as `segments`; `null` when it is over.
    pub what: Option<String>,
    /// How many are read.
    pub done: u32,
    /// Out of how many, where known.
    pub total: Option<u32>,
}

/// A step of the doctor began or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct DoctorProgress {
    /// [`crate::view::DoctorRequest::run`].
    pub run: String,
    /// The step.
    pub step: DoctorStepView,
}

/// How far the opening of a snapshot file has come. A file of few moments tells
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct FileProgress {
    /// [`crate::view::ChosenFileView::id`].
    pub file: String,
    /// Snapshots that came in.
    pub done: u32,
    /// Out of how many.
    pub total: u32,
    /// What those that came in come to, such as `48.2 MB`.
    pub size: String,
}

/// How far a run over many identities has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct BatchProgress {
    /// [`crate::view::BatchRequest::job`].
    pub job: String,
    /// Identities evaluated.
    pub done: u32,
    /// Out of how many.
    pub total: u32,
}
