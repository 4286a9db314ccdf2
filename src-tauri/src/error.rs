//! The one shape in which errors reach the window.

use halyard_console::{ConsoleError, Failure, FailureKind, MirrorError, secret::SecretError};
use serde::Serialize;
use specta::Type;

use crate::{
    convert::{
        field,
        remedy::{self, Subject},
        seconds,
    },
    view::{RemedyView, SaidView},
    words,
    words::{file, number::list},
};

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
    /// What the cause is concluded from, in sentences.
    pub evidence: Vec<String>,
    /// The next step as a button.
    pub remedy: Option<Box<RemedyView>>,
    /// The service's own words about what was sent, by field.
    pub said: Vec<SaidView>,
}

impl WireError {
    /// An error with nothing but a sentence.
    pub fn new(code: ErrorCode, sentence: impl Into<String>) -> WireError {
        WireError {
            code,
            sentence: sentence.into(),
            cause: None,
            next_step: None,
            detail: None,
            retry_at: None,
            field: None,
            evidence: Vec::new(),
            remedy: None,
            said: Vec::new(),
        }
    }

    /// Something is not there any more.
    pub fn gone(what: &str) -> WireError {
        let mut error = WireError::new(ErrorCode::Gone, format!("Halyard could not find {what}."));
        error.next_step = Some("Go back and open it again.".into());
        error
    }

    /// Something in the input cannot be used.
    pub fn input(field: &str, sentence: impl Into<String>) -> WireError {
        let mut error = WireError::new(ErrorCode::Input, sentence);
        error.field = Some(field.to_owned());
        error
    }

    fn next(mut self, step: &str) -> WireError {
        self.next_step = Some(step.to_owned());
        self
    }
}

impl From<ConsoleError> for WireError {
    fn from(error: ConsoleError) -> WireError {
        match error {
            ConsoleError::Service(failure) => failed(failure),
            ConsoleError::Mirror(error) => mirror(&error),
            ConsoleError::Secret(SecretError::Absent { reason }) => {
                let mut error = WireError::new(
                    ErrorCode::KeyStore,
                    "No system keychain answers, so the key cannot be kept.",
                )
                .next("Start a keychain and try again, or keep the key for this session only.");
                error.detail = Some(reason);
                error
            }
            ConsoleError::Secret(SecretError::Locked { reason }) => {
                let mut error = WireError::new(
                    ErrorCode::KeyStore,
                    "The system keychain is locked or does not let Halyard in.",
                )
                .next("Unlock it and try again, or keep the key for this session only.");
                error.detail = Some(reason);
                error
            }
            ConsoleError::File(error) => {
                let (field, sentence, next) = file::refusal(&error);
                let mut wire = WireError::input(field, sentence);
                wire.next_step = next.map(str::to_owned);
                wire
            }
            ConsoleError::NoKey => WireError::new(
                ErrorCode::Key,
                "The key of this connection is not in the keychain.",
            )
            .next("Type it again. What was read before can still be seen."),
            ConsoleError::Encryption(why) => {
                WireError::new(ErrorCode::KeyStore, words::encryption::hindrance(&why))
            }
            ConsoleError::Input { field, sentence } => WireError::input(field, sentence),
            ConsoleError::ListInput {
                list,
                row,
                part,
                sentence,
            } => WireError::input(&format!("{list}:{row}:{part}"), sentence),
            ConsoleError::StaleView => WireError::new(
                ErrorCode::StaleView,
                "The flag changed while it was on screen. Nothing was sent.",
            )
            .next("Look at what it is now and decide again."),
            ConsoleError::ConfirmationNeeded => WireError::new(
                ErrorCode::ConfirmationNeeded,
                "This environment is protected. Nothing was sent.",
            )
            .next("Confirm the change."),
            ConsoleError::ReadOnly { reason } => WireError::new(ErrorCode::Forbidden, reason)
                .next("Make the change where change requests are made."),
            ConsoleError::Document(error) => {
                let mut wire = WireError::new(
                    ErrorCode::Service,
                    "The environment document cannot be evaluated.",
                );
                wire.cause = Some(error.to_string());
                wire.next("Sync, and if it stays, report the document's owner this place.")
            }
            ConsoleError::Evaluation(error) => {
                let mut wire = WireError::new(
                    ErrorCode::Service,
                    "The server would fail to evaluate this identity.",
                );
                wire.cause = Some(error.to_string());
                wire.next(
                    "Correct the segment; until then the Flags API answers such identities with an error.",
                )
            }
            ConsoleError::RemoteOnly => WireError::new(
                ErrorCode::Refused,
                "EdgeFlags evaluates by itself and keeps its rules to itself.",
            )
            .next("Preview one identity at a time; the service is asked."),
            ConsoleError::FromFile => WireError::new(
                ErrorCode::Forbidden,
                "This is a snapshot file: it can be read, and nothing can be asked or written.",
            )
            .next("Connect to the service to see what is there now."),
            ConsoleError::OnlyNow => WireError::input(
                "moment",
                "A server can only be asked about now, and this is a preview of the past.",
            )
            .next("Go back to now to compare."),
            ConsoleError::DamagedMoment { parts } => {
                let mut wire = WireError::new(
                    ErrorCode::Mirror,
                    format!("Parts of this snapshot are damaged: {}.", list(&parts)),
                )
                .next("Choose another snapshot. What is not damaged can still be read and compared.");
                wire.cause = Some("Evaluating the rest could give a wrong answer.".into());
                wire
            }
            ConsoleError::Gone { what } => WireError::gone(what),
        }
    }
}

impl From<Failure> for WireError {
    fn from(failure: Failure) -> WireError {
        failed(failure)
    }
}

fn failed(failure: Failure) -> WireError {
    let (code, retry_at) = match &failure.kind {
        FailureKind::Unauthorised => (ErrorCode::Key, None),
        FailureKind::Forbidden => (ErrorCode::Forbidden, None),
        FailureKind::NotFound => (ErrorCode::Gone, None),
        FailureKind::RateLimited { retry_at } => (ErrorCode::RateLimited, *retry_at),
        FailureKind::Refused { .. } => (ErrorCode::Refused, None),
        FailureKind::Unreachable(_) => (ErrorCode::Unreachable, None),
        FailureKind::ServerFault | FailureKind::Malformed { .. } => (ErrorCode::Service, None),
        FailureKind::BadAddress { .. } => (ErrorCode::Input, None),
    };
    let remedy = remedy::of(&failure, &Subject::default()).map(Box::new);
    let status = failure.status.map(|status| format!("answered {status}"));
    let lines: Vec<String> = [failure.request, status, failure.excerpt]
        .into_iter()
        .flatten()
        .collect();
    WireError {
        code,
        sentence: failure.sentence,
        cause: failure.cause,
        next_step: failure.next_step,
        detail: (!lines.is_empty()).then(|| lines.join("\n")),
        retry_at: retry_at.map(seconds),
        field: (code == ErrorCode::Input).then(|| "address".to_owned()),
        evidence: failure.evidence,
        remedy,
        said: failure.said.iter().map(field::said).collect(),
    }
}

fn mirror(error: &MirrorError) -> WireError {
    let mut wire = match error {
        MirrorError::Full => WireError::new(
            ErrorCode::Mirror,
            "The disk is full. What was there before is kept.",
        )
        .next("Free some space and try again."),
        MirrorError::Busy => WireError::new(ErrorCode::Mirror, "Another program holds Halyard's local copy.")
            .next("Close a second Halyard and try again."),
        MirrorError::NotAllowed => WireError::new(ErrorCode::Mirror, "Halyard may not write its local copy.")
            .next("Give yourself write access to Halyard's data folder."),
        MirrorError::Damaged => WireError::new(ErrorCode::Mirror, "Halyard's local copy is damaged.")
            .next("Start Halyard again: the damaged file is set aside, not deleted."),
        MirrorError::Locked(_) => WireError::new(
            ErrorCode::Mirror,
            "Halyard's local copy is encrypted, and its key is not at hand.",
        )
        .next("Unlock it, or set it aside and begin an empty one."),
        MirrorError::Missing => WireError::gone("it in the local copy"),
        MirrorError::Other(_) => WireError::new(ErrorCode::Mirror, "Halyard's local copy could not be used."),
    };
    wire.detail = Some(error.to_string());
    wire
}
