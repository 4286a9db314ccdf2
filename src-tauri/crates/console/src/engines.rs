//! Compiled environment documents, kept while they are previewed.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use halyard_engine::Engine;
use halyard_model::ConnectionId;

use crate::state::Site;

/// Documents kept compiled: more than one person compares, and few enough that
/// large ones do not add up.
const MOST: usize = 4;

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

/// The compiled documents, the one used last at the end.
#[derive(Default)]
pub(crate) struct Engines {
    kept: Vec<(Site, Fingerprint, Arc<Engine>)>,
}

impl Engines {
    /// The compiled form of a document, where it is kept.
    pub(crate) fn find(&mut self, site: &Site, document: Fingerprint) -> Option<Arc<Engine>> {
        let place = self
            .kept
            .iter()
            .position(|(of, known, _)| of == site && *known == document)?;
        let used = self.kept.remove(place);
        let engine = used.2.clone();
        self.kept.push(used);
        Some(engine)
    }

    /// Keeps the compiled form of a document in place of the site's last one.
    pub(crate) fn keep(&mut self, site: &Site, document: Fingerprint, engine: Arc<Engine>) {
        self.kept.retain(|(of, ..)| of != site);
        if self.kept.len() >= MOST {
            self.kept.remove(0);
        }
        self.kept.push((site.clone(), document, engine));
    }

    /// Drops what belongs to a connection.
    pub(crate) fn forget(&mut self, connection: &ConnectionId) {
        self.kept.retain(|((of, _), ..)| of != connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::Dialect;
    use halyard_model::EnvironmentKey;
    use serde_json::json;

    #[test]
    fn the_newest_documents_are_kept_and_no_more() {
        let document = json!({
            "id": 1, "api_key": "k", "name": "e", "feature_states": [],
            "project": {"id": 1, "name": "p", "organisation": {
                "id": 1, "name": "o", "feature_analytics": false, "stop_serving_flags": false,
                "persist_trait_data": true}, "hide_disabled_flags": false, "segments": []},
        });
        let engine = Arc::new(Engine::from_document(&document, Dialect::Server10_2).unwrap());
        let site = |name: usize| (ConnectionId("c".into()), EnvironmentKey(name.to_string()));
        let text = Fingerprint::of("text");
        let mut engines = Engines::default();
        for name in 0..MOST {
            engines.keep(&site(name), text, engine.clone());
        }
        assert!(engines.find(&site(0), text).is_some());
        assert!(engines.find(&site(0), Fingerprint::of("other")).is_none());
        engines.keep(&site(MOST), text, engine.clone());
        assert!(engines.find(&site(0), text).is_some(), "used since");
        assert!(
            engines.find(&site(1), text).is_none(),
            "the one not used for longest goes"
        );
        engines.keep(&site(0), Fingerprint::of("newer"), engine);
        assert_eq!(engines.kept.len(), MOST);
        engines.forget(&ConnectionId("c".into()));
        assert!(engines.kept.is_empty());
    }
}
