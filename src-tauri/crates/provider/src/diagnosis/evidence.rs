//! What is known about a request that failed.

use halyard_model::Timestamp;
use url::Url;

use super::key::KeyKind;
use crate::Stage;
use crate::http::Service;

/// The header that a key travels in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeyHeader {
    /// `Authorization: Api-Key …`.
    ApiKey,
    /// `Authorization: Token …`.
    Token,
    /// `Authorization: Bearer …`.
    Bearer,
    /// `X-Environment-Key`.
    EnvironmentKey,
    /// No key is sent.
    #[default]
    None,
}

impl KeyHeader {
    /// The header as its documentation writes it, without the key.
    pub(crate) fn name(self) -> &'static str {
        match self {
            KeyHeader::ApiKey => "Authorization: Api-Key",
            KeyHeader::Token => "Authorization: Token",
            KeyHeader::Bearer => "Authorization: Bearer",
            KeyHeader::EnvironmentKey => "X-Environment-Key",
            KeyHeader::None => "no key",
        }
    }

    /// By the scheme that stands before the key.
    pub(crate) fn of_scheme(scheme: &str) -> KeyHeader {
        match scheme {
            "Api-Key " => KeyHeader::ApiKey,
            "Token " => KeyHeader::Token,
            "Bearer " => KeyHeader::Bearer,
            _ => KeyHeader::EnvironmentKey,
        }
    }
}

/// What kind of thing was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// An environment document, the largest answer there is.
    Document,
    /// What an identity gets.
    Evaluation,
    /// A health check.
    Health,
    /// A change.
    Write,
    /// Anything else that is read.
    Read,
}

/// A request and the settings it was made with. Never the key itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Who is spoken to.
    pub(crate) service: Service,
    /// The verb.
    pub(crate) method: String,
    /// The address without query, fragment and user information.
    pub(crate) address: String,
    /// The base address of the connection or of this surface.
    pub(crate) base: String,
    /// The base of the admin API, where another surface was asked.
    pub(crate) admin_base: Option<String>,
    /// Which header the key travelled in.
    pub(crate) header: KeyHeader,
    /// What the key looks like.
    pub(crate) key: KeyKind,
    /// Size of the body sent, in bytes.
    pub(crate) sent_bytes: usize,
    /// An HTTP proxy is set for this address; its address without user information.
    pub(crate) proxy: Option<String>,
}

impl Asked {
    /// Method and address, as a failure names them.
    pub(crate) fn request(&self) -> Option<String> {
        (!self.address.is_empty()).then(|| format!("{} {}", self.method, self.address))
    }

    pub(crate) fn host(&self) -> String {
        let url = Url::parse(&self.address).ok();
        let host = url.as_ref().and_then(Url::host_str);
        host.unwrap_or("the server").to_owned()
    }

    /// Whether the address belongs to the service's own hosts.
    pub(crate) fn is_hosted(&self) -> bool {
        is_hosted(&self.address)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.address.starts_with("https://")
    }

    /// The path below the base.
    pub(crate) fn path(&self) -> &str {
        let after_scheme = self.address.split_once("://").map_or("", |(_, rest)| rest);
        after_scheme.find('/').map_or("", |start| &after_scheme[start..])
    }

    pub(crate) fn class(&self) -> Class {
        let path = self.path();
        if path.contains("environment-document") || path.ends_with("/document/") {
            Class::Document
        } else if path.contains("/health") || path.ends_with("/version/") {
            Class::Health
        } else if path.ends_with("/identities/") && self.service.evaluates()
            || path.ends_with("/evaluate")
            || path.ends_with("/flags/") && self.service.evaluates()
        {
            Class::Evaluation
        } else if matches!(self.method.as_str(), "GET" | "HEAD" | "") {
            Class::Read
        } else {
            Class::Write
        }
    }
}

/// Whether an address belongs to a service's own hosts rather than to
/// somebody's server.
pub(crate) fn is_hosted(address: &str) -> bool {
    let url = Url::parse(address).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    ["flagsmith.com", "edgeflags.net"]
        .into_iter()
        .any(|own| host == own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
}

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

    /// The facts, one sentence each, for a person to judge the cause by.
    pub(crate) fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(request) = self.asked.request() {
            facts.push(format!("Asked: {request}."));
        }
        match (self.asked.header, self.asked.key) {
            (KeyHeader::None, _) => {}
            (header, key) => facts.push(format!("Sent with it: {}, {}.", header.name(), key.in_words())),
        }
        if self.asked.sent_bytes > 0 {
            facts.push(format!("Size of what was sent: {} bytes.", self.asked.sent_bytes));
        }
        if let Some(proxy) = &self.asked.proxy {
            facts.push(format!("An HTTP proxy is in the way: {proxy}."));
        }
        match &self.outcome {
            Outcome::Answered(answered) => answered.facts(&mut facts),
            Outcome::Broken(broken) => facts.push(broken.fact().to_owned()),
            Outcome::Unsent(_) => facts.push("Nothing was sent.".to_owned()),
        }
        facts
    }
}

impl Answered {
    fn facts(&self, facts: &mut Vec<String>) {
        let kind = self.content_type.as_deref().unwrap_or("no content type");
        facts.push(format!("Answered with status {} and {kind}.", self.status));
        if let Some(location) = &self.location {
            facts.push(format!("Redirects to {location}."));
        }
        if let Some(words) = &self.words {
            facts.push(super::ended(format!("Its own words: {words}")));
        }
        if let Some(code) = &self.code {
            facts.push(format!("Its code: {code}."));
        }
        if let Some(server) = &self.server {
            facts.push(format!("The answer was made by {server}."));
        }
        if let Some(id) = &self.request_id {
            facts.push(format!("The service calls the request {id}."));
        }
    }
}

impl Break {
    fn fact(&self) -> &'static str {
        match (self.tls, self.tunnel, self.stage) {
            (Some(TlsTrouble::UnknownIssuer), ..) => "The certificate's issuer is not known here.",
            (Some(TlsTrouble::Expired), ..) => "The certificate has expired.",
            (Some(TlsTrouble::NotYetValid), ..) => "The certificate is not valid yet.",
            (Some(TlsTrouble::WrongName), ..) => "The certificate is for another name.",
            (Some(TlsTrouble::Revoked), ..) => "The certificate was revoked.",
            (Some(TlsTrouble::OtherCertificate), ..) => "The certificate is not acceptable.",
            (Some(TlsTrouble::NotTls), ..) => "What came back is not TLS.",
            (Some(TlsTrouble::NothingInCommon), ..) => {
                "The two sides have no TLS version or cipher in common."
            }
            (Some(TlsTrouble::Other), ..) => "The TLS handshake failed.",
            (_, Some(TunnelTrouble::WhoAsks), _) => "The proxy answered 407 to CONNECT.",
            (_, Some(TunnelTrouble::Refused), _) => "The proxy refused CONNECT.",
            (_, Some(TunnelTrouble::Unreachable), _) => "The proxy could not be reached.",
            (.., Stage::Name) => "The name could not be resolved.",
            (.., Stage::Connect) => "No TCP connection came about.",
            (.., Stage::Timeout) if self.while_connecting => {
                "The time ran out before there was a connection."
            }
            (.., Stage::Timeout) => "The time ran out before the answer was whole.",
            (.., Stage::Cut) if self.answering => "The connection ended in the middle of the answer.",
            (.., Stage::Cut) => "The connection ended without an answer.",
            _ if self.not_http => "What came back is not HTTP.",
            _ => "The connection broke.",
        }
    }
}
