//! Who may come in, and how often.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::call::{Answer, Call, Caller, EnvironmentKey};
use super::store::Store;

/// A limit on the administration routes, as an operator sets one. SDK routes are never limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Requests in a window for each credential.
    pub requests: u32,
    /// The length of the sliding window.
    pub window: Duration,
}

impl Throttle {
    /// So many requests a minute, which is how an operator writes it.
    pub fn per_minute(requests: u32) -> Self {
        Self {
            requests,
            window: Duration::from_secs(60),
        }
    }
}

/// Which credential a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// None.
    Open,
    /// None, but the caller counts against the limit: signing in.
    Login,
    /// A token or an organisation key.
    Admin,
    /// An environment key.
    Sdk,
}

fn unauthorised(sentence: &str) -> Answer {
    Answer::detail(401, sentence).with("WWW-Authenticate", "Cookie realm=\"api\"".to_owned())
}

/// Who calls an administration route.
pub(crate) fn caller(store: &Store, call: &Call) -> Result<Caller, Answer> {
    let header = call.header("authorization").unwrap_or("");
    let (scheme, secret) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    let secret = secret.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "token" if secret.is_empty() => Err(unauthorised("Invalid token header. No credentials provided.")),
        "token" if secret.contains(' ') => Err(unauthorised(
            "Invalid token header. Token string should not contain spaces.",
        )),
        "token" => store
            .users
            .values()
            .find(|user| user.token == secret)
            .map(|user| Caller::User(user.id))
            .ok_or_else(|| unauthorised("Invalid token.")),
        "api-key" => store
            .organisation_keys
            .iter()
            .find(|key| key.key == secret && key.expires_at.is_none_or(|expiry| expiry > store.now))
            .map(|_| Caller::OrganisationKey)
            .ok_or_else(|| unauthorised("Valid Master API Key not found.")),
        _ => Err(unauthorised("Authentication credentials were not provided.")),
    }
}

/// Which environment an SDK route may read.
pub(crate) fn environment_key(store: &Store, call: &Call) -> Result<EnvironmentKey, Answer> {
    let Some(key) = call.header("x-environment-key").filter(|key| !key.is_empty()) else {
        return Err(Answer::detail(403, "Invalid or missing Environment key"));
    };
    let found = store.environments.values().find_map(|environment| {
        if environment.client_key == key {
            return Some(EnvironmentKey {
                environment: environment.id,
                server_side: false,
            });
        }
        let server = environment.server_keys.iter().any(|server| server.key == key);
        server.then_some(EnvironmentKey {
            environment: environment.id,
            server_side: true,
        })
    });
    let found = found.ok_or_else(|| Answer::detail(403, "Invalid or missing Environment Key"))?;
    if store.account.is_blocked {
        return Err(Answer::detail(
            403,
            "Organisation is disabled from serving flags.",
        ));
    }
    Ok(found)
}

/// The requests of the last window by credential.
#[derive(Debug, Default)]
pub(crate) struct RequestHistory {
    by_credential: BTreeMap<String, VecDeque<Instant>>,
}

impl RequestHistory {
    /// Counts a request, or refuses it with the seconds to wait. A refused request is not counted.
    pub(crate) fn admit(&mut self, throttle: Throttle, credential: &str, now: Instant) -> Result<(), Answer> {
        let past = self.by_credential.entry(credential.to_owned()).or_default();
        while past
            .front()
            .is_some_and(|oldest| now.duration_since(*oldest) >= throttle.window)
        {
            past.pop_front();
        }
        if u32::try_from(past.len()).unwrap_or(u32::MAX) < throttle.requests {
            past.push_back(now);
            return Ok(());
        }
        let waited = past
            .front()
            .map_or(Duration::ZERO, |oldest| now.duration_since(*oldest));
        let seconds = throttle
            .window
            .saturating_sub(waited)
            .as_secs_f64()
            .ceil()
            .max(1.0);
        let sentence = format!("Request was throttled. Expected available in {seconds} seconds.");
        Err(Answer::detail(429, &sentence).with("Retry-After", seconds.to_string()))
    }

    /// Forgets every request.
    pub(crate) fn clear(&mut self) {
        self.by_credential.clear();
    }
}
