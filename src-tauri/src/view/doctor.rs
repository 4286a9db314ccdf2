//! What the connection doctor can look at, and what it found.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{RemedyView, SurfaceNameView};

/// A surface that the doctor can look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorChoiceView {
    /// The surface.
    pub surface: SurfaceNameView,
    /// The environment's key.
    pub environment: String,
    /// For people, such as `Edge Proxy fra-2, Staging`.
    pub name: String,
}

/// How a step of the doctor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum StepStateView {
    /// It is going on.
    Running,
    /// As it should be.
    Passed,
    /// Works, and is worth a look.
    Noted,
    /// Found what is wrong.
    Failed,
    /// Not tried, since a step above failed.
    Waits,
    /// Does not apply here.
    Skipped,
}

/// A step of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorStepView {
    /// Names it, such as `certificate`.
    pub id: String,
    /// For people, such as `TLS certificate`. Of a failed step what should be: `Staging document is up to date`.
    pub title: String,
    /// How it ended.
    pub state: StepStateView,
    /// What was found, in a few words, such as `valid, 61 days left`.
    pub detail: Option<String>,
    /// The cause, with its evidence.
    pub cause: Option<String>,
    /// The next step.
    pub next_step: Option<String>,
    /// The next step as a button.
    pub remedy: Option<RemedyView>,
    /// Request and beginning of the answer, without keys.
    pub raw: Option<String>,
}

/// What the doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorView {
    /// The steps, in order.
    pub steps: Vec<DoctorStepView>,
    /// When it began.
    pub at: u32,
    /// It was stopped before its end.
    pub stopped: bool,
    /// The whole of it as text to copy, without keys and personal data.
    pub report: String,
}

/// Asks the doctor to look at a surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct DoctorRequest {
    /// Names the run, chosen by the window.
    pub run: String,
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The surface.
    pub surface: SurfaceNameView,
}
