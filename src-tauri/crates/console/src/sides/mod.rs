//! Two environments or moments beside each other, and what is taken from one to
//! the other: always a change set, never a write.

mod check;
mod contents;
mod export;
mod stage;

use std::sync::Arc;

use halyard_mirror::DamagedPart;
use halyard_model::{At, Connection, Contents, Environment, Freshness, Moment, Protection, Sides, compare};

pub use check::{CheckFacts, CheckWarning, UnknownImpact};
pub(crate) use contents::OpenedMoments;
pub use export::sides_json;
pub use stage::{PromoteInput, Promoted};

use crate::{Console, ConsoleError, EnvironmentFacts, engines::computed};

/// One side of a comparison.
#[derive(Clone, Debug)]
pub struct SideFacts {
    /// Which.
    pub at: At,
    /// The connection.
    pub connection: Connection,
    /// The environment, with how fresh the mirror's copy is now.
    pub environment: EnvironmentFacts,
    /// The moment, where it is one.
    pub moment: Option<Moment>,
    /// What of it can no longer be read.
    pub damaged: Vec<DamagedPart>,
}

/// Why nothing can be taken over to a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRefusal {
    /// It is a moment, which is over.
    Moment,
    /// It is a snapshot file.
    File,
    /// The user keeps it from being written.
    ReadOnly,
    /// It takes changes only through change requests.
    ChangeRequests,
}

/// A side whose copy in the mirror is not fresh, so that a refresh comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleSide {
    /// What is taken from.
    A,
    /// What it would be taken to.
    B,
    /// Both.
    Both,
}

/// Two sides beside each other.
#[derive(Clone, Debug)]
pub struct SidesFacts {
    /// What is taken from.
    pub a: SideFacts,
    /// What it would be taken to.
    pub b: SideFacts,
    /// What differs.
    pub sides: Arc<Sides>,
    /// B's content.
    pub(crate) contents: Arc<Contents>,
    /// Why nothing can be taken over to B.
    pub refused: Option<TargetRefusal>,
    /// Which side should be refreshed before anything is taken over.
    pub stale: Option<StaleSide>,
}

impl Console {
    /// Two environments or moments beside each other, of any connections. What
    /// is staged is not laid over either.
    ///
    /// [`ConsoleError::Gone`] where a side is not there, or was never fetched.
    pub async fn compare_sides(&self, a: &At, b: &At) -> Result<SidesFacts, ConsoleError> {
        let (of_a, of_b) = (self.opened(a).await?, self.opened(b).await?);
        let (contents_a, contents_b) = (of_a.contents.clone(), of_b.contents.clone());
        let sides = computed(move || Ok(Arc::new(compare(&contents_a, &contents_b)))).await?;
        let contents = of_b.contents.clone();
        let (a, b) = (self.side(a, of_a).await?, self.side(b, of_b).await?);
        Ok(SidesFacts {
            refused: refusal(&b),
            stale: match (is_stale(&a), is_stale(&b)) {
                (true, true) => Some(StaleSide::Both),
                (true, false) => Some(StaleSide::A),
                (false, true) => Some(StaleSide::B),
                (false, false) => None,
            },
            a,
            b,
            sides,
            contents,
        })
    }

    async fn side(&self, at: &At, opened: contents::Opened) -> Result<SideFacts, ConsoleError> {
        Ok(SideFacts {
            at: at.clone(),
            connection: self.known_connection(&at.connection).await?,
            environment: self.environment(&at.connection, &at.environment).await?,
            moment: opened.moment,
            damaged: opened.damaged,
        })
    }
}

fn refusal(target: &SideFacts) -> Option<TargetRefusal> {
    let environment: &Environment = &target.environment.environment;
    if target.connection.endpoint.is_file() {
        Some(TargetRefusal::File)
    } else if target.moment.is_some() {
        Some(TargetRefusal::Moment)
    } else if environment.protection == Protection::ReadOnly {
        Some(TargetRefusal::ReadOnly)
    } else if environment.requires_change_requests {
        Some(TargetRefusal::ChangeRequests)
    } else {
        None
    }
}

/// A moment and a file are what they are; the mirror's copy of now can be old.
fn is_stale(side: &SideFacts) -> bool {
    side.moment.is_none()
        && !side.connection.endpoint.is_file()
        && !matches!(side.environment.freshness, Freshness::Fresh | Freshness::Ageing)
}
