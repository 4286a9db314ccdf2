//! For how long nobody must have touched a flag to be told of it.

use crate::{Console, ConsoleError};

/// Where it is kept in the mirror.
const SETTING: &str = "lint_days";

/// Days, where nothing was set.
const USUAL: u32 = 90;

/// No history is older in practice; more is a slip of the keyboard.
const MOST: u32 = 3_650;

impl Console {
    /// A flag that nobody has touched for so many days is told, in every
    /// environment.
    pub async fn lint_days(&self) -> Result<u32, ConsoleError> {
        Ok(self.inner.mirror.setting(SETTING).await?.unwrap_or(USUAL))
    }

    /// Sets after how many days a flag counts as left alone.
    ///
    /// [`ConsoleError::Input`] on `days` where it is less than a day or more
    /// than ten years.
    pub async fn set_lint_days(&self, days: u32) -> Result<(), ConsoleError> {
        if !(1..=MOST).contains(&days) {
            return Err(ConsoleError::Input {
                field: "days",
                sentence: "Type a number of days from 1 to 3,650.".into(),
            });
        }
        Ok(self.inner.mirror.save_setting(SETTING, &days).await?)
    }
}
