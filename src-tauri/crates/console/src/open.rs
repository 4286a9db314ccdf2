//! Putting a console together for the app.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use halyard_mirror::{KeyTrouble, Mirror, MirrorError, Opened, SetAsideReason};
use halyard_model::Service;
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider};

use crate::{
    ActivityRecorder, Clock, Console, ConsoleError, ConsoleParts, Encryption, Providers, Traffic,
    encryption::{Lock, PATIENCE},
    secret::KeyStore,
};

/// What opening the local copy found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing special.
    Ready,
    /// The file was damaged; it was set aside and a new one made.
    Damaged {
        /// Where it is now.
        kept_as: PathBuf,
    },
    /// The file was made by a newer Halyard; it was set aside and a new one made.
    Newer {
        /// Where it is now.
        kept_as: PathBuf,
    },
    /// Encrypting it, or no longer, was cut off; it is as it was before.
    Unconverted,
    /// An encrypted file without its key was set aside on request and a new
    /// one made.
    Anew {
        /// Where it is now.
        kept_as: PathBuf,
        /// Whether the new one is encrypted.
        now: Encryption,
    },
    /// The folder cannot be used; this session is kept in memory only.
    InMemory {
        /// Why.
        reason: String,
    },
}

impl Console {
    /// Opens the local copy in a folder and puts a console around it. Where
    /// the folder cannot be used, one in memory, so that the window can say why.
    ///
    /// An encrypted local copy asks the keychain for its key. Where that has
    /// none, or takes its time, the console is there and [`Console::lock`]
    /// says why nothing is in it.
    pub async fn open(
        folder: &Path,
        keys: Arc<dyn KeyStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Console, Beginning), ConsoleError> {
        let opened = match Mirror::key_needed(folder) {
            Ok(Some(_)) => open_encrypted(folder, &keys, &clock).await,
            Ok(None) => match Mirror::open(folder, None).await {
                Ok((mirror, opened)) => {
                    let console = Console::around(mirror, keys.clone(), clock.clone())?;
                    Ok((console, beginning(opened)))
                }
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        };
        let error = match opened {
            Err(ConsoleError::Mirror(error)) => error,
            other => return other,
        };
        tracing::error!(%error, "the mirror could not be opened");
        let beginning = Beginning::InMemory {
            reason: error.to_string(),
        };
        Ok((
            Console::around(Mirror::in_memory().await?, keys, clock)?,
            beginning,
        ))
    }

    /// A console around a mirror, with the real clients.
    fn around(
        mirror: Mirror,
        keys: Arc<dyn KeyStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Console, ConsoleError> {
        let (recorder, intake) = ActivityRecorder::new();
        let settings = HttpSettings {
            observer: Some(recorder),
            ..HttpSettings::default()
        };
        let traffic = Traffic {
            governor: settings.governor.clone(),
            intake: Some(intake),
            status_feeds: Some(settings.clone()),
        };
        Ok(Console::new(ConsoleParts {
            mirror,
            keys,
            clock,
            providers: providers(settings)?,
            traffic,
        }))
    }

    /// Closes the local copy, with everything written.
    pub async fn close(&self) {
        self.inner.activity.written().await;
        self.inner.mirror.close().await;
    }
}

async fn open_encrypted(
    folder: &Path,
    keys: &Arc<dyn KeyStore>,
    clock: &Arc<dyn Clock>,
) -> Result<(Console, Beginning), ConsoleError> {
    let mirror = Mirror::locked(folder, KeyTrouble::Missing).await?;
    let console = Console::around(mirror, keys.clone(), clock.clone())?;
    console.inner.lock.send_replace(Some(Lock::Waiting));
    match tokio::time::timeout(PATIENCE, console.unlock()).await {
        Ok(Ok(())) => {
            let found = console.volatile().found_later.take();
            Ok((console, found.unwrap_or(Beginning::Ready)))
        }
        // The keychain is still asked, or what is wrong is told in the window.
        Err(_) | Ok(Err(ConsoleError::Mirror(MirrorError::Locked(_)))) => Ok((console, Beginning::Ready)),
        Ok(Err(error)) => Err(error),
    }
}

/// One client per service, so that connections to it are kept open. Both share
/// the governor and the observer.
fn providers(settings: HttpSettings) -> Result<Providers, ConsoleError> {
    let flagsmith: Arc<dyn Provider> = Arc::new(Flagsmith::new(settings.clone())?);
    let edgeflags: Arc<dyn Provider> = Arc::new(EdgeFlags::new(settings)?);
    Ok(Arc::new(move |endpoint| match endpoint.service() {
        Service::Flagsmith => flagsmith.clone(),
        Service::EdgeFlags => edgeflags.clone(),
    }))
}

pub(crate) fn beginning(opened: Opened) -> Beginning {
    match opened {
        Opened::Ready => Beginning::Ready,
        Opened::Unconverted => Beginning::Unconverted,
        Opened::SetAside {
            kept_as,
            why: SetAsideReason::Damaged | SetAsideReason::Locked,
        } => Beginning::Damaged { kept_as },
        Opened::SetAside {
            kept_as,
            why: SetAsideReason::NewerSchema { .. },
        } => Beginning::Newer { kept_as },
    }
}
