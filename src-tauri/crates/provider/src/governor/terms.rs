//! What is known of a service's limits before it has said anything.

use std::time::Duration;

use crate::{BudgetClass, Known};

/// The window that both services count in.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// The pause between two background requests where nothing is known of a
/// limit: a little slower than the 500 a minute that Flagsmith documents, so
/// that a server with the documented limit never has to refuse.
const GENTLE: Duration = Duration::from_millis(127);

/// How the account that is asked with is hashed by the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// A few milliseconds of the server's time.
    Ordinary,
    /// A Flagsmith organisation key: about 0.3 s of the server's time for
    /// each request, since it is hashed anew each time.
    Hashed,
}

/// What holds for one account from the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Requests per minute, where a number is documented.
    pub(super) documented: Option<u32>,
    /// Whether the service tells what is left.
    pub(super) tells: bool,
    /// Most requests at once.
    pub(super) concurrency: usize,
    /// The pause between background requests while no limit is known.
    pub(super) pace: Duration,
}

impl Terms {
    /// The documented terms of a class at a base address.
    pub(super) fn of(class: BudgetClass, base: &str, cost: Cost) -> Terms {
        let free = Terms {
            documented: None,
            tells: false,
            concurrency: 4,
            pace: Duration::ZERO,
        };
        match class {
            BudgetClass::Admin => Terms {
                documented: is_hosted(base).then_some(500),
                concurrency: if cost == Cost::Hashed { 2 } else { 4 },
                pace: GENTLE,
                ..free
            },
            BudgetClass::Management => Terms {
                documented: Some(1_000),
                tells: true,
                concurrency: 8,
                ..free
            },
            BudgetClass::Evaluation => Terms {
                documented: Some(10_000),
                tells: true,
                concurrency: 8,
                ..free
            },
            BudgetClass::FlagsApi | BudgetClass::EdgeProxy => free,
            BudgetClass::StatusFeed => Terms {
                concurrency: 1,
                ..free
            },
        }
    }

    /// How the size is known before any answer.
    pub(super) fn known(&self) -> Known {
        if self.documented.is_some() {
            Known::Counted
        } else {
            Known::Unknown
        }
    }
}

/// Flagsmith's own installation, whose limit is documented.
fn is_hosted(base: &str) -> bool {
    url::Url::parse(base).is_ok_and(|url| url.host_str() == Some("api.flagsmith.com"))
}
