//! Opening a chosen file as a connection.

use halyard_mirror::OpenedMoment;
use halyard_mirror::file::{FileError, Seal};
use halyard_model::{Connection, ConnectionId, Endpoint, Named};
use tokio::sync::mpsc;

use super::{
    chosen::{Bytes, ChosenId, FileContent, read_through},
    ended,
};
use crate::{Console, ConsoleError, Event};

/// How many moments wait to be written.
const WAITING: usize = 2;

impl Console {
    /// Opens a chosen file as a connection that can only be read: all of it, or
    /// nothing. The same file again is the same connection. The chosen file
    /// is dropped where that succeeds.
    pub async fn import(&self, id: &ChosenId, seal: Option<Seal>) -> Result<ConnectionId, ConsoleError> {
        let _turn = self.inner.save_turn.lock().await;
        let (name, bytes) = self.chosen(id)?;
        let content = read_through(bytes.clone(), seal.clone()).await?;
        let connection = connection(&content, name);
        if self.inner.mirror.connection(&connection.id).await?.is_none() {
            self.bring_in(&connection, &content, bytes, seal).await?;
        }
        self.drop_file(id);
        self.tell(Event::App);
        Ok(connection.id)
    }

    async fn bring_in(
        &self,
        connection: &Connection,
        content: &FileContent,
        bytes: Bytes,
        seal: Option<Seal>,
    ) -> Result<(), ConsoleError> {
        let (sender, mut moments) = mpsc::channel(WAITING);
        let id = connection.id.clone();
        let reading = tokio::task::spawn_blocking(move || read_all(&bytes, seal.as_ref(), &id, &sender));
        let environments = [content.header.environment.clone()];
        let mut import = self.inner.mirror.begin_import(connection, &environments).await?;
        while let Some(moment) = moments.recv().await {
            import.add(moment).await?;
        }
        // Only what was read to its end, with a digest that is right, is kept.
        reading.await.map_err(|_| ended())??;
        Ok(import.finish().await?)
    }
}

fn read_all(
    bytes: &Bytes,
    seal: Option<&Seal>,
    connection: &ConnectionId,
    moments: &mpsc::Sender<OpenedMoment>,
) -> Result<(), FileError> {
    let mut reader = bytes.reader(seal)?;
    while let Some(found) = reader.next_moment()? {
        let mut opened = reader.open_moment(&found)?;
        opened.moment.connection = connection.clone();
        if moments.blocking_send(opened).is_err() {
            break;
        }
    }
    Ok(())
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
