//! Writing a file for a colleague.

use std::path::PathBuf;

use halyard_mirror::file::{FileHeader, Kept, Seal, file_name, limits};
use halyard_mirror::{MomentFilter, OpenedMoment};
use halyard_model::{
    Connection, ConnectionId, Environment, EnvironmentKey, Moment, MomentId, MomentSource, Snapshot,
    TouchedCounts,
};
use tokio::sync::mpsc;

use super::{
    ended,
    save::{Next, save},
};
use crate::{Console, ConsoleError, state::Site};

/// How many moments wait to be written.
const WAITING: usize = 2;

/// What goes into a file.
#[derive(Clone, Debug)]
pub struct ExportInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// The oldest moment; `None` for the newest alone.
    pub from: Option<MomentId>,
    /// The newest moment; `None` for the one the mirror holds now.
    pub to: Option<MomentId>,
    /// Encrypts it.
    pub seal: Option<Seal>,
    /// Identities and their overrides.
    pub identities: Kept,
    /// Who changed what.
    pub authors: Kept,
    /// The folder it goes into; made where it is not there.
    pub folder: PathBuf,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How many moments were asked for.
    pub moments: u64,
    /// How many of them are damaged in the mirror, and therefore not in it.
    pub damaged: u64,
}

impl Console {
    /// Writes a snapshot file. It is there whole, under a name that no other
    /// file had, or not at all.
    ///
    /// [`ConsoleError::Gone`] where there is nothing to write;
    /// [`ConsoleError::DamagedMoment`] where nothing of it is undamaged.
    pub async fn export(&self, input: ExportInput) -> Result<ExportedFile, ConsoleError> {
        let connection = self.known_connection(&input.connection).await?;
        let environment = self
            .known_environment(&input.connection, &input.environment)
            .await?;
        let site = (input.connection.clone(), input.environment.clone());
        let wanted = self.wanted(&site, &input).await?;
        let name = file_name(&environment.name, wanted.newest_seen());
        let moments = wanted.count();
        let header = header(&input, connection, environment, moments, self.inner.clock.now());

        let (sender, receiver) = mpsc::channel(WAITING);
        let (folder, seal) = (input.folder, input.seal);
        let saving =
            tokio::task::spawn_blocking(move || save(&folder, &name, header, seal.as_ref(), receiver));
        let damaged = self.send_wanted(&site, wanted, &sender).await?;
        drop(sender);
        let (path, bytes) = saving.await.map_err(|_| ended())??;
        Ok(ExportedFile {
            path,
            bytes,
            moments,
            damaged,
        })
    }

    /// Sends the moments to the thread that writes; gives how many are damaged.
    async fn send_wanted(
        &self,
        site: &Site,
        wanted: Wanted,
        sender: &mpsc::Sender<Next>,
    ) -> Result<u64, ConsoleError> {
        let moments = match wanted {
            Wanted::Held(opened) => {
                // A thread that has failed says why when it is asked how it ended.
                let _told = sender.send(Next::Moment(opened)).await;
                Vec::new()
            }
            Wanted::Moments(moments) => moments,
        };
        let mut damaged = Vec::new();
        let asked = moments.len();
        for moment in moments {
            match self.opened_moment(site, moment.id).await {
                Ok(opened) => {
                    if sender.send(Next::Moment(Box::new(opened))).await.is_err() {
                        return Ok(0);
                    }
                }
                Err(ConsoleError::DamagedMoment { parts }) => damaged.push(parts),
                Err(error) => return Err(error),
            }
        }
        if asked > 0 && damaged.len() == asked {
            let parts = damaged.into_iter().flatten().collect();
            return Err(ConsoleError::DamagedMoment { parts });
        }
        let _told = sender.send(Next::End).await;
        Ok(damaged.len() as u64)
    }

    async fn wanted(&self, site: &Site, input: &ExportInput) -> Result<Wanted, ConsoleError> {
        let filter = MomentFilter {
            environments: vec![site.clone()],
            limit: u32::try_from(limits::MOMENTS).unwrap_or(u32::MAX),
            before: input.to.map(|MomentId(id)| MomentId(id.saturating_add(1))),
            ..MomentFilter::default()
        };
        let mut moments = self.inner.mirror.moments(&filter).await?;
        match (input.from, input.to) {
            (Some(from), _) => moments.retain(|moment| moment.id >= from),
            (None, to) => {
                moments.truncate(1);
                moments.retain(|moment| to.is_none_or(|to| moment.id == to));
            }
        }
        if moments.is_empty() {
            if input.from.is_some() || input.to.is_some() {
                return Err(ConsoleError::Gone { what: "the snapshot" });
            }
            return Ok(Wanted::Held(Box::new(self.held_now(site).await?)));
        }
        // Where this computer's clock was set back, the order of time is not
        // that of the ids.
        moments.sort_by_key(|moment| (moment.first_seen, moment.id));
        Ok(Wanted::Moments(moments))
    }

    /// What the mirror holds of an environment whose history holds nothing.
    async fn held_now(&self, site: &Site) -> Result<OpenedMoment, ConsoleError> {
        let mirror = &self.inner.mirror;
        let gone = || ConsoleError::Gone {
            what: "a snapshot of this environment",
        };
        let facts = mirror.snapshot_facts(&site.0, &site.1).await?.ok_or_else(gone)?;
        let document = mirror.document(&site.0, &site.1).await?.ok_or_else(gone)?;
        let snapshot = Snapshot {
            environment: site.1.clone(),
            fetched_at: facts.fetched_at,
            document,
            document_updated_at: facts.document_updated_at,
            flags: mirror.flags(&site.0, &site.1).await?,
            segments: mirror.segments(&site.0, &site.1).await?,
        };
        Ok(OpenedMoment {
            moment: Moment {
                id: MomentId(0),
                connection: site.0.clone(),
                environment: site.1.clone(),
                first_seen: facts.fetched_at,
                last_seen: facts.fetched_at,
                before: None,
                source: MomentSource::Refresh,
                document_updated_at: facts.document_updated_at,
                name: None,
                pinned: false,
                touched: Vec::new(),
                counts: TouchedCounts::default(),
                authors: Vec::new(),
                flag_count: facts.flag_count,
                segment_count: facts.segment_count,
                document_bytes: facts.document_bytes,
            },
            snapshot,
            damaged: Vec::new(),
        })
    }
}

/// What was asked for: moments, the oldest first, or what the mirror holds now.
enum Wanted {
    Moments(Vec<Moment>),
    Held(Box<OpenedMoment>),
}

impl Wanted {
    fn count(&self) -> u64 {
        match self {
            Wanted::Moments(moments) => moments.len() as u64,
            Wanted::Held(_) => 1,
        }
    }

    fn newest_seen(&self) -> halyard_model::Timestamp {
        match self {
            Wanted::Moments(moments) => moments.last().map(|moment| moment.last_seen).unwrap_or_default(),
            Wanted::Held(opened) => opened.moment.last_seen,
        }
    }
}

fn header(
    input: &ExportInput,
    connection: Connection,
    environment: Environment,
    moments: u64,
    made_at: halyard_model::Timestamp,
) -> FileHeader {
    FileHeader {
        made_at,
        made_by: concat!("Halyard ", env!("CARGO_PKG_VERSION")).into(),
        service: connection.endpoint.service(),
        connection: connection.name,
        organisation: connection.organisation.map(|organisation| organisation.name),
        project: connection.project.name,
        environment,
        moments,
        identities: input.identities,
        authors: input.authors,
    }
}
