//! From a choice to identities.

use std::{collections::BTreeMap, sync::Arc};

use halyard_engine::{
    Chunk, ChunkSource, Cohort, CohortBuilder, CohortChunks, CohortGenerator, Control, Identity, ReadError,
};
use halyard_mirror::Persona;
use serde_json::Value;

use super::{CohortChoice, TraitRange, file::CHUNK_ROWS};
use crate::{Console, ConsoleError, engines::Compiled, preview::identity_of, state::Site};

/// Identities to evaluate, in memory or made up on the way.
#[derive(Debug)]
pub(crate) enum Whom {
    /// In memory.
    Kept(Cohort),
    /// Made up.
    Made {
        /// The same number makes the same identities.
        seed: u64,
        /// How many.
        count: u64,
        /// Their traits.
        ranges: Vec<halyard_engine::TraitRange>,
    },
}

impl Whom {
    /// How many they are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Whom::Kept(cohort) => cohort.len(),
            Whom::Made { count, .. } => *count,
        }
    }

    /// From the first one on.
    pub(crate) fn chunks(&self) -> Chunks<'_> {
        match self {
            Whom::Kept(cohort) => Chunks::Kept(cohort.source()),
            Whom::Made { seed, count, ranges } => {
                Chunks::Made(Box::new(CohortGenerator::new(*seed, *count, ranges)))
            }
        }
    }
}

/// The chunks of [`Whom`].
pub(crate) enum Chunks<'w> {
    /// Of a cohort in memory.
    Kept(CohortChunks<'w>),
    /// Made up as they are asked for.
    Made(Box<CohortGenerator>),
}

impl ChunkSource for Chunks<'_> {
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError> {
        match self {
            Chunks::Kept(chunks) => chunks.next_chunk(control),
            Chunks::Made(generator) => generator.next_chunk(control),
        }
    }
}

impl Console {
    /// The identities of a choice.
    pub(crate) async fn whom(
        &self,
        site: &Site,
        compiled: &Compiled,
        choice: CohortChoice,
    ) -> Result<Whom, ConsoleError> {
        Ok(match choice {
            CohortChoice::File(id) => {
                let kept = self.volatile().cohorts.kept(&id);
                Whom::Kept(kept.ok_or(ConsoleError::Gone {
                    what: "the cohort file",
                })?)
            }
            CohortChoice::Personas => {
                let personas = self.inner.mirror.personas(&site.0).await?;
                Whom::Kept(cohort(
                    personas.iter().map(|persona| identity_of(&persona.identity)),
                ))
            }
            CohortChoice::Overridden => Whom::Kept(cohort(overridden(compiled.document()))),
            CohortChoice::Generated { count, seed, ranges } => Whom::Made {
                seed,
                count,
                ranges: ranges.iter().map(TraitRange::to_engine).collect(),
            },
        })
    }
}

fn cohort(identities: impl IntoIterator<Item = Identity>) -> Cohort {
    let mut builder = CohortBuilder::with_chunk_rows(CHUNK_ROWS);
    for identity in identities {
        builder.push(&identity);
    }
    builder.finish()
}

/// The identities with overrides in a document, with the traits it has of them.
pub(crate) fn overridden(document: &Value) -> impl Iterator<Item = Identity> {
    let all = document["identity_overrides"].as_array();
    let owners = all.into_iter().flatten().filter(|one| {
        let own = one["identity_features"].as_array();
        own.is_some_and(|own| !own.is_empty())
    });
    owners.filter_map(|one| {
        let known = one["identity_traits"].as_array();
        let traits: BTreeMap<String, Value> = known
            .into_iter()
            .flatten()
            .filter_map(|known| {
                Some((
                    known["trait_key"].as_str()?.to_owned(),
                    known["trait_value"].clone(),
                ))
            })
            .collect();
        Some(Identity {
            identifier: one["identifier"].as_str()?.to_owned(),
            key: None,
            traits,
        })
    })
}

/// Personas, then identities with overrides of their own; each identifier once,
/// and how many of either.
pub(crate) fn personas_and_overridden(personas: &[Persona], document: &Value) -> (Vec<Identity>, u64, u64) {
    let mut seen = std::collections::HashSet::new();
    let mut all: Vec<Identity> = Vec::new();
    let personas = personas.iter().map(|persona| identity_of(&persona.identity));
    all.extend(personas.filter(|one| seen.insert(one.identifier.clone())));
    let of_personas = all.len() as u64;
    all.extend(overridden(document).filter(|one| seen.insert(one.identifier.clone())));
    let of_overrides = all.len() as u64 - of_personas;
    (all, of_personas, of_overrides)
}
