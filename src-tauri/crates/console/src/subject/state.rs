//! The state of one subject in the mirror.

use halyard_model::{
    Flag, FlagDefinition, FlagValue, Segment, SegmentDefinition, Service, Subject, SubjectState, Timestamp,
};
use halyard_provider::{Found, edgeflags};
use serde_json::Value;

use super::document;
use crate::{Console, ConsoleError, state::Site};

/// A state with its age.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    /// `None` where the subject does not exist.
    pub(crate) state: Option<SubjectState>,
    /// None where nothing was fetched yet.
    pub(crate) fetched_at: Option<Timestamp>,
}

impl Console {
    /// What the mirror holds of a subject; for traits, what was last read.
    pub(crate) async fn held(&self, site: &Site, subject: &Subject) -> Result<Held, ConsoleError> {
        match subject {
            Subject::FlagState { flag } => {
                let row = self.inner.mirror.flag_row(&site.0, &site.1, flag).await?;
                Ok(row.map_or_else(Held::default, |row| Held {
                    state: Some(row.flag.state.into()),
                    fetched_at: Some(row.fetched_at),
                }))
            }
            Subject::Flag { flag } => {
                let Some(row) = self.inner.mirror.flag_row(&site.0, &site.1, flag).await? else {
                    return self.held_in_document(site, subject).await;
                };
                let in_document = self.held_in_document(site, subject).await?;
                if in_document.state.is_some() {
                    return Ok(in_document);
                }
                let mut definition = definition_of(&row.flag);
                let asked = self
                    .volatile()
                    .asked
                    .get(&(site.clone(), subject.clone()))
                    .cloned();
                if let Some(SubjectState::Flag(asked)) = asked.and_then(|held| held.state) {
                    definition.enabled = asked.enabled;
                    definition.value = asked.value;
                    definition.options = asked.options;
                }
                Ok(Held {
                    state: Some(SubjectState::Flag(definition)),
                    fetched_at: Some(row.fetched_at),
                })
            }
            Subject::Traits { .. } => {
                let key = (site.clone(), subject.clone());
                Ok(self.volatile().asked.get(&key).cloned().unwrap_or_default())
            }
            Subject::IdentityOverride { .. } | Subject::Segment { .. } | Subject::Config { .. } => {
                self.held_in_document(site, subject).await
            }
        }
    }

    async fn held_in_document(&self, site: &Site, subject: &Subject) -> Result<Held, ConsoleError> {
        let Some((snapshot, document)) = self.document_of(site).await? else {
            return Ok(Held::default());
        };
        let state = match subject {
            Subject::Segment { segment } if !is_lists(&document) => {
                let listed = self.inner.mirror.segments(&site.0, &site.1).await?;
                let listed = listed.iter().find(|one| one.remote_id == segment.0);
                listed.map(|listed| SubjectState::Segment(segment_definition(&document, listed)))
            }
            Subject::Flag { .. } if !is_lists(&document) => None,
            _ => state_in(&document, subject),
        };
        Ok(Held {
            state,
            fetched_at: Some(snapshot.fetched_at),
        })
    }

    /// Reads what the mirror does not hold of a subject, so that it can be
    /// shown and rested on.
    pub(super) async fn read_live(&self, site: &Site, subject: &Subject) -> Result<Held, ConsoleError> {
        let known = match subject.flag() {
            Some(flag) => self.inner.mirror.flag(&site.0, &site.1, flag).await?,
            None => None,
        };
        let reach = self.reach(site).await?;
        let asked_at = self.inner.clock.now();
        let answer = reach
            .provider
            .read(reach.target(), subject, known.as_ref())
            .await?;
        let found = self.heard(&site.0, answer);
        self.keep_asked(site, subject, Some(&found), asked_at);
        Ok(Held {
            state: found.state,
            fetched_at: Some(asked_at),
        })
    }

    /// As [`Console::read_live`], of what a flag begins with on Flagsmith:
    /// asked for once, since it hardly changes. Without an answer the mirror's
    /// lists have to do.
    pub(crate) async fn read_beginnings(&self, site: &Site, subject: &Subject) -> Result<(), ConsoleError> {
        let Subject::Flag { flag } = subject else {
            return Ok(());
        };
        let asked = self
            .volatile()
            .asked
            .contains_key(&(site.clone(), subject.clone()));
        let connection = self.known_connection(&site.0).await?;
        if connection.endpoint.is_file() {
            return Ok(());
        }
        let listed = self.inner.mirror.flag(&site.0, &site.1, flag).await?.is_some();
        if asked || !listed || connection.endpoint.service() != Service::Flagsmith {
            return Ok(());
        }
        if let Err(error) = self.read_live(site, subject).await {
            tracing::info!(
                error = error.for_log(),
                "what a flag begins with could not be asked for"
            );
        }
        Ok(())
    }

    /// Keeps what a write or a reading showed of what the mirror does not hold.
    pub(crate) fn keep_asked(&self, site: &Site, subject: &Subject, found: Option<&Found>, at: Timestamp) {
        let (Subject::Traits { .. } | Subject::Flag { .. }, Some(found)) = (subject, found) else {
            return;
        };
        let held = Held {
            state: found.state.clone(),
            fetched_at: Some(at),
        };
        self.volatile()
            .asked
            .insert((site.clone(), subject.clone()), held);
    }
}

/// A subject's state in a document, of either service, where documents hold it.
pub(crate) fn state_in(document: &Value, subject: &Subject) -> Option<SubjectState> {
    match subject {
        Subject::IdentityOverride { flag, identity } => {
            document::identity_override(document, flag, identity).map(SubjectState::IdentityOverride)
        }
        Subject::Flag { flag } => edgeflags::flag_definition(document, &flag.0).map(SubjectState::Flag),
        Subject::Config { key } => edgeflags::config_definition(document, key).map(SubjectState::Config),
        Subject::Segment { segment } => {
            edgeflags::segment_definition(document, &segment.0).map(SubjectState::Segment)
        }
        Subject::FlagState { .. } | Subject::Traits { .. } => None,
    }
}

/// Whether a document is EdgeFlags' lists.
fn is_lists(document: &Value) -> bool {
    document["flags"].is_array()
}

/// A segment: its rules from the document, the rest from the list.
pub(super) fn segment_definition(document: &Value, listed: &Segment) -> SegmentDefinition {
    let found = document::segment(document, &listed.remote_id);
    let mut definition = found.unwrap_or_else(|| SegmentDefinition {
        name: listed.name.clone(),
        description: None,
        rules: Vec::new(),
        version: None,
    });
    definition.name.clone_from(&listed.name);
    definition.description.clone_from(&listed.description);
    definition
}

/// What a flag is in every environment, as far as Flagsmith's lists tell.
pub(crate) fn definition_of(flag: &Flag) -> FlagDefinition {
    FlagDefinition {
        description: flag.description.clone(),
        tags: flag.tags.iter().map(|tag| tag.label.clone()).collect(),
        archived: flag.archived,
        server_only: flag.server_only,
        options: flag.state.variants.clone(),
        // What a new environment begins with is fixed and not listed.
        enabled: false,
        value: FlagValue::default(),
        targeting: None,
        active_from: None,
        active_until: None,
        version: None,
    }
}
