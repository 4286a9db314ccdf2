//! The one shape in which errors reach the window.

use serde::Serialize;
use specta::Type;

/// What the window does differently for an error; a code only where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The key was not accepted: offer to type it again.
    Key,
    /// The key may not do this.
    Forbidden,
    /// Nothing answers at the address.
    Unreachable,
    /// The service asks for patience: show a countdown.
    RateLimited,
    /// The service refused the content.
    Refused,
    /// The service failed, or answered with something unreadable.
    Service,
    /// No keychain can keep the key: offer to keep it for this session.
    KeyStore,
    /// The local copy cannot be read or written.
    Mirror,
    /// What was typed cannot be used; `field` names where.
    Input,
    /// The state shown is no longer the mirror's: show the new one.
    StaleView,
    /// A protected environment: ask first.
    ConfirmationNeeded,
    /// What was asked for is not there any more.
    Gone,
}

/// An error: what happened, the likely cause, the next step. Never holds a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
pub struct WireError {
    /// What the window does about it.
    pub code: ErrorCode,
    /// What happened.
    pub sentence: String,
    /// The likely cause.
    pub cause: Option<String>,
    /// The next step.
    pub next_step: Option<String>,
    /// The request and the beginning of the answer, for the curious.
    pub detail: Option<String>,
    /// When it may be asked again, in seconds since the Unix epoch.
    pub retry_at: Option<u32>,
    /// The input field it is about.
    pub field: Option<String>,
}
