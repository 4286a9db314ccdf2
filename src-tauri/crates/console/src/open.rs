//! Putting a console together for the app.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use halyard_mirror::{Mirror, Opened, SetAsideReason};
use halyard_model::Service;
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider};

use crate::{
    ActivityRecorder, Clock, Console, ConsoleError, ConsoleParts, Providers, Traffic, secret::KeyStore,
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
    /// The folder cannot be used; this session is kept in memory only.
    InMemory {
        /// Why.
        reason: String,
    },
}

impl Console {
    /// Opens the local copy in a folder and puts a console around it. Where
    /// the folder cannot be used, one in memory, so that the window can say why.
    pub async fn open(
        folder: &Path,
        keys: Arc<dyn KeyStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Console, Beginning), ConsoleError> {
        let (mirror, beginning) = match Mirror::open(folder, None).await {
            Ok((mirror, opened)) => (mirror, beginning(opened)),
            Err(error) => {
                tracing::error!(%error, "the mirror could not be opened");
                (
                    Mirror::in_memory().await?,
                    Beginning::InMemory {
                        reason: error.to_string(),
                    },
                )
            }
        };
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
        Ok((
            Console::new(ConsoleParts {
                mirror,
                keys,
                clock,
                providers: providers(settings)?,
                traffic,
            }),
            beginning,
        ))
    }

    /// Closes the local copy, with everything written.
    pub async fn close(&self) {
        self.inner.activity.written().await;
        self.inner.mirror.close().await;
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

fn beginning(opened: Opened) -> Beginning {
    match opened {
        Opened::Ready | Opened::Unconverted => Beginning::Ready,
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
