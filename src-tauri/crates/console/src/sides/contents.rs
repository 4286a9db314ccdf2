//! An environment as subjects with their states, out of the mirror's lists and
//! its document.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use halyard_mirror::DamagedPart;
use halyard_model::{
    At, Connection, Contents, EnvironmentKey, Flag, FlagKey, Moment, MomentId, Segment, SegmentDefinition,
    SegmentKey, Service, Subject, SubjectState,
};
use halyard_provider::edgeflags;
use serde_json::Value;

use crate::{
    Console, ConsoleError,
    engines::computed,
    subject::{definition_of, whole},
};

/// Contents that are kept open: two sides, and what was looked at before.
const MOST: usize = 6;

/// An environment's content now or at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) contents: Arc<Contents>,
    /// The moment, where it is one.
    pub(crate) moment: Option<Moment>,
    /// What of it can no longer be read.
    pub(crate) damaged: Vec<DamagedPart>,
}

/// Moments that were opened, the one used last at the end. What they hold does
/// not change, other than their names.
#[derive(Default)]
pub(crate) struct OpenedMoments {
    kept: Vec<(MomentId, Arc<Contents>, Vec<DamagedPart>)>,
}

impl OpenedMoments {
    fn find(&mut self, id: MomentId) -> Option<(Arc<Contents>, Vec<DamagedPart>)> {
        let place = self.kept.iter().position(|kept| kept.0 == id)?;
        let used = self.kept.remove(place);
        let found = (used.1.clone(), used.2.clone());
        self.kept.push(used);
        Some(found)
    }

    fn keep(&mut self, id: MomentId, contents: Arc<Contents>, damaged: Vec<DamagedPart>) {
        self.kept.retain(|kept| kept.0 != id);
        if self.kept.len() >= MOST {
            self.kept.remove(0);
        }
        self.kept.push((id, contents, damaged));
    }

    /// Drops all.
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}

impl Console {
    /// An environment's content as the mirror holds it, now or at a moment,
    /// without what is staged.
    ///
    /// [`ConsoleError::Gone`] where there is no such moment of the environment,
    /// and where nothing was fetched yet.
    pub(crate) async fn opened(&self, at: &At) -> Result<Opened, ConsoleError> {
        let connection = self.known_connection(&at.connection).await?;
        let Some(id) = at.moment else {
            return self.opened_now(connection, &at.environment).await;
        };
        let gone = || ConsoleError::Gone { what: "the snapshot" };
        let is_its =
            |moment: &Moment| (&moment.connection, &moment.environment) == (&at.connection, &at.environment);
        let kept = self.volatile().opened.find(id);
        if let Some((contents, damaged)) = kept {
            let moment = self
                .inner
                .mirror
                .moment(id)
                .await?
                .filter(is_its)
                .ok_or_else(gone)?;
            return Ok(Opened {
                contents,
                moment: Some(moment),
                damaged,
            });
        }
        let found = self.inner.mirror.open_moment(id).await?;
        let found = found.filter(|found| is_its(&found.moment)).ok_or_else(gone)?;
        let (snapshot, damaged) = (found.snapshot, found.damaged);
        let environment = at.environment.clone();
        let contents = computed(move || {
            let raw = Raw {
                flags: snapshot.flags,
                segments: snapshot.segments,
                document: snapshot.document,
            };
            Ok(Arc::new(raw.contents(&connection, environment)))
        })
        .await?;
        self.volatile().opened.keep(id, contents.clone(), damaged.clone());
        Ok(Opened {
            contents,
            moment: Some(found.moment),
            damaged,
        })
    }

    async fn opened_now(
        &self,
        connection: Connection,
        environment: &EnvironmentKey,
    ) -> Result<Opened, ConsoleError> {
        let (mirror, id) = (&self.inner.mirror, &connection.id);
        let document = mirror.document(id, environment).await?;
        let raw = Raw {
            document: document.ok_or(ConsoleError::Gone {
                what: "the local copy of the environment",
            })?,
            flags: mirror.flags(id, environment).await?,
            segments: mirror.segments(id, environment).await?,
        };
        let environment = environment.clone();
        let contents = computed(move || Ok(Arc::new(raw.contents(&connection, environment)))).await?;
        Ok(Opened {
            contents,
            moment: None,
            damaged: Vec::new(),
        })
    }
}

/// What the mirror holds of an environment.
struct Raw {
    flags: Vec<Flag>,
    segments: Vec<Segment>,
    document: String,
}

impl Raw {
    fn contents(&self, connection: &Connection, environment: EnvironmentKey) -> Contents {
        let endpoint = &connection.endpoint;
        // Two connections to one project are one project.
        let project = format!(
            "{} {}",
            endpoint.address().trim_end_matches('/'),
            connection.project.id
        );
        let mut contents = Contents::new(endpoint.service(), project, environment);
        for listed in &self.segments {
            let key = SegmentKey(listed.remote_id.clone());
            contents.segments.insert(key, listed.name.clone());
        }
        for flag in &self.flags {
            let state = SubjectState::FlagState(flag.state.clone());
            contents.subjects.insert(Subject::state_of(&flag.key), state);
            for own in &flag.state.segment_overrides {
                contents
                    .segments
                    .entry(SegmentKey(own.segment_id.clone()))
                    .or_insert_with(|| own.segment_name.clone());
            }
        }
        match endpoint.service() {
            Service::Flagsmith => self.flagsmith(&mut contents),
            Service::EdgeFlags => self.edgeflags(&mut contents),
        }
        contents
    }

    fn flagsmith(&self, contents: &mut Contents) {
        let mut document = whole(&self.document);
        for flag in &self.flags {
            let subject = Subject::Flag {
                flag: flag.key.clone(),
            };
            let definition = SubjectState::Flag(definition_of(flag));
            contents.subjects.insert(subject, definition);
        }
        for listed in &self.segments {
            let segment = SegmentKey(listed.remote_id.clone());
            let mut definition = match document.segments.remove(&listed.remote_id) {
                Some(definition) => definition,
                // A segment of one flag that overrides nothing is in no document.
                None => {
                    contents.rules_unknown.insert(segment.clone());
                    blank()
                }
            };
            definition.name.clone_from(&listed.name);
            definition.description.clone_from(&listed.description);
            let subject = Subject::Segment { segment };
            contents
                .subjects
                .insert(subject, SubjectState::Segment(definition));
        }
        let known: BTreeSet<&FlagKey> = self.flags.iter().map(|flag| &flag.key).collect();
        for (flag, identity, state) in document.overrides {
            if known.contains(&flag) {
                let subject = Subject::IdentityOverride { flag, identity };
                contents
                    .subjects
                    .insert(subject, SubjectState::IdentityOverride(state));
            }
        }
    }

    fn edgeflags(&self, contents: &mut Contents) {
        let document: Value = serde_json::from_str(&self.document).unwrap_or_default();
        let elements = Elements::of(&document);
        for flag in &self.flags {
            let read = elements.one("flags", &flag.key.0, edgeflags::flag_definition);
            let definition = read.unwrap_or_else(|| definition_of(flag));
            contents.describes |= definition.description.is_some();
            contents.labels |= !definition.tags.is_empty();
            let subject = Subject::Flag {
                flag: flag.key.clone(),
            };
            contents.subjects.insert(subject, SubjectState::Flag(definition));
        }
        for listed in &self.segments {
            let key = &listed.remote_id;
            let Some(definition) = elements.one("segments", key, edgeflags::segment_definition) else {
                continue;
            };
            let segment = SegmentKey(key.clone());
            let subject = Subject::Segment { segment };
            contents
                .subjects
                .insert(subject, SubjectState::Segment(definition));
        }
        for key in edgeflags::config_keys(&document) {
            if let Some(definition) = elements.one("configs", &key, edgeflags::config_definition) {
                contents
                    .subjects
                    .insert(Subject::Config { key }, SubjectState::Config(definition));
            }
        }
    }
}

fn blank() -> SegmentDefinition {
    SegmentDefinition {
        name: String::new(),
        description: None,
        rules: Vec::new(),
        version: None,
    }
}

/// The elements of an EdgeFlags document by key, so that each is found at once.
struct Elements<'d>(BTreeMap<(&'static str, &'d str), &'d Value>);

impl<'d> Elements<'d> {
    fn of(document: &'d Value) -> Elements<'d> {
        let mut elements = BTreeMap::new();
        for kind in ["flags", "segments", "configs"] {
            for one in document[kind].as_array().into_iter().flatten() {
                if let Some(key) = one["key"].as_str() {
                    elements.insert((kind, key), one);
                }
            }
        }
        Elements(elements)
    }

    fn one<T>(&self, kind: &'static str, key: &str, read: impl Fn(&Value, &str) -> Option<T>) -> Option<T> {
        let found = *self.0.get(&(kind, key))?;
        read(&serde_json::json!({ kind: [found] }), key)
    }
}
