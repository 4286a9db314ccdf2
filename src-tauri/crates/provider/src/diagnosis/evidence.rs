//! What is known about a request that failed.

use halyard_model::Timestamp;

pub(crate) use super::asked::{Asked, Class, KeyHeader, is_hosted};
use crate::Stage;
use crate::http::Service;

/// An answer, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// Where it redirects to, absolute and without query.
    pub(crate) location: Option<String>,
    /// When it may be asked again, where the service says so.
    pub(crate) retry_at: Option<Timestamp>,
    /// When the answer came.
    pub(crate) now: Timestamp,
    /// `WWW-Authenticate`.
    pub(crate) authenticate: Option<String>,
    /// `Server`.
    pub(crate) server: Option<String>,
    /// The service's name for the request.
    pub(crate) request_id: Option<String>,
    /// The service's own words, where the answer is JSON.
    pub(crate) words: Option<String>,
    /// The service's code for the failure, such as `RATE_LIMITED`.
    pub(crate) code: Option<String>,
    /// The version that a failed precondition names.
    pub(crate) current_version: Option<u64>,
    /// Whether the answer says that it is JSON.
    pub(crate) is_json: bool,
    /// The first few hundred characters.
    pub(crate) excerpt: Option<String>,
    /// What is wrong with an answer whose status is a success.
    pub(crate) shape: Option<Shape>,
}

/// What is wrong with the body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It is not JSON.
    NotJson {
        /// What was being read.
        what: String,
    },
    /// It breaks the rules of JSON.
    Broken {
        /// Where, and what the reader says.
        place: String,
        /// What the reader says.
        expected: String,
    },
    /// It is JSON of another shape.
    Other {
        /// Where in the answer.
        place: String,
        /// What was expected there.
        expected: String,
    },
    /// It is larger than this many bytes.
    TooLarge(usize),
    /// A list that repeats itself.
    Endless {
        /// Which list.
        what: String,
    },
}

/// Why a connection could not be secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsTrouble {
    UnknownIssuer,
    Expired,
    NotYetValid,
    WrongName,
    Revoked,
    /// The certificate is refused for another reason.
    OtherCertificate,
    /// The other side does not speak TLS.
    NotTls,
    /// The two sides find no common version or cipher.
    NothingInCommon,
    Other,
}

/// What a proxy in the way said to a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TunnelTrouble {
    /// It wants to know who asks.
    WhoAsks,
    /// It does not let the connection through.
    Refused,
    /// It could not be reached.
    Unreachable,
}

/// A connection that broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) stage: Stage,
    pub(crate) tls: Option<TlsTrouble>,
    pub(crate) tunnel: Option<TunnelTrouble>,
    /// The time ran out while the connection was being made.
    pub(crate) while_connecting: bool,
    /// The beginning of an answer was read.
    pub(crate) answering: bool,
    /// What came back is not HTTP.
    pub(crate) not_http: bool,
}

/// Why a request was never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// What was pasted is no address.
    NotAnAddress {
        /// For the kind of the failure.
        detail: &'static str,
        /// What is wrong with it, in a sentence.
        sentence: &'static str,
    },
    /// The key holds characters that no header takes.
    KeyCharacters,
    /// This computer offers no usable encryption.
    NoEncryption,
    /// The connection's CA certificates cannot be used.
    BadBundle {
        /// Why, as the end of a sentence.
        why: String,
        /// What to do instead.
        next_step: &'static str,
    },
    /// The connection belongs to the other service.
    OtherService,
    /// The environment takes changes only through change requests.
    ChangeRequests {
        /// The environment's name.
        environment: String,
    },
    /// The value is longer than the service keeps.
    ValueTooLong {
        /// In characters.
        most: usize,
    },
    /// A number that the service does not keep.
    NumberOutOfRange,
    /// JSON, which the service keeps as text.
    JsonValue,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(Box<Answered>),
    Broken(Break),
    Unsent(Unsent),
}

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) asked: Asked,
    pub(crate) outcome: Outcome,
    /// An Edge Proxy's own reason for not being ready, read after it refused a key.
    pub(crate) proxy_unready: Option<String>,
}

impl Evidence {
    pub(crate) fn new(asked: Asked, outcome: Outcome) -> Evidence {
        Evidence {
            asked,
            outcome,
            proxy_unready: None,
        }
    }

    pub(crate) fn unsent(unsent: Unsent) -> Evidence {
        Evidence::new(Asked::default(), Outcome::Unsent(unsent))
    }

    pub(crate) fn service(&self) -> Service {
        self.asked.service
    }

    pub(crate) fn name(&self) -> &'static str {
        self.asked.service.name()
    }

    pub(crate) fn answer(&self) -> Option<&Answered> {
        match &self.outcome {
            Outcome::Answered(answered) => Some(answered),
            _ => None,
        }
    }

    pub(crate) fn broken(&self) -> Option<&Break> {
        match &self.outcome {
            Outcome::Broken(broken) => Some(broken),
            _ => None,
        }
    }

    pub(crate) fn shape(&self) -> Option<&Shape> {
        self.answer()?.shape.as_ref()
    }

    /// The status of an answer that is a failure by its status.
    pub(crate) fn status(&self) -> u16 {
        match self.answer() {
            Some(answer) if answer.shape.is_none() => answer.status,
            _ => 0,
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.answer().is_some_and(|answer| answer.is_json)
    }

    pub(crate) fn own_words(&self) -> Option<&str> {
        self.answer()?.words.as_deref()
    }

    /// Whether the service's own words hold a text, whatever the case.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.own_words()
            .is_some_and(|words| words.to_lowercase().contains(text))
    }

    /// Whether the beginning of the answer holds a text, whatever the case.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.answer()
            .and_then(|answer| answer.excerpt.as_deref())
            .is_some_and(|excerpt| excerpt.to_lowercase().contains(text))
    }

    pub(crate) fn code(&self) -> &str {
        self.answer()
            .and_then(|answer| answer.code.as_deref())
            .unwrap_or_default()
    }

    pub(crate) fn tls(&self) -> Option<TlsTrouble> {
        self.broken()?.tls
    }

    pub(crate) fn tunnel(&self) -> Option<TunnelTrouble> {
        self.broken()?.tunnel
    }

    pub(crate) fn stage(&self) -> Option<Stage> {
        self.broken().map(|broken| broken.stage)
    }

    /// Applies `clean` to every text that came from outside.
    pub(crate) fn clean(&mut self, clean: &dyn Fn(&mut String)) {
        clean(&mut self.asked.address);
        clean(&mut self.asked.base);
        self.proxy_unready.iter_mut().for_each(clean);
        let Outcome::Answered(answered) = &mut self.outcome else {
            return;
        };
        [
            &mut answered.content_type,
            &mut answered.location,
            &mut answered.authenticate,
            &mut answered.server,
            &mut answered.request_id,
            &mut answered.words,
            &mut answered.code,
            &mut answered.excerpt,
        ]
        .into_iter()
        .flatten()
        .for_each(clean);
        match &mut answered.shape {
            Some(Shape::Broken { place, expected } | Shape::Other { place, expected }) => {
                clean(place);
                clean(expected);
            }
            Some(Shape::NotJson { what } | Shape::Endless { what }) => clean(what),
            Some(Shape::TooLarge(_)) | None => {}
        }
    }
}
