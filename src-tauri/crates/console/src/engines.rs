//! Compiled environment documents, kept while they are looked at.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use halyard_engine::{Dialect, Engine, Finding};
use halyard_mirror::SnapshotFacts;
use halyard_model::{At, ConnectionId, Flag, FlagKey, MomentId, Service};
use serde_json::Value;

use crate::{
    Console, ConsoleError,
    draft::Considered,
    impact::{Sampled, Weighings},
    overlay::{self, Overlaid, Places},
    state::Site,
};

/// Documents kept compiled: more than one person compares, and few enough that
/// large ones do not add up.
const MOST: usize = 4;

/// Moments kept compiled beside them: whoever goes through the history looks
/// at one, and at those on either side of it.
const MOST_MOMENTS: usize = 3;

/// Tells one document from another: its hash and its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64, usize);

impl Fingerprint {
    /// Of a document's text.
    pub(crate) fn of(text: &str) -> Fingerprint {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Fingerprint(hasher.finish(), text.len())
    }
}

/// A compiled document with what was worked out of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    text: String,
    /// Taken apart only when something other than an evaluation is asked for.
    document: OnceLock<Value>,
    /// The compiled form.
    pub(crate) engine: Arc<Engine>,
    /// The document with drafts laid over it, as it was last asked for: while
    /// somebody types an identity, the drafts stay the same.
    drafted: Mutex<Option<(Considered, Arc<Overlaid>)>>,
    places: OnceLock<Places>,
    findings: OnceLock<Vec<Finding>>,
    /// What drafts are weighed with.
    pub(crate) sample: Mutex<Option<Arc<Sampled>>>,
    /// What change sets were found to do.
    pub(crate) weighings: Weighings,
}

impl Compiled {
    /// Compiles a document.
    pub(crate) fn of(text: String) -> Result<Compiled, ConsoleError> {
        let engine = Engine::from_text(&text, Dialect::Server10_2)?;
        Ok(Compiled {
            text,
            document: OnceLock::new(),
            engine: Arc::new(engine),
            drafted: Mutex::default(),
            places: OnceLock::new(),
            findings: OnceLock::new(),
            sample: Mutex::default(),
            weighings: Weighings::default(),
        })
    }

    /// The document, taken apart.
    pub(crate) fn document(&self) -> &Value {
        // What compiles is JSON.
        self.document
            .get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    /// Where things stand in the document.
    pub(crate) fn places(&self) -> &Places {
        self.places.get_or_init(|| Places::of(self.document()))
    }

    /// The compiled form with drafts laid over it.
    pub(crate) fn with(&self, considered: &Considered) -> Result<Arc<Overlaid>, ConsoleError> {
        if considered.is_empty() {
            return Ok(Arc::new(Overlaid::plain(self.engine.clone())));
        }
        let mut last = self.drafted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, overlaid)) = last.as_ref()
            && *of == *considered
        {
            return Ok(overlaid.clone());
        }
        let overlaid = Arc::new(overlay::laid_over(self, considered)?);
        *last = Some((considered.clone(), overlaid.clone()));
        Ok(overlaid)
    }

    /// What is doubtful about the document, worst first.
    pub(crate) fn findings(&self) -> &[Finding] {
        self.findings
            .get_or_init(|| self.engine.lint_with(self.document()))
    }
}

/// The compiled documents, the one used last at the end.
#[derive(Default)]
pub(crate) struct Engines {
    kept: Vec<Kept>,
    /// Moments never change, so that each is known by its name.
    moments: Vec<(Site, MomentId, Past)>,
}

/// An environment as it was.
#[derive(Clone)]
pub(crate) struct Past {
    compiled: Arc<Compiled>,
    /// The list of its flags then.
    flags: Arc<[Flag]>,
}

struct Kept {
    site: Site,
    /// The snapshot it was last seen in, so that its text need not be read to
    /// know it again.
    snapshot: SnapshotFacts,
    document: Fingerprint,
    compiled: Arc<Compiled>,
}

impl Engines {
    /// The compiled document of a snapshot, where it is kept.
    pub(crate) fn of_snapshot(&mut self, site: &Site, snapshot: &SnapshotFacts) -> Option<Arc<Compiled>> {
        self.find(|kept| kept.site == *site && kept.snapshot == *snapshot)
    }

    /// The compiled form of a document that turned up in another snapshot,
    /// where it is kept.
    pub(crate) fn of_document(
        &mut self,
        site: &Site,
        snapshot: &SnapshotFacts,
        document: Fingerprint,
    ) -> Option<Arc<Compiled>> {
        let compiled = self.find(|kept| kept.site == *site && kept.document == document)?;
        if let Some(kept) = self.kept.last_mut() {
            kept.snapshot = snapshot.clone();
        }
        Some(compiled)
    }

    fn find(&mut self, is_it: impl Fn(&Kept) -> bool) -> Option<Arc<Compiled>> {
        let place = self.kept.iter().position(is_it)?;
        let used = self.kept.remove(place);
        let compiled = used.compiled.clone();
        self.kept.push(used);
        Some(compiled)
    }

    /// Keeps the compiled form of a document in place of the site's last one.
    pub(crate) fn keep(
        &mut self,
        site: &Site,
        snapshot: SnapshotFacts,
        document: Fingerprint,
        compiled: Arc<Compiled>,
    ) {
        self.kept.retain(|kept| kept.site != *site);
        if self.kept.len() >= MOST {
            self.kept.remove(0);
        }
        self.kept.push(Kept {
            site: site.clone(),
            snapshot,
            document,
            compiled,
        });
    }

    /// A moment, where it is kept.
    pub(crate) fn of_moment(&mut self, site: &Site, moment: MomentId) -> Option<Past> {
        let is_it = |kept: &(Site, MomentId, _)| kept.0 == *site && kept.1 == moment;
        let place = self.moments.iter().position(is_it)?;
        let used = self.moments.remove(place);
        let past = used.2.clone();
        self.moments.push(used);
        Some(past)
    }

    /// Keeps a moment.
    pub(crate) fn keep_moment(&mut self, site: &Site, moment: MomentId, past: Past) {
        if self.moments.len() >= MOST_MOMENTS {
            self.moments.remove(0);
        }
        self.moments.push((site.clone(), moment, past));
    }

    /// Drops what belongs to a connection.
    pub(crate) fn forget(&mut self, connection: &ConnectionId) {
        self.kept.retain(|kept| kept.site.0 != *connection);
        self.moments.retain(|kept| kept.0.0 != *connection);
    }
}

impl Console {
    /// The compiled document of an environment at a moment, or now.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the environment has no such moment;
    /// [`ConsoleError::DamagedMoment`] where not all of it can be read.
    pub(crate) async fn compiled_at(
        &self,
        site: &Site,
        at: Option<MomentId>,
    ) -> Result<Arc<Compiled>, ConsoleError> {
        match at {
            None => self.compiled(site).await,
            Some(moment) => Ok(self.past(site, moment).await?.compiled),
        }
    }

    /// A flag as the mirror holds it, now or at a moment; none where it was not
    /// there.
    ///
    /// At a moment: [`ConsoleError::RemoteOnly`], [`ConsoleError::Gone`] and
    /// [`ConsoleError::DamagedMoment`] as for an evaluation at it.
    pub async fn flag_at(&self, at: &At, flag: &FlagKey) -> Result<Option<Flag>, ConsoleError> {
        let Some(moment) = at.moment else {
            return Ok(self
                .inner
                .mirror
                .flag(&at.connection, &at.environment, flag)
                .await?);
        };
        let past = self.past(&site_of(at), moment).await?;
        let flag = flag.clone();
        computed(move || {
            let mut found = past.flags.iter().find(|known| known.key == flag).cloned();
            // That an identity gets a state of its own is no change of the flag:
            // the list of a moment may have the count from before.
            if let Some(found) = &mut found
                && past.compiled.document()["identity_overrides"].is_array()
            {
                let own = past.compiled.places().identities_with(&flag.0);
                found.identity_overrides = Some(u32::try_from(own).unwrap_or(u32::MAX));
            }
            Ok(found)
        })
        .await
    }

    async fn past(&self, site: &Site, moment: MomentId) -> Result<Past, ConsoleError> {
        let connection = self.known_connection(&site.0).await?;
        if connection.endpoint.service() != Service::Flagsmith {
            return Err(ConsoleError::RemoteOnly);
        }
        let kept = self.volatile().engines.of_moment(site, moment);
        if let Some(past) = kept {
            return Ok(past);
        }
        let opened = self.opened_moment(site, moment).await?;
        let text = opened.snapshot.document;
        let past = Past {
            compiled: computed(move || Compiled::of(text).map(Arc::new)).await?,
            flags: opened.snapshot.flags.into(),
        };
        self.volatile().engines.keep_moment(site, moment, past.clone());
        Ok(past)
    }

    /// The compiled document of an environment, compiled once per document.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself.
    pub(crate) async fn compiled(&self, site: &Site) -> Result<Arc<Compiled>, ConsoleError> {
        let connection = self.known_connection(&site.0).await?;
        if connection.endpoint.service() != Service::Flagsmith {
            return Err(ConsoleError::RemoteOnly);
        }
        let gone = || ConsoleError::Gone {
            what: "the environment document",
        };
        let mirror = &self.inner.mirror;
        let snapshot = mirror.snapshot_facts(&site.0, &site.1).await?.ok_or_else(gone)?;
        let kept = self.volatile().engines.of_snapshot(site, &snapshot);
        if let Some(compiled) = kept {
            return Ok(compiled);
        }
        // Read after its facts, so that it can only be newer than they say: the
        // next look then finds other facts and reads it again.
        let text = mirror.document(&site.0, &site.1).await?.ok_or_else(gone)?;
        let document = Fingerprint::of(&text);
        let kept = self.volatile().engines.of_document(site, &snapshot, document);
        if let Some(compiled) = kept {
            return Ok(compiled);
        }
        let compiled = computed(move || Compiled::of(text).map(Arc::new)).await?;
        self.volatile()
            .engines
            .keep(site, snapshot, document, compiled.clone());
        Ok(compiled)
    }
}

/// The environment that is meant.
pub(crate) fn site_of(at: &At) -> Site {
    (at.connection.clone(), at.environment.clone())
}

/// Computes away from the threads that answer the window: a large document
/// takes long enough to be felt there.
pub(crate) async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConsoleError> + Send + 'static,
) -> Result<T, ConsoleError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or(Err(ConsoleError::Gone {
        what: "what was computed",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{EnvironmentKey, Timestamp};

    const DOCUMENT: &str =
        r#"{"api_key": "k", "name": "e", "feature_states": [], "project": {"segments": []}}"#;

    #[test]
    fn the_newest_documents_are_kept_and_no_more() {
        let compiled = Arc::new(Compiled::of(DOCUMENT.to_owned()).unwrap());
        let site = |name: usize| (ConnectionId("c".into()), EnvironmentKey(name.to_string()));
        let snapshot = |moment| SnapshotFacts {
            fetched_at: Timestamp(moment),
            document_updated_at: None,
            flag_count: 0,
            segment_count: 0,
            document_bytes: 4,
        };
        let (first, later) = (snapshot(1), snapshot(2));
        let text = Fingerprint::of("text");
        let mut engines = Engines::default();
        for name in 0..MOST {
            engines.keep(&site(name), first.clone(), text, compiled.clone());
        }
        assert!(engines.of_snapshot(&site(0), &first).is_some());
        assert!(engines.of_snapshot(&site(0), &later).is_none());
        let other = Fingerprint::of("other");
        assert!(engines.of_document(&site(0), &later, other).is_none());
        assert!(engines.of_document(&site(0), &later, text).is_some());
        assert!(
            engines.of_snapshot(&site(0), &later).is_some(),
            "known again by its facts"
        );
        engines.keep(&site(MOST), first.clone(), text, compiled.clone());
        assert!(engines.of_snapshot(&site(0), &later).is_some(), "used since");
        assert!(
            engines.of_snapshot(&site(1), &first).is_none(),
            "the one not used for longest goes"
        );
        engines.keep(&site(0), later, other, compiled.clone());
        assert_eq!(engines.kept.len(), MOST);
        for moment in 0..5 {
            let past = Past {
                compiled: compiled.clone(),
                flags: Arc::default(),
            };
            engines.keep_moment(&site(0), MomentId(moment), past);
        }
        assert_eq!(engines.moments.len(), MOST_MOMENTS);
        assert!(engines.of_moment(&site(0), MomentId(4)).is_some());
        assert!(
            engines.of_moment(&site(0), MomentId(1)).is_none(),
            "the oldest goes"
        );
        assert!(
            engines.of_moment(&site(1), MomentId(4)).is_none(),
            "of its environment only"
        );
        assert_eq!(engines.kept.len(), MOST, "what is now stays");
        engines.forget(&ConnectionId("c".into()));
        assert!(engines.kept.is_empty() && engines.moments.is_empty());
    }
}
