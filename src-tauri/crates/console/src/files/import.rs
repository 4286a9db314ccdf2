//! Opening a chosen file as a connection.

use halyard_mirror::file::{FileError, Seal};
use halyard_mirror::{Import, OpenedMoment};
use halyard_model::{Connection, ConnectionId, Endpoint, Environment, Named};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    chosen::{Bytes, ChosenId, FileContent, read_through},
    ended,
};
use crate::{Console, ConsoleError, Event};

/// How many stretches wait to be written.
const WAITING: usize = 1;

/// How far the opening of a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// Moments that came in.
    pub done: u64,
    /// Out of how many.
    pub total: u64,
    /// What the documents of those that came in come to, in bytes.
    pub bytes: u64,
}

impl Console {
    /// Opens a chosen file as a connection that can only be read: all of it, or
    /// nothing. The same file again is the same connection. The chosen file
    /// is dropped where that succeeds.
    ///
    /// Nobody else waits for it: it comes in stretch by stretch, `progress` is
    /// called after each but the last, and nothing of it is seen until all of
    /// it is there. Giving the chosen file up meanwhile ([`Console::drop_file`])
    /// ends it, with [`ConsoleError::Gone`].
    pub async fn import(
        &self,
        id: &ChosenId,
        seal: Option<Seal>,
        progress: impl Fn(ImportProgress),
    ) -> Result<ConnectionId, ConsoleError> {
        let _turn = self.inner.import_turn.lock().await;
        let (name, bytes) = self.chosen(id)?;
        let content = read_through(bytes.clone(), seal.clone()).await?;
        let connection = connection(&content, name);
        if self.inner.mirror.connection(&connection.id).await?.is_none() {
            let (sender, stretches) = mpsc::channel(WAITING);
            let of = connection.id.clone();
            let coming = Coming {
                id,
                total: content.moments,
                stretches,
                reading: tokio::task::spawn_blocking(move || read_all(&bytes, seal.as_ref(), &of, &sender)),
            };
            let environments = [content.header.environment.clone()];
            self.bring_in(&connection, &environments, coming, progress)
                .await?;
        }
        self.drop_file(id);
        self.tell(Event::App);
        Ok(connection.id)
    }

    async fn bring_in(
        &self,
        connection: &Connection,
        environments: &[Environment],
        coming: Coming<'_>,
        progress: impl Fn(ImportProgress),
    ) -> Result<(), ConsoleError> {
        let mut import = self.inner.mirror.begin_import(connection, environments).await?;
        match self.add_all(&mut import, coming, progress).await {
            Ok(()) => Ok(import.finish().await?),
            Err(error) => {
                if let Err(left) = import.abandon().await {
                    // The next opening of the mirror removes it.
                    tracing::warn!(error = %left, "what came in of a file could not be removed");
                }
                Err(error)
            }
        }
    }

    async fn add_all(
        &self,
        import: &mut Import,
        mut coming: Coming<'_>,
        progress: impl Fn(ImportProgress),
    ) -> Result<(), ConsoleError> {
        let (mut done, mut bytes) = (0, 0);
        while let Some(stretch) = coming.stretches.recv().await {
            done += stretch.len() as u64;
            bytes += stretch
                .iter()
                .map(|opened| opened.moment.document_bytes)
                .sum::<u64>();
            import.add(stretch).await?;
            // Whoever gave the file up does not want it any more.
            self.chosen(coming.id)?;
            if done < coming.total {
                let total = coming.total;
                progress(ImportProgress { done, total, bytes });
            }
        }
        // Only what was read to its end, with a digest that is right, is kept.
        Ok(coming.reading.await.map_err(|_| ended())??)
    }
}

/// A file that is read while it is written.
struct Coming<'a> {
    id: &'a ChosenId,
    total: u64,
    stretches: mpsc::Receiver<Vec<OpenedMoment>>,
    reading: JoinHandle<Result<(), FileError>>,
}

fn read_all(
    bytes: &Bytes,
    seal: Option<&Seal>,
    connection: &ConnectionId,
    stretches: &mpsc::Sender<Vec<OpenedMoment>>,
) -> Result<(), FileError> {
    let mut reader = bytes.reader(seal)?;
    loop {
        let mut stretch = reader.next_stretch()?;
        if stretch.is_empty() {
            return Ok(());
        }
        for opened in &mut stretch {
            opened.moment.connection = connection.clone();
        }
        if stretches.blocking_send(stretch).is_err() {
            return Ok(());
        }
    }
}

fn connection(content: &FileContent, name: String) -> Connection {
    let header = &content.header;
    let named = |name: &str| Named {
        id: String::new(),
        name: name.to_owned(),
    };
    Connection {
        id: content.connection.clone(),
        name: if header.connection.is_empty() {
            name.clone()
        } else {
            header.connection.clone()
        },
        endpoint: Endpoint::File {
            of: header.service,
            name,
            made_at: header.made_at,
        },
        organisation: header.organisation.as_deref().map(named),
        project: named(&header.project),
        demo: false,
    }
}
