//! Surfaces, their rules and what is the matter with them, in words.

use halyard_model::{BehindCause, EdgeProxy, FailingKind, OtherPair, Surface, SurfaceRecord, Trouble};

use crate::view::SurfaceKindView;

/// What people call a surface.
pub fn name(surface: &Surface, address: &str) -> String {
    match surface {
        Surface::Admin => "Admin API".to_owned(),
        Surface::FlagsApi => "Flags API".to_owned(),
        Surface::EdgeProxy(_) => format!("Edge Proxy {}", host(address)),
    }
}

/// The host and port of an address.
pub fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// The kind of a surface.
pub fn kind(surface: &Surface) -> SurfaceKindView {
    match surface {
        Surface::Admin => SurfaceKindView::Admin,
        Surface::FlagsApi => SurfaceKindView::FlagsApi,
        Surface::EdgeProxy(_) => SurfaceKindView::EdgeProxy,
    }
}

/// An Edge Proxy's own rule.
pub fn proxy_rule(proxy: &EdgeProxy) -> String {
    let Some(grace) = proxy.grace_seconds else {
        return "Set to never call itself stale".to_owned();
    };
    let all = proxy
        .poll_seconds
        .saturating_add(grace.saturating_mul(proxy.key_pairs));
    format!(
        "Stale after poll {} s + {grace} s × {} = {}",
        proxy.poll_seconds,
        match proxy.key_pairs {
            1 => "1 key pair".to_owned(),
            pairs => format!("{pairs} key pairs"),
        },
        span(i64::from(all))
    )
}

/// A span of whole seconds.
pub fn span(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// What is the matter, why, and what to do.
pub struct Told {
    /// What is the matter.
    pub sentence: String,
    /// The likely cause.
    pub cause: Option<String>,
    /// The next step.
    pub next_step: Option<String>,
}

/// Tells a trouble of the surface of this name.
pub fn trouble(trouble: &Trouble, name: &str, surface: &Surface, record: &SurfaceRecord) -> Told {
    match trouble {
        Trouble::Failing(kind) => Told {
            sentence: match kind {
                FailingKind::Unreachable => format!("{name} does not answer."),
                FailingKind::Fault => format!("{name} answers that it cannot."),
                FailingKind::Refused => format!("{name} refuses to be read; others may be served."),
            },
            cause: record.failing.as_ref().map(|failing| failing.sentence.clone()),
            next_step: Some(failing_step(*kind, surface).to_owned()),
        },
        Trouble::NeverPassed => Told {
            sentence: format!("{name} has never fetched all of its environments."),
            cause: Some("One of its pairs of keys is refused, or it cannot reach its upstream.".to_owned()),
            next_step: Some("Look into its log for error_fetching_document.".to_owned()),
        },
        Trouble::Behind { cause, differing, .. } => Told {
            sentence: format!("{name} serves what is no longer current{}.", named(differing.first(), differing.len())),
            cause: Some(behind(*cause).to_owned()),
            next_step: Some(behind_step(*cause).to_owned()),
        },
        Trouble::PassOverdue { other_pair, .. } => Told {
            sentence: format!("{name} calls itself stale, while this environment is as it should be."),
            cause: Some(
                match other_pair {
                    OtherPair::Proven => "Another of its pairs of keys fails, and all pairs share one time.",
                    OtherPair::Possible => {
                        "Another of its pairs of keys may fail; nothing changed here since, so it cannot be told."
                    }
                    OtherPair::Unknown => "What it serves for this environment could not be compared.",
                }
                .to_owned(),
            ),
            next_step: Some("Compare its environment_key_pairs with the environments' keys, then restart it.".to_owned()),
        },
    }
}

fn failing_step(kind: FailingKind, surface: &Surface) -> &'static str {
    match (kind, surface) {
        (FailingKind::Unreachable, Surface::EdgeProxy(_)) => "Check that the proxy runs, and its address.",
        (FailingKind::Unreachable, _) => "Check the network, and the address of the connection.",
        (FailingKind::Fault, _) => "Try again; if it stays so, look into its log.",
        (FailingKind::Refused, Surface::EdgeProxy(_)) => {
            "Compare its environment_key_pairs with the environment's keys."
        }
        (FailingKind::Refused, _) => "Check the key, and the address of the connection.",
    }
}

fn behind(cause: BehindCause) -> &'static str {
    match cause {
        BehindCause::NotFetched => "Its passes fail, and this environment's fetch among them.",
        BehindCause::StampUnmoved => {
            "The content changed while the document's time did not, as when a scheduled version goes live: \
             who asks whether anything changed is told no."
        }
        BehindCause::NotModifiedLate => "The service's word that nothing changed is up to a minute late.",
        BehindCause::Frozen => "It is healthy by its own account and does not take what it is given.",
        BehindCause::Serving => "Caches or the task queue of the service hold the change back.",
    }
}

fn behind_step(cause: BehindCause) -> &'static str {
    match cause {
        BehindCause::NotFetched => {
            "Check the pair of keys of this environment, and the proxy's way to its upstream."
        }
        BehindCause::StampUnmoved => "Make any other change to this environment, or restart the proxy.",
        BehindCause::NotModifiedLate => "Wait a minute.",
        BehindCause::Frozen => "Restart it.",
        BehindCause::Serving => "Wait; if it stays so, look at the task processor and the caches.",
    }
}

fn named(first: Option<&halyard_model::FlagKey>, count: usize) -> String {
    match (first, count) {
        (None, _) => String::new(),
        (Some(flag), 1) => format!(": {}", flag.0),
        (Some(flag), count) => format!(": {} and {} more", flag.0, count - 1),
    }
}
