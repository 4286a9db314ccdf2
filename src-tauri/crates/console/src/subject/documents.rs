//! Environment documents, taken apart and kept while they are looked at.

use std::sync::Arc;

use halyard_mirror::SnapshotFacts;
use halyard_model::ConnectionId;
use serde_json::Value;

use crate::{Console, ConsoleError, engines::computed, state::Site};

/// Few, because documents can be large.
const MOST: usize = 3;

/// The documents taken apart, the one used last at the end.
#[derive(Default)]
pub(crate) struct Documents {
    kept: Vec<(Site, SnapshotFacts, Arc<Value>)>,
}

impl Documents {
    fn find(&mut self, site: &Site, snapshot: &SnapshotFacts) -> Option<Arc<Value>> {
        let place = self
            .kept
            .iter()
            .position(|kept| kept.0 == *site && kept.1 == *snapshot)?;
        let used = self.kept.remove(place);
        let document = used.2.clone();
        self.kept.push(used);
        Some(document)
    }

    fn keep(&mut self, site: Site, snapshot: SnapshotFacts, document: Arc<Value>) {
        self.kept.retain(|kept| kept.0 != site);
        if self.kept.len() >= MOST {
            self.kept.remove(0);
        }
        self.kept.push((site, snapshot, document));
    }

    /// Drops what belongs to a connection.
    pub(crate) fn forget(&mut self, connection: &ConnectionId) {
        self.kept.retain(|kept| kept.0.0 != *connection);
    }
}

impl Console {
    /// The document of an environment's snapshot with what is known about that;
    /// none where there is no snapshot.
    pub(crate) async fn document_of(
        &self,
        site: &Site,
    ) -> Result<Option<(SnapshotFacts, Arc<Value>)>, ConsoleError> {
        let Some(snapshot) = self.inner.mirror.snapshot_facts(&site.0, &site.1).await? else {
            return Ok(None);
        };
        let kept = self.volatile().documents.find(site, &snapshot);
        if let Some(document) = kept {
            return Ok(Some((snapshot, document)));
        }
        let Some(text) = self.inner.mirror.document(&site.0, &site.1).await? else {
            return Ok(None);
        };
        // What cannot be read holds nothing; the engine says what is wrong with it.
        let document: Value = computed(move || Ok(serde_json::from_str(&text).unwrap_or_default())).await?;
        let document = Arc::new(document);
        let mut volatile = self.volatile();
        volatile
            .documents
            .keep(site.clone(), snapshot.clone(), document.clone());
        drop(volatile);
        Ok(Some((snapshot, document)))
    }
}
