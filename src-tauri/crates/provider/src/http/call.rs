//! One call of the console: a few requests to one base with one credential.

mod send;
mod service;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::retry::{Attempts, Repeats, Then};
use super::{Reply, Transport, sort};
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Asked, Evidence, KeyHeader, Unsent};
use crate::diagnosis::key::KeyKind;
use crate::{Access, Answer, BudgetClass, Cost, Denied, Failure, FailureKind, RateLimit, Step, Urgency};
use send::Outgoing;
pub(crate) use service::Service;

/// How long an answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timeout {
    Ordinary,
    Document,
}

/// A write that was not answered with a success.
#[derive(Debug)]
pub(crate) enum WriteFailure {
    /// Surely nothing was changed. With the answer's JSON, where it had any.
    Nothing(Failure, Option<Value>),
    /// It may have been done, or may still be done.
    Unsettled(Failure),
}

impl WriteFailure {
    /// The failure, where it matters to nobody whether the write was done.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            WriteFailure::Nothing(failure, _) | WriteFailure::Unsettled(failure) => failure,
        }
    }
}

/// Says what a request counts against, where a service has several budgets.
type Classify = fn(&Method, &Url) -> BudgetClass;

/// One call of the console: a few requests to one base with one credential,
/// counted, with what their answers said about limits.
pub(crate) struct Call<'a> {
    transport: &'a Transport,
    client: reqwest::Client,
    service: Service,
    base: Url,
    headers: HeaderMap,
    secret: &'a str,
    key_header: KeyHeader,
    key: KeyKind,
    admin_base: Option<String>,
    account: Option<&'a halyard_model::ConnectionId>,
    urgency: Urgency,
    cost: Cost,
    classify: Option<Classify>,
    requests: AtomicU32,
    /// Whether a write surely changed nothing and may be decided anew.
    undecided: AtomicBool,
    limits: Mutex<Option<RateLimit>>,
    version: Mutex<Option<String>>,
}

impl<'a> Call<'a> {
    /// Prepares a call. `secret` goes into `header` after `scheme`.
    pub(crate) fn new(
        transport: &'a Transport,
        service: Service,
        base: &str,
        header: HeaderName,
        scheme: &str,
        secret: &'a str,
    ) -> Result<Call<'a>, Failure> {
        let mut call = Call::open(transport, service, base)?;
        let mut value = HeaderValue::from_str(&format!("{scheme}{secret}"))
            .map_err(|_| diagnose(Evidence::unsent(Unsent::KeyCharacters)))?;
        value.set_sensitive(true);
        call.headers.insert(header, value);
        call.secret = secret;
        call.key_header = KeyHeader::of_scheme(scheme);
        call.key = KeyKind::of(secret);
        if scheme == "Api-Key " {
            call.cost = Cost::Hashed;
        }
        Ok(call)
    }

    /// Prepares a call without a key.
    pub(crate) fn open(transport: &'a Transport, service: Service, base: &str) -> Result<Call<'a>, Failure> {
        let base = Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                diagnose(Evidence::unsent(Unsent::NotAnAddress {
                    detail: "not an http or https address",
                    sentence: "The base address of the connection cannot be used.",
                }))
            })?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Call {
            transport,
            client: transport.client_for(&base, None)?,
            service,
            base,
            headers,
            secret: "",
            key_header: KeyHeader::None,
            key: KeyKind::Other,
            admin_base: None,
            account: None,
            urgency: Urgency::Interactive,
            cost: Cost::Ordinary,
            classify: None,
            undecided: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            limits: Mutex::new(None),
            version: Mutex::new(None),
        })
    }

    /// Accepts certificates of these authorities beside those that the system
    /// trusts; PEM text.
    pub(crate) fn trusting(mut self, ca_bundle: Option<&str>) -> Result<Call<'a>, Failure> {
        self.client = self.transport.client_for(&self.base, ca_bundle)?;
        Ok(self)
    }

    /// Beside an admin API with this base, for comparing the two addresses.
    pub(crate) fn with_admin(mut self, admin_base: &str) -> Call<'a> {
        self.admin_base = Some(admin_base.to_owned());
        self
    }

    /// Records the requests for a connection and makes them as urgent as it says.
    pub(crate) fn on_behalf_of(mut self, access: Access<'a>) -> Call<'a> {
        self.account = access.account;
        self.urgency = access.urgency;
        self
    }

    /// Lets the service's module say what each request counts against.
    pub(crate) fn classified(mut self, classify: Classify) -> Call<'a> {
        self.classify = Some(classify);
        self
    }

    /// Sends a header with every request, such as `Cache-Control`.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Call<'a> {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The base address.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The address below the base with these path segments, each encoded. An
    /// empty last one gives the slash at the end.
    pub(crate) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The address beside the API, below the place where the service itself
    /// is: `…/proxy/health` for a base `…/api/v1/`.
    pub(crate) fn beside(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let own = url.path().trim_end_matches('/');
        let above = own.strip_suffix("/api/v1").unwrap_or(own);
        let path = format!("{above}/{path}");
        url.set_path(&path);
        url
    }

    /// How requests are made.
    pub(crate) fn transport(&self) -> &'a Transport {
        self.transport
    }

    /// The server's version, where an answer told it.
    pub(crate) fn server_version(&self) -> Option<String> {
        lock(&self.version).clone()
    }

    /// What the settings say.
    pub(crate) fn settings(&self) -> &super::HttpSettings {
        &self.transport.settings
    }

    /// Wraps a result with what the answers said beside it.
    pub(crate) fn answer<T>(&self, value: T) -> Answer<T> {
        Answer {
            value,
            limits: lock(&self.limits).clone(),
            requests: self.requests.load(Ordering::Relaxed),
        }
    }

    /// Reads and parses JSON; `what` names it in a failure.
    pub(crate) async fn get<T: DeserializeOwned>(&self, url: Url, what: &str) -> Result<T, Failure> {
        let reply = self.read(Method::GET, url, None, Timeout::Ordinary).await?;
        self.parsed(&reply, what)
    }

    /// Sends a request that changes nothing on the service, again where it
    /// failed on its way, and gives back a successful answer.
    pub(crate) async fn read(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        timeout: Timeout,
    ) -> Result<Reply, Failure> {
        let request = Outgoing {
            method,
            url,
            conditions: &[],
            body,
            timeout,
            step: Step::Reading,
        };
        let reply = self.repeat(request, Repeats::Passing).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        Err(self.status_failure(&reply))
    }

    /// Sends a write once. `condition` is a header such as `If-Match`. One
    /// that had to wait for long is not sent; see [`Call::decided`].
    pub(crate) async fn write(
        &self,
        method: Method,
        url: Url,
        condition: Option<(HeaderName, String)>,
        body: &Value,
    ) -> Result<Reply, WriteFailure> {
        self.write_as(Step::Writing, method, url, condition, body).await
    }

    /// Deletes something of our own that counted for nobody, such as a draft:
    /// nothing was decided by a reading, so it may wait for its turn.
    pub(crate) async fn tidy(&self, url: Url) -> Result<Reply, WriteFailure> {
        self.write_as(Step::Reading, Method::DELETE, url, None, &Value::Null)
            .await
    }

    async fn write_as(
        &self,
        step: Step,
        method: Method,
        url: Url,
        condition: Option<(HeaderName, String)>,
        body: &Value,
    ) -> Result<Reply, WriteFailure> {
        let request = Outgoing {
            body: (method != Method::DELETE).then_some(body),
            method,
            url,
            conditions: condition.as_slice(),
            timeout: Timeout::Ordinary,
            step,
        };
        let reply = self.send(&request, 1).await.map_err(|broken| {
            if broken.may_have_arrived {
                WriteFailure::Unsettled(broken.failure)
            } else {
                WriteFailure::Nothing(broken.failure, None)
            }
        })?;
        if reply.status == 429 && step == Step::Writing {
            self.undecided.store(true, Ordering::Relaxed);
        }
        match reply.status {
            200..300 => Ok(reply),
            300..400 | 408 | 500.. => Err(WriteFailure::Unsettled(self.status_failure(&reply))),
            _ => Err(WriteFailure::Nothing(self.status_failure(&reply), reply.value())),
        }
    }

    /// Sends a `GET`, again where it failed on its way, and gives back the
    /// answer whatever its status is. `conditions` are headers such as
    /// `If-None-Match`.
    pub(crate) async fn ask(
        &self,
        url: Url,
        conditions: &[(HeaderName, String)],
        timeout: Timeout,
    ) -> Result<Reply, Failure> {
        self.repeat(question(url, conditions, timeout), Repeats::Limited)
            .await
    }

    /// Makes a write, with the reading that it is decided by, and makes it
    /// anew where the rate kept it from changing anything.
    pub(crate) async fn decided<T, Made>(&self, make: impl Fn() -> Made) -> Result<T, Failure>
    where
        Made: Future<Output = Result<T, Failure>>,
    {
        let mut limited: Option<Failure> = None;
        for _ in 0..=self.transport.settings.limited_repeats {
            let made = make().await;
            let undecided = self.undecided.swap(false, Ordering::Relaxed);
            match (made, limited.take()) {
                (Err(failure), _) if undecided => limited = Some(failure),
                // The refusal says more than that there was no other turn.
                (Err(failure), Some(refusal)) if had_no_turn(&failure) => {
                    return Err(refusal);
                }
                (made, _) => return made,
            }
        }
        Err(limited.unwrap_or_else(|| self.denied(Denied::TooLong { wait: Duration::ZERO }, "")))
    }

    /// Sends a safe request until there is an answer to go on with.
    async fn repeat(&self, request: Outgoing<'_>, repeats: Repeats) -> Result<Reply, Failure> {
        let settings = &self.transport.settings;
        let mut attempts = Attempts::new(settings, self.urgency, repeats);
        let mut limited = None;
        loop {
            let (ended, then) = match self.send(&request, attempts.next()).await {
                // The refusal says more than that there was no other turn.
                Err(broken) if broken.had_no_turn => return limited.ok_or(broken.failure),
                Err(broken) => {
                    let then = attempts.after_break(&broken.failure);
                    (Err(broken.failure), then)
                }
                Ok(reply) => {
                    let then = attempts.after_answer(&reply, settings);
                    (Ok(reply), then)
                }
            };
            match then {
                Then::End => return ended,
                Then::Again(pause) => tokio::time::sleep(pause).await,
            }
            limited = ended.ok().filter(|reply| reply.status == 429);
        }
    }

    /// [`Call::ask`] without a second attempt.
    pub(crate) async fn ask_once(
        &self,
        url: Url,
        conditions: &[(HeaderName, String)],
        timeout: Timeout,
    ) -> Result<Reply, Failure> {
        let sent = self.send(&question(url, conditions, timeout), 1).await;
        sent.map_err(|broken| broken.failure)
    }

    /// Parses an answer; a failure holds no credential.
    pub(crate) fn parsed<T: DeserializeOwned>(&self, reply: &Reply, what: &str) -> Result<T, Failure> {
        reply.json(what).map_err(|failure| self.redacted(failure))
    }

    /// A failure found in the answer of a read, with the request it came from.
    pub(crate) fn about(&self, url: &Url, mut failure: Failure) -> Failure {
        if failure.request.is_none() {
            let asked = self.asked(&Method::GET, url, None);
            failure.request = asked.request();
            failure.is_about(asked);
        }
        self.redacted(failure)
    }

    /// A failure without the credential in any of its texts.
    pub(crate) fn redacted(&self, mut failure: Failure) -> Failure {
        sort::redact(&mut failure, self.secret);
        failure
    }

    /// What an answer that is no success says.
    pub(crate) fn status_failure(&self, reply: &Reply) -> Failure {
        let now = (self.transport.settings.now)();
        self.redacted(sort::status_failure(reply, now))
    }

    /// A request as a failure tells of it.
    fn asked(&self, method: &Method, url: &Url, body: Option<&Value>) -> Asked {
        Asked {
            service: self.service,
            method: method.to_string(),
            address: sort::plain_address(url),
            base: sort::plain_address(&self.base),
            admin_base: self.admin_base.clone(),
            header: self.key_header,
            key: self.key,
            sent_bytes: body.map_or(0, |body| body.to_string().len()),
            proxy: self.transport.proxy_for(url),
        }
    }
}

/// A `GET` without a body.
fn question(url: Url, conditions: &[(HeaderName, String)], timeout: Timeout) -> Outgoing<'_> {
    Outgoing {
        method: Method::GET,
        url,
        conditions,
        body: None,
        timeout,
        step: Step::Reading,
    }
}

/// Whether a failure was told by the governor, not by the service.
fn had_no_turn(failure: &Failure) -> bool {
    failure.status.is_none() && matches!(failure.kind, FailureKind::RateLimited { .. })
}

/// A lock on a value that cannot be left half-changed, so that a poisoned lock
/// means nothing.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
