//! Preview: what an identity gets, and why.

mod local;
mod remote;

pub(crate) use local::identity_of;
pub use local::{LocalPreview, LocalRow, TracedFlag};
pub use remote::{ExpectedPreview, ExpectedRow, RemotePreview, RemoteRow, Weighed};

use halyard_model::{ChangeSetId, ConnectionId, EnvironmentKey, IdentityRef, MomentId, Service};

use crate::{Console, ConsoleError, Draft};

/// Asks what an identity gets.
#[derive(Clone, Debug)]
pub struct PreviewInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// At a moment of its history; none for what the mirror holds now. Drafts
    /// and the change set are laid over that moment: what they would have done
    /// then.
    pub at: Option<MomentId>,
    /// Who, and what is known about them.
    pub identity: IdentityRef,
    /// A change set whose ticked edits that are not sent are laid over first.
    pub change_set: Option<ChangeSetId>,
    /// Laid over the mirror's document before it is evaluated. A service that
    /// evaluates by itself is not asked about them, nor about the change set.
    pub edits: Vec<Draft>,
}

/// What an identity gets.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is moved a few times at most"
)]
pub enum Preview {
    /// Evaluated here, from the mirror's document.
    Local(LocalPreview),
    /// Evaluated by the service, which keeps its rules to itself.
    Remote(RemotePreview),
    /// What such a service is expected to answer, where it is not asked: at a
    /// moment, and of a snapshot file.
    Expected(ExpectedPreview),
}

impl Console {
    /// What an identity gets of every flag.
    ///
    /// For Flagsmith from the mirror; for EdgeFlags from the service, because
    /// nobody outside it knows how it places identities. EdgeFlags can only be
    /// asked about now: of a moment, and of a snapshot file, one gets what its
    /// documentation leads to expect.
    pub async fn preview(&self, input: PreviewInput) -> Result<Preview, ConsoleError> {
        let connection = self.known_connection(&input.connection).await?;
        let cannot_be_asked = input.at.is_some() || connection.endpoint.is_file();
        match connection.endpoint.service() {
            Service::Flagsmith => self.preview_locally(input).await.map(Preview::Local),
            Service::EdgeFlags if cannot_be_asked => self.preview_unasked(input).await.map(Preview::Expected),
            Service::EdgeFlags => self.preview_remotely(input).await.map(Preview::Remote),
        }
    }
}
