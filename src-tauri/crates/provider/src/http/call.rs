//! One call of the console: a few requests to one base with one credential.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::BytesMut;
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{Reply, Transport, limits, sort};
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Asked, Evidence, KeyHeader, Unsent};
use crate::diagnosis::key::KeyKind;
use crate::{Answer, Failure, FailureKind, RateLimit, Stage};

/// Who is spoken to, for the sentences of failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Service {
    #[default]
    Flagsmith,
    FlagsApi,
    EdgeProxy,
    EdgeFlags,
    StatusFeed,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Flagsmith => "Flagsmith",
            Service::FlagsApi => "The Flags API",
            Service::EdgeProxy => "The Edge Proxy",
            Service::EdgeFlags => "EdgeFlags",
            Service::StatusFeed => "The status page",
        }
    }

    /// Whether flags are evaluated there with an environment's key.
    pub(crate) fn evaluates(self) -> bool {
        matches!(self, Service::FlagsApi | Service::EdgeProxy)
    }
}

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
    requests: AtomicU32,
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
        let settings = &self.transport.settings;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(settings.retry_pause)
            .with_max_times(settings.retries)
            .with_jitter();
        let once = || async {
            let sent = self.send(method.clone(), url.clone(), &[], body, timeout).await;
            let reply = sent.map_err(|broken| broken.failure)?;
            if (200..300).contains(&reply.status) {
                return Ok(reply);
            }
            Err(self.status_failure(&reply))
        };
        once.retry(pauses).when(may_pass).await
    }

    /// Sends a write once. `condition` is a header such as `If-Match`.
    pub(crate) async fn write(
        &self,
        method: Method,
        url: Url,
        condition: Option<(HeaderName, String)>,
        body: &Value,
    ) -> Result<Reply, WriteFailure> {
        let body = (method != Method::DELETE).then_some(body);
        let reply = self
            .send(method, url, condition.as_slice(), body, Timeout::Ordinary)
            .await
            .map_err(|broken| {
                if broken.may_have_arrived {
                    WriteFailure::Unsettled(broken.failure)
                } else {
                    WriteFailure::Nothing(broken.failure, None)
                }
            })?;
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
        let settings = &self.transport.settings;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(settings.retry_pause)
            .with_max_times(settings.retries)
            .with_jitter();
        let once = || self.ask_once(url.clone(), conditions, timeout);
        once.retry(pauses).when(may_pass).await
    }

    /// [`Call::ask`] without a second attempt.
    pub(crate) async fn ask_once(
        &self,
        url: Url,
        conditions: &[(HeaderName, String)],
        timeout: Timeout,
    ) -> Result<Reply, Failure> {
        let sent = self.send(Method::GET, url, conditions, None, timeout).await;
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

    async fn send(
        &self,
        method: Method,
        url: Url,
        conditions: &[(HeaderName, String)],
        body: Option<&Value>,
        timeout: Timeout,
    ) -> Result<Reply, Broken> {
        let asked = self.asked(&method, &url, body);
        let mut request = self
            .client
            .request(method, url.clone())
            .headers(self.headers.clone())
            .timeout(self.time_for(timeout));
        for (name, value) in conditions {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let broken = |error: &reqwest::Error, answering: bool| Broken {
            failure: self.redacted(sort::broken(error, asked.clone(), answering)),
            may_have_arrived: answering || !sort::surely_not_sent(error),
        };
        let mut response = request.send().await.map_err(|error| broken(&error, false))?;
        self.note(response.headers());
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let certificate = super::client::certificate_of(&response);
        let limit = self.transport.settings.body_limit;
        let mut read = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error, true))? {
            if read.len().saturating_add(chunk.len()) > limit {
                return Err(Broken {
                    failure: self.redacted(sort::too_large(limit, status, asked)),
                    may_have_arrived: true,
                });
            }
            read.extend_from_slice(&chunk);
        }
        tracing::debug!(
            status,
            bytes = read.len(),
            "{}",
            sort::without(&asked.request().unwrap_or_default(), self.secret)
        );
        Ok(Reply {
            status,
            headers,
            body: read.freeze(),
            asked,
            certificate,
        })
    }

    fn time_for(&self, timeout: Timeout) -> Duration {
        match timeout {
            Timeout::Ordinary => self.transport.settings.answer_timeout,
            Timeout::Document => self.transport.settings.document_timeout,
        }
    }

    fn note(&self, headers: &HeaderMap) {
        if let Some(limit) = limits::rate_limit(headers) {
            *lock(&self.limits) = Some(limit);
        }
        if let Some(version) = headers
            .get("flagsmith-version")
            .and_then(|value| value.to_str().ok())
        {
            *lock(&self.version) = Some(super::shorten(version, 40));
        }
    }
}

/// A request without a whole answer.
struct Broken {
    failure: Failure,
    may_have_arrived: bool,
}

/// Whether the same safe request may succeed a moment later.
fn may_pass(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Unreachable(Stage::Connect | Stage::Cut) => true,
        FailureKind::ServerFault => matches!(failure.status, Some(502..=504)),
        _ => false,
    }
}

/// A lock on a value that cannot be left half-changed, so that a poisoned lock
/// means nothing.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
