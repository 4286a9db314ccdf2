//! What can go wrong on purpose, and on which requests.

use serde::{Deserialize, Serialize};

use crate::Effect;

/// One of the services that the sandbox speaks, as a place where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// Flagsmith's administration and SDK routes.
    Flagsmith,
    /// The Edge Proxy in front of them.
    EdgeProxy,
    /// EdgeFlags.
    #[serde(rename = "edgeflags")]
    EdgeFlags,
    /// The status feed.
    Status,
    /// The Edge Proxy's own requests to Flagsmith. They come at their own times, so a fault strikes them
    /// only where it names them, and the journal leaves them out.
    ProxyUpstream,
}

impl Surface {
    /// Whether the sandbox's clients speak to it.
    pub(crate) fn is_for_clients(self) -> bool {
        self != Self::ProxyUpstream
    }
}

/// A fault and the requests it strikes.
///
/// ```
/// use halyard_sandbox::{Effect, Fault, Surface};
///
/// let second_write_times_out = Fault::of(Effect::Latency { ms: 30_000 })
///     .on(Surface::EdgeFlags)
///     .method("PUT")
///     .path("/api/v1/flags/")
///     .after(1)
///     .times(1);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
    /// Only on this surface; on all that clients speak to where none is named.
    #[serde(default)]
    pub surface: Option<Surface>,
    /// Only for this verb.
    #[serde(default)]
    pub method: Option<String>,
    /// Only where the path with its query contains this text.
    #[serde(default)]
    pub path: Option<String>,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// How many requests it then strikes; without a number, all of them.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Fault {
    /// A fault that strikes every request on every surface, until narrowed.
    pub fn of(effect: Effect) -> Self {
        Self {
            effect,
            surface: None,
            method: None,
            path: None,
            after: 0,
            times: None,
        }
    }

    /// Only on one surface.
    pub fn on(mut self, surface: Surface) -> Self {
        self.surface = Some(surface);
        self
    }

    /// Only for one verb, such as `PUT`.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only where the path with its query contains a text.
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// Lets the first `n` matching requests pass.
    pub fn after(mut self, n: u32) -> Self {
        self.after = n;
        self
    }

    /// Strikes `n` requests and then no more.
    pub fn times(mut self, n: u32) -> Self {
        self.times = Some(n);
        self
    }

    pub(crate) fn concerns(&self, surface: Surface, method: &str, target: &str) -> bool {
        self.surface
            .map_or(surface.is_for_clients(), |wanted| wanted == surface)
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|part| target.contains(part))
    }

    /// The place among matching requests, from 1, of the first one it strikes.
    pub(crate) fn first(&self) -> u32 {
        match &self.effect {
            Effect::Maya { nth, .. } => self.after.saturating_add((*nth).max(1)),
            _ => self.after.saturating_add(1),
        }
    }

    /// How many requests it strikes, if that is bounded. Maya edits once unless told otherwise.
    pub(crate) fn bound(&self) -> Option<u32> {
        match &self.effect {
            Effect::Maya { .. } => Some(self.times.unwrap_or(1)),
            _ => self.times,
        }
    }
}

/// What the body of a 5xx is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// A page, as from a proxy or a framework.
    #[default]
    Html,
    /// A JSON object.
    Json,
    /// Nothing.
    Empty,
}

/// On which side of a request something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Just before it is carried out.
    #[default]
    Before,
    /// Just after it was carried out, before the answer leaves.
    After,
}
