//! Sending one request: the wait for its turn, the answer's body, and what is
//! reported of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;
use url::Url;

use super::super::underway::{self, Underway};
use super::super::{Reply, limits, shorten, sort};
use super::{Call, Timeout, lock};
use crate::diagnosis::evidence::Asked;
use crate::{Admission, Ask, BudgetClass, Denied, Ending, Exchange, Failure, FailureKind, Step};

/// A write that waited longer than this for its turn is not sent: what it was
/// decided by has grown old meanwhile, and is to be read again.
const READING_KEEPS: Duration = Duration::from_secs(2);

/// A request to be sent, as often as may be.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) conditions: &'a [(HeaderName, String)],
    pub(super) body: Option<&'a Value>,
    pub(super) timeout: Timeout,
    pub(super) step: Step,
}

/// A request without a whole answer.
pub(super) struct Broken {
    pub(super) failure: Failure,
    pub(super) may_have_arrived: bool,
    /// It never left, because its turn did not come.
    pub(super) had_no_turn: bool,
}

impl Call<'_> {
    /// Waits for its turn, sends once, and reports how it ended.
    pub(super) async fn send(&self, request: &Outgoing<'_>, attempt: u32) -> Result<Reply, Broken> {
        let name = format!("{} {}", request.method, sort::plain_address(&request.url));
        let asked = self.asked(&request.method, &request.url, request.body);
        let admission = self.turn(request, &name).await?;
        let settings = &self.transport.settings;
        let mut underway = Underway::new(settings, admission, self.exchange(request, attempt));
        self.requests.fetch_add(1, Ordering::Relaxed);
        match self.carry(request, asked, &mut underway).await {
            Ok(reply) => {
                let is_success = matches!(reply.status, 200..=299 | 304);
                let failure = (!is_success).then(|| self.status_failure(&reply));
                underway.answered(reply.body.len(), failure);
                Ok(reply)
            }
            Err(broken) => {
                underway.broke(broken.may_have_arrived, broken.failure.clone());
                Err(broken)
            }
        }
    }

    async fn carry(
        &self,
        request: &Outgoing<'_>,
        asked: Asked,
        underway: &mut Underway<'_>,
    ) -> Result<Reply, Broken> {
        let broken = |error: &reqwest::Error, answering: bool| Broken {
            failure: self.redacted(sort::broken(error, asked.clone(), answering)),
            may_have_arrived: answering || !sort::surely_not_sent(error),
            had_no_turn: false,
        };
        let sent = self.prepared(request).send().await;
        let mut response = sent.map_err(|error| broken(&error, false))?;
        self.note(response.headers());
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        underway.answers(status, &headers);
        let certificate = super::super::client::certificate_of(&response);
        let limit = self.transport.settings.body_limit;
        let mut read = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error, true))? {
            if read.len().saturating_add(chunk.len()) > limit {
                return Err(Broken {
                    failure: self.redacted(sort::too_large(limit, status, asked)),
                    may_have_arrived: true,
                    had_no_turn: false,
                });
            }
            read.extend_from_slice(&chunk);
        }
        // Without its address, which may name a flag or a person.
        tracing::debug!(method = %request.method, status, bytes = read.len(), "answered");
        Ok(Reply {
            status,
            headers,
            body: read.freeze(),
            asked,
            certificate,
        })
    }

    fn prepared(&self, request: &Outgoing<'_>) -> reqwest::RequestBuilder {
        let mut prepared = self
            .client
            .request(request.method.clone(), request.url.clone())
            .headers(self.headers.clone())
            .timeout(self.time_for(request.timeout));
        for (name, value) in request.conditions {
            prepared = prepared.header(name, value);
        }
        match request.body {
            Some(body) => prepared.json(body),
            None => prepared,
        }
    }

    /// Waits until the request may leave.
    async fn turn(&self, request: &Outgoing<'_>, name: &str) -> Result<Admission, Broken> {
        let settings = &self.transport.settings;
        let turn = settings.governor.ask(&Ask {
            base: self.base.as_str(),
            secret: self.secret,
            class: self.class_of(request),
            cost: self.cost,
            connection: self.account,
            urgency: self.urgency,
            step: request.step,
            patience: settings.patience,
        });
        let waits = turn.waits();
        if waits {
            self.budget_changed();
        }
        let come = turn.come().await;
        if waits {
            self.budget_changed();
        }
        let unsent = |failure| Broken {
            failure,
            may_have_arrived: false,
            had_no_turn: true,
        };
        let admission = come.map_err(|denied| unsent(self.denied(denied, name)))?;
        if request.step == Step::Writing && admission.waited() > READING_KEEPS {
            admission.end(&Ending::NotSent);
            self.undecided.store(true, Ordering::Relaxed);
            let wait = Duration::ZERO;
            return Err(unsent(self.denied(Denied::TooLong { wait }, name)));
        }
        Ok(admission)
    }

    pub(super) fn denied(&self, denied: Denied, name: &str) -> Failure {
        let service = self.service.name();
        let (wait, sentence) = match denied {
            Denied::GivenUp { paused_for } => (
                paused_for,
                format!("The waiting for {service} was given up; nothing was sent."),
            ),
            Denied::TooLong { wait } => (
                Some(wait),
                format!(
                    "{service} takes no more requests for another {} s; nothing was sent.",
                    wait.as_millis().div_ceil(1000)
                ),
            ),
        };
        let now = (self.transport.settings.now)();
        let retry_at = wait.map(|wait| now.plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
        let mut failure = Failure::new(FailureKind::RateLimited { retry_at }, sentence);
        if matches!(denied, Denied::TooLong { .. }) {
            failure.cause =
                Some("This key made many requests in a short time, perhaps from several programs.".into());
        }
        failure.request = Some(name.to_owned());
        self.redacted(failure)
    }

    fn class_of(&self, request: &Outgoing<'_>) -> BudgetClass {
        match self.classify {
            Some(classify) => classify(&request.method, &request.url),
            None => self.service.class(),
        }
    }

    fn exchange(&self, request: &Outgoing<'_>, attempt: u32) -> Exchange {
        Exchange {
            account: self.account.cloned(),
            class: self.class_of(request),
            urgency: self.urgency,
            attempt,
            ..underway::beginning(&request.method, &request.url, self.secret)
        }
    }

    fn budget_changed(&self) {
        if let Some(observer) = &self.transport.settings.observer {
            observer.budget_changed(self.account);
        }
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
            *lock(&self.version) = Some(shorten(version, 40));
        }
    }
}
