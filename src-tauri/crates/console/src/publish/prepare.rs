//! Making an edit ready to be sent: it rests on what the mirror holds, and
//! names what exists.

use std::time::Duration;

use halyard_model::{Edit, EditState, Rebased, Refusal, SegmentKey, Subject, SubjectState, Variant, rebase};

use super::run::met_by;
use crate::{Console, ConsoleError, edit::Desk, state::Site};

/// How often it is looked whether a refresh that goes on has ended.
const REFRESH_POLL: Duration = Duration::from_millis(20);

/// What stands before the name of an option that is made with its flag, in the
/// place of the service's identifier.
const NEW_OPTION: &str = "new:";

/// An edit about to be sent.
pub(super) enum Prepared {
    Ready(Box<Edit>),
    /// It is not sent; its row says why.
    Settled,
}

impl Console {
    /// Makes a pending edit ready. It may be written down changed: resting on
    /// what the mirror holds now, naming what has been made.
    pub(super) async fn prepared(&self, desk: &Desk, edit: Edit) -> Result<Prepared, ConsoleError> {
        let mut ready = edit.clone();
        if let Err(name) = self.name_segments(&desk.site, &mut ready).await? {
            let reason = format!("The segment {name} is not there.");
            self.recorded(edit, EditState::Refused(Refusal::because(reason)))
                .await?;
            return Ok(Prepared::Settled);
        }
        if !self.has_flag(&desk.site, &ready).await? {
            let reason = "The flag is not there.";
            self.recorded(edit, EditState::Refused(Refusal::because(reason)))
                .await?;
            return Ok(Prepared::Settled);
        }
        if let Err(name) = self.name_options(&desk.site, &mut ready).await? {
            let reason = format!("The flag has no option {name}.");
            self.recorded(edit, EditState::Refused(Refusal::because(reason)))
                .await?;
            return Ok(Prepared::Settled);
        }
        if let Some(now) = self.ground(&ready).await? {
            match rebase(&ready, now.as_ref()) {
                Rebased::Unchanged => {}
                Rebased::AlreadyThere => ready = met_by(&ready, now.as_ref()),
                Rebased::Moved(moved) => ready = *moved,
                Rebased::Contested(_) => {
                    let state = EditState::Conflicted {
                        theirs: now.map(Box::new),
                        already_sent: false,
                    };
                    self.recorded(edit, state).await?;
                    return Ok(Prepared::Settled);
                }
            }
        }
        Ok(Prepared::Ready(Box::new(ready)))
    }

    /// Puts identifiers in the place of names of segments that have been made.
    /// The name of one that has not been.
    async fn name_segments(&self, site: &Site, edit: &mut Edit) -> Result<Result<(), String>, ConsoleError> {
        let mut refreshed = false;
        for segment in segments_to_be(edit.wish.as_ref()) {
            let Some(name) = segment.name_to_be().map(str::to_owned) else {
                continue;
            };
            let mut made = self.segment_named(site, &name).await?;
            if made.is_none() && !refreshed {
                self.refreshed(site).await?;
                refreshed = true;
                made = self.segment_named(site, &name).await?;
            }
            match made {
                Some(made) => name_segment(&mut edit.wish, &segment, &made),
                None => return Ok(Err(name)),
            }
        }
        Ok(Ok(()))
    }

    /// The identifier of a segment by its name, as the mirror has it.
    pub(super) async fn segment_named(
        &self,
        site: &Site,
        name: &str,
    ) -> Result<Option<SegmentKey>, ConsoleError> {
        let listed = self.inner.mirror.segments(&site.0, &site.1).await?;
        // The service takes the blanks around a name away.
        let found = listed.into_iter().find(|one| one.name.trim() == name.trim());
        Ok(found.map(|one| SegmentKey(one.remote_id)))
    }

    /// Puts identifiers in the place of names of options that were made with
    /// their flag. The name of one that was not.
    async fn name_options(&self, site: &Site, edit: &mut Edit) -> Result<Result<(), String>, ConsoleError> {
        let Some(flag) = edit.flag().cloned() else {
            return Ok(Ok(()));
        };
        let is_new = |share: &&mut Variant| share.id.starts_with(NEW_OPTION);
        if !shares_of(&mut edit.wish).any(|share| is_new(&share)) {
            return Ok(Ok(()));
        }
        let known = self.inner.mirror.flag(&site.0, &site.1, &flag).await?;
        let options = known.map(|flag| flag.state.variants).unwrap_or_default();
        let made = |share: &Variant| {
            let same_key = |option: &&Variant| share.key.is_some() && option.key == share.key;
            let same_value = |option: &&Variant| option.value == share.value;
            let found = options.iter().find(same_key).or(options.iter().find(same_value));
            found.map(|option| option.id.clone())
        };
        for share in shares_of(&mut edit.base).filter(is_new) {
            if let Some(id) = made(share) {
                share.id = id;
            }
        }
        for share in shares_of(&mut edit.wish).filter(is_new) {
            match made(share) {
                Some(id) => share.id = id,
                None => return Ok(Err(share.key.clone().unwrap_or_else(|| share.value.text()))),
            }
        }
        Ok(Ok(()))
    }

    /// Whether the flag is there that an edit's state is of. One that has just
    /// been made comes into the mirror first.
    async fn has_flag(&self, site: &Site, edit: &Edit) -> Result<bool, ConsoleError> {
        let (Subject::FlagState { flag } | Subject::IdentityOverride { flag, .. }) = &edit.subject else {
            return Ok(true);
        };
        if self.inner.mirror.flag(&site.0, &site.1, flag).await?.is_some() {
            return Ok(true);
        }
        self.refreshed(site).await?;
        Ok(self.inner.mirror.flag(&site.0, &site.1, flag).await?.is_some())
    }

    /// A whole refresh that begins from now on.
    pub(crate) async fn refreshed(&self, site: &Site) -> Result<(), ConsoleError> {
        while self.is_refreshing(&site.0, &site.1) {
            tokio::time::sleep(REFRESH_POLL).await;
        }
        self.refresh(&site.0, &site.1).await
    }
}

/// Every share of an option that a state gives.
fn shares_of(state: &mut Option<SubjectState>) -> impl Iterator<Item = &mut Variant> {
    let (own, overrides) = match state {
        Some(SubjectState::FlagState(state)) => {
            (Some(&mut state.variants), state.segment_overrides.as_mut_slice())
        }
        Some(SubjectState::IdentityOverride(state)) => (Some(&mut state.variants), [].as_mut_slice()),
        _ => (None, [].as_mut_slice()),
    };
    let overrides = overrides.iter_mut().flat_map(|own| &mut own.variants);
    own.into_iter().flatten().chain(overrides)
}

fn segments_to_be(wish: Option<&SubjectState>) -> Vec<SegmentKey> {
    let Some(SubjectState::FlagState(state)) = wish else {
        return Vec::new();
    };
    let keys = state
        .segment_overrides
        .iter()
        .map(|own| SegmentKey(own.segment_id.clone()));
    keys.filter(|key| key.name_to_be().is_some()).collect()
}

fn name_segment(wish: &mut Option<SubjectState>, segment: &SegmentKey, made: &SegmentKey) {
    let Some(SubjectState::FlagState(state)) = wish else {
        return;
    };
    for own in &mut state.segment_overrides {
        if own.segment_id == segment.0 {
            own.segment_id.clone_from(&made.0);
        }
    }
}
