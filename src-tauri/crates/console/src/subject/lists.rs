//! Segments, configs and identities as lists.

use std::collections::BTreeMap;

use halyard_model::{
    ConfigDefinition, ConnectionId, Edit, EnvironmentKey, FlagKey, IdentityState, SegmentDefinition,
    SegmentKey, Service, Subject, SubjectState, Timestamp,
};
use serde_json::Value;

use super::{IsAbout, document, state::segment_definition};
use crate::{Console, ConsoleError, revision_of};

/// A flag that a segment decides for its members.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentUse {
    /// The flag.
    pub flag: FlagKey,
    /// On or off for members; none on EdgeFlags, whose rules only name segments.
    pub enabled: Option<bool>,
}

/// A segment as the mirror holds it, or as a staged edit is about to make it.
#[derive(Clone, Debug)]
pub struct SegmentFacts {
    /// Its identifier.
    pub segment: SegmentKey,
    /// Its name and rules; `None` for one that is only staged.
    pub definition: Option<SegmentDefinition>,
    /// [`revision_of`] its state.
    pub revision: String,
    /// The flags that it overrides here.
    pub uses: Vec<SegmentUse>,
    /// Its edit in an open change set, where there is one.
    pub staged: Option<Edit>,
}

/// An EdgeFlags config as the mirror holds it, or as a staged edit is about to
/// make it.
#[derive(Clone, Debug)]
pub struct ConfigFacts {
    /// Its key.
    pub key: String,
    /// Its values; `None` for one that is only staged.
    pub definition: Option<ConfigDefinition>,
    /// [`revision_of`] its state.
    pub revision: String,
    /// Its edit in an open change set, where there is one.
    pub staged: Option<Edit>,
}

/// A state of a flag that one identity has of its own.
#[derive(Clone, Debug)]
pub struct IdentityOverrideFacts {
    /// The flag.
    pub flag: FlagKey,
    /// The identity.
    pub identity: String,
    /// What it gets; `None` where that is only staged.
    pub state: Option<IdentityState>,
    /// [`revision_of`] that state.
    pub revision: String,
    /// Its edit in an open change set, where there is one.
    pub staged: Option<Edit>,
}

/// An identity with what it has of its own.
#[derive(Clone, Debug)]
pub struct IdentityFacts {
    /// The identifier the application uses.
    pub identity: String,
    /// Its traits as the service told at this moment.
    pub traits: BTreeMap<String, Value>,
    /// [`revision_of`] its traits.
    pub traits_revision: String,
    /// When they were read; none where the service could not be asked.
    pub traits_read_at: Option<Timestamp>,
    /// Why the service could not be asked.
    pub traits_failure: Option<String>,
    /// Staged edits of its traits.
    pub staged_traits: Option<Edit>,
    /// States of flags that it has of its own, by flag.
    pub overrides: Vec<IdentityOverrideFacts>,
}

impl Console {
    /// The segments of an environment's project with the flags they override
    /// there, those about to be made at the end.
    pub async fn segments(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<SegmentFacts>, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let service = self.known_connection(connection).await?.endpoint.service();
        let staged = self.staged_edits(connection).await?;
        let Some((_, document)) = self.document_of(&site).await? else {
            return Ok(Vec::new());
        };
        let flags = self.inner.mirror.flags(connection, environment).await?;
        let mut all = Vec::new();
        for listed in self.inner.mirror.segments(connection, environment).await? {
            let segment = SegmentKey(listed.remote_id.clone());
            let subject = Subject::Segment {
                segment: segment.clone(),
            };
            let definition = match self.held(&site, &subject).await?.state {
                Some(SubjectState::Segment(definition)) => definition,
                _ => segment_definition(&document, &listed),
            };
            let uses = match service {
                Service::Flagsmith => flags
                    .iter()
                    .filter_map(|flag| {
                        let overrides = &flag.state.segment_overrides;
                        let own = overrides.iter().find(|own| own.segment_id == segment.0)?;
                        Some(SegmentUse {
                            flag: flag.key.clone(),
                            enabled: Some(own.enabled),
                        })
                    })
                    .collect(),
                Service::EdgeFlags => flags
                    .iter()
                    .filter(|flag| {
                        let targeting = flag.state.targeting.as_ref();
                        targeting.is_some_and(|targeting| names_segment(targeting, &segment.0))
                    })
                    .map(|flag| SegmentUse {
                        flag: flag.key.clone(),
                        enabled: None,
                    })
                    .collect(),
            };
            all.push(SegmentFacts {
                revision: revision_of(Some(&SubjectState::Segment(definition.clone()))),
                staged: staged_for(&staged, environment, &subject),
                definition: Some(definition),
                segment,
                uses,
            });
        }
        for edit in staged {
            let Subject::Segment { segment } = &edit.subject else {
                continue;
            };
            if edit.base.is_none() && all.iter().all(|known| known.segment != *segment) {
                all.push(SegmentFacts {
                    segment: segment.clone(),
                    definition: None,
                    revision: revision_of(None),
                    uses: Vec::new(),
                    staged: Some(edit),
                });
            }
        }
        Ok(all)
    }

    /// The configs of an EdgeFlags project, sorted by key; none on Flagsmith.
    pub async fn configs(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<Vec<ConfigFacts>, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let staged = self.staged_edits(connection).await?;
        let document = self.document_of(&site).await?;
        let listed = document
            .as_ref()
            .and_then(|(_, document)| document["configs"].as_array());
        let mut keys: Vec<String> = listed
            .into_iter()
            .flatten()
            .filter_map(|one| one["key"].as_str().map(str::to_owned))
            .collect();
        for edit in &staged {
            if let Subject::Config { key } = &edit.subject {
                keys.push(key.clone());
            }
        }
        keys.sort();
        keys.dedup();
        let mut all = Vec::new();
        for key in keys {
            let subject = Subject::Config { key: key.clone() };
            let state = self.held(&site, &subject).await?.state;
            all.push(ConfigFacts {
                key,
                revision: revision_of(state.as_ref()),
                definition: match state {
                    Some(SubjectState::Config(definition)) => Some(definition),
                    _ => None,
                },
                staged: staged_for(&staged, environment, &subject),
            });
        }
        Ok(all)
    }

    /// The identities that have a state of a flag of their own, with those
    /// about to get one at the end.
    pub async fn identity_overrides_of(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
    ) -> Result<Vec<IdentityOverrideFacts>, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let found = match self.document_of(&site).await? {
            Some((_, document)) => document::overrides_of_flag(&document, flag),
            None => Vec::new(),
        };
        let held = found
            .into_iter()
            .map(|(identity, state)| (flag.clone(), identity, state))
            .collect();
        self.with_staged(&site.0, environment, held, |known, _| known == flag)
            .await
    }

    /// An identity: its traits as the service has them now, and the states it
    /// has of its own as the mirror has them.
    pub async fn identity(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        identity: &str,
    ) -> Result<IdentityFacts, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let found = match self.document_of(&site).await? {
            Some((_, document)) => document::overrides_of_identity(&document, identity),
            None => BTreeMap::new(),
        };
        let held = found
            .into_iter()
            .map(|(flag, state)| (flag, identity.to_owned(), state))
            .collect();
        let overrides = self
            .with_staged(&site.0, environment, held, |_, known| known == identity)
            .await?;
        let subject = Subject::Traits {
            identity: identity.to_owned(),
        };
        let (held, failure) = match self.read_live(&site, &subject).await {
            Ok(held) => (held, None),
            Err(error) => (self.held(&site, &subject).await?, Some(error.to_string())),
        };
        let staged = self.staged_edits(connection).await?;
        Ok(IdentityFacts {
            identity: identity.to_owned(),
            traits_revision: revision_of(held.state.as_ref()),
            traits: match held.state {
                Some(SubjectState::Traits(traits)) => traits,
                _ => BTreeMap::new(),
            },
            traits_read_at: held.fetched_at,
            traits_failure: failure,
            staged_traits: staged_for(&staged, environment, &subject),
            overrides,
        })
    }

    async fn with_staged(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        held: Vec<(FlagKey, String, IdentityState)>,
        concerns: impl Fn(&FlagKey, &str) -> bool,
    ) -> Result<Vec<IdentityOverrideFacts>, ConsoleError> {
        let staged = self.staged_edits(connection).await?;
        let mut all: Vec<IdentityOverrideFacts> = held
            .into_iter()
            .map(|(flag, identity, state)| {
                let subject = Subject::IdentityOverride {
                    flag: flag.clone(),
                    identity: identity.clone(),
                };
                IdentityOverrideFacts {
                    revision: revision_of(Some(&SubjectState::IdentityOverride(state.clone()))),
                    staged: staged_for(&staged, environment, &subject),
                    state: Some(state),
                    flag,
                    identity,
                }
            })
            .collect();
        for edit in staged.into_iter().filter(|edit| edit.environment == *environment) {
            let Subject::IdentityOverride { flag, identity } = &edit.subject else {
                continue;
            };
            let known = all
                .iter()
                .any(|one| one.flag == *flag && one.identity == *identity);
            if !known && concerns(flag, identity) {
                all.push(IdentityOverrideFacts {
                    flag: flag.clone(),
                    identity: identity.clone(),
                    state: None,
                    revision: revision_of(None),
                    staged: Some(edit),
                });
            }
        }
        Ok(all)
    }
}

fn staged_for(staged: &[Edit], environment: &EnvironmentKey, subject: &Subject) -> Option<Edit> {
    staged
        .iter()
        .rfind(|edit| edit.is_about(environment, subject))
        .cloned()
}

/// Whether a condition anywhere in targeting asks for membership of a segment.
pub(crate) fn names_segment(targeting: &Value, segment: &str) -> bool {
    match targeting {
        Value::Object(members) => {
            let asks = members.get("property").is_some_and(|name| name == "segment");
            let named = match members.get("value") {
                Some(Value::Array(list)) => list.iter().any(|one| one == segment),
                Some(one) => one == segment,
                None => false,
            };
            (asks && named) || members.values().any(|part| names_segment(part, segment))
        }
        Value::Array(list) => list.iter().any(|one| names_segment(one, segment)),
        _ => false,
    }
}
