//! Flagsmith's administration and SDK routes.

use axum::Router;
use serde_json::{Value, json};

use crate::{MayaEdit, Seed};

/// A Flagsmith server in memory; clones share one state.
#[derive(Debug, Clone)]
pub struct Flagsmith {}

/// How the service limits its callers.
#[derive(Debug, Clone)]
pub struct Throttle {}

impl Flagsmith {
    /// Starts from a seed.
    pub fn new(_seed: Seed) -> Self {
        Self {}
    }

    /// The routes below `/api/v1/`.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// The announcement's `flagsmith` member without its `url`.
    pub fn describe(&self) -> Value {
        json!({ "environments": [] })
    }

    /// Carries out a colleague's edit.
    ///
    /// # Errors
    /// Says which name was not found.
    pub fn edit_as_maya(&self, _edit: &MayaEdit) -> Result<(), String> {
        Ok(())
    }

    /// Limits callers, or stops limiting them.
    pub fn set_throttle(&self, _throttle: Option<Throttle>) {}

    /// Keeps serving the environment documents of this moment, or lets them move again.
    pub fn freeze_document(&self, _frozen: bool) {}
}
