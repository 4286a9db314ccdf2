//! What is remembered between two runs.

use halyard_model::{ConnectionId, EnvironmentKey, Protection};
use serde::{Deserialize, Serialize};

use crate::{Console, ConsoleError, Event};

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Whether the desktop tells of trouble in protected environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notices {
    /// It does.
    #[default]
    On,
    /// It does not; Health shows the same.
    Off,
}

/// Where the user was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// Where the user was last.
    pub place: Option<Place>,
    /// Whether the desktop tells of trouble.
    pub notices: Notices,
}

const THEME: &str = "theme";
const PLACE: &str = "place";
const NOTICES: &str = "notices";

impl Console {
    /// What is remembered; a setting that cannot be read counts as unset.
    pub async fn settings(&self) -> Result<Settings, ConsoleError> {
        Ok(Settings {
            theme: self.inner.mirror.setting(THEME).await?.unwrap_or_default(),
            place: self.inner.mirror.setting::<Option<Place>>(PLACE).await?.flatten(),
            notices: self.inner.mirror.setting(NOTICES).await?.unwrap_or_default(),
        })
    }

    /// Remembers light or dark.
    pub async fn set_theme(&self, theme: Theme) -> Result<(), ConsoleError> {
        Ok(self.inner.mirror.save_setting(THEME, &theme).await?)
    }

    /// Remembers whether the desktop tells of trouble. What happens meanwhile
    /// is no news later.
    pub async fn set_notices(&self, notices: Notices) -> Result<(), ConsoleError> {
        Ok(self.inner.mirror.save_setting(NOTICES, &notices).await?)
    }

    /// Remembers where the user is; that environment is refreshed more often.
    pub async fn remember_place(&self, place: Place) -> Result<(), ConsoleError> {
        self.volatile().in_view = Some((place.connection.clone(), place.environment.clone()));
        Ok(self.inner.mirror.save_setting(PLACE, &place).await?)
    }

    /// Forgets where the user was, where that is in a connection that goes.
    pub(crate) async fn forget_place(&self, connection: &ConnectionId) -> Result<(), ConsoleError> {
        let place = self.settings().await?.place;
        if place.is_some_and(|place| place.connection == *connection) {
            self.inner.mirror.save_setting(PLACE, &None::<Place>).await?;
        }
        Ok(())
    }

    /// Chooses how much a write to an environment asks first.
    pub async fn set_protection(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        protection: Protection,
    ) -> Result<(), ConsoleError> {
        if self.known_connection(connection).await?.endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        self.inner
            .mirror
            .set_protection(connection, environment, protection)
            .await?;
        self.tell(Event::App);
        Ok(())
    }
}
