//! What a start makes of sets that were being published, and what is read
//! again of edits whose answers were lost.

use std::time::Duration;

use halyard_model::{ChangeSetId, ChangeSetState, Edit, EditState, PauseReason};
use tokio_util::sync::CancellationToken;

use crate::{Console, ConsoleError};

/// How often edits of unknown outcome are read again.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long after it came to rest a set is looked back at: a late write comes
/// within a minute.
const LOOKED_BACK_MILLIS: i64 = 3 * 60_000;

impl Console {
    /// Sorts the sets that an earlier run left in the middle, and their edits.
    /// Where another process publishes, they are not left but on their way, and
    /// stay as they are. Whether they could be sorted.
    pub(crate) async fn recover_sets(&self) -> Result<bool, ConsoleError> {
        let Ok(_owning) = self.inner.outbox.take(self.inner.mirror.directory()) else {
            return Ok(false);
        };
        let _turn = self.inner.change_turn.lock().await;
        for mut set in self.inner.mirror.change_sets(None).await? {
            if self.volatile().runs.contains_key(&set.id) {
                continue;
            }
            let edits = self.inner.mirror.edits_of_change_set(&set.id).await?;
            let was_publishing = set.state == ChangeSetState::Publishing;
            let goes_on = was_publishing || matches!(set.state, ChangeSetState::Paused(_));
            let mut sorted: Vec<Edit> = Vec::new();
            for mut edit in edits {
                let state = match edit.state {
                    // Marked, and cut off before the request that counts left.
                    EditState::Sent if edit.attempt.sent_at.is_none() && goes_on => EditState::Pending,
                    EditState::Sent => {
                        edit.attempt.doubtful = true;
                        EditState::Unknown {
                            reason: "Halyard ended while it was being sent.".into(),
                        }
                    }
                    EditState::Pending if !goes_on => EditState::Staged,
                    _ => continue,
                };
                edit.state = state;
                sorted.push(edit);
            }
            if was_publishing {
                self.move_set(&mut set, ChangeSetState::Paused(PauseReason::Ended));
            }
            if was_publishing || !sorted.is_empty() {
                self.inner.mirror.save_together(&[set], &sorted).await?;
            }
        }
        Ok(true)
    }

    /// Goes on with the sets that were being published when Halyard ended.
    /// What may have been sent is read before anything is sent.
    pub async fn go_on_publishing(&self) -> Result<(), ConsoleError> {
        for set in self.inner.mirror.change_sets(None).await? {
            if set.state == ChangeSetState::Paused(PauseReason::Ended) {
                self.resume(&set.id).await?;
            }
        }
        Ok(())
    }

    /// Goes on with what was being published when Halyard ended, and from then
    /// on reads again what no answer told about, until cancelled.
    pub async fn keep_publishing(&self, cancel: CancellationToken) {
        if let Err(error) = self.go_on_publishing().await {
            tracing::warn!(error = error.for_log(), "publishing could not go on");
        }
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.read_doubtful().await {
                tracing::info!(error = error.for_log(), "what is unknown could not be read again");
            }
        }
    }

    /// Reads every edit of a set again of which no answer could tell, where the
    /// set is not being published. For a while after a set has come to rest it
    /// is also looked for what a late write added twice.
    pub async fn read_doubtful(&self) -> Result<(), ConsoleError> {
        let now = self.inner.clock.now();
        for set in self.inner.mirror.change_sets(None).await? {
            let paused = matches!(set.state, ChangeSetState::Paused(_));
            if paused && self.read_unknown(&set.id).await? {
                self.look_back(&set.id).await?;
                continue;
            }
            let at_rest = paused || set.state == ChangeSetState::Published;
            if at_rest && now.millis_since(set.changed_at) < LOOKED_BACK_MILLIS {
                self.look_back(&set.id).await?;
            }
        }
        Ok(())
    }

    /// Reads the edits of a set of unknown outcome. Whether there were any.
    pub(super) async fn read_unknown(&self, id: &ChangeSetId) -> Result<bool, ConsoleError> {
        let mut edits = self.inner.mirror.edits_of_change_set(id).await?;
        edits.retain(|edit| matches!(edit.state, EditState::Unknown { .. }));
        for edit in &edits {
            // One that cannot be read stays unknown, and holds up what needs it.
            if let Err(error) = self.settle(&edit.id).await {
                tracing::info!(error = error.for_log(), "an unknown edit could not be read");
            }
        }
        Ok(!edits.is_empty())
    }

    /// Reads once more what was ever doubtful, and looks for what a lost write
    /// left behind or added twice.
    pub(super) async fn look_back(&self, id: &ChangeSetId) -> Result<(), ConsoleError> {
        let mut edits = self.inner.mirror.edits_of_change_set(id).await?;
        edits.retain(|edit| edit.attempt.doubtful);
        for edit in edits {
            if matches!(edit.state, EditState::Unknown { .. })
                && let Err(error) = self.settle(&edit.id).await
            {
                tracing::info!(error = error.for_log(), "an unknown edit could not be read");
            }
            if let Err(error) = self.leftovers(&edit.id).await {
                tracing::info!(
                    error = error.for_log(),
                    "what was left behind could not be looked for"
                );
            }
        }
        Ok(())
    }
}
