//! Finding out why a server says something else: assumptions, tried by
//! evaluating under them.

use std::collections::BTreeMap;

use halyard_engine::{Caveat, Engine, Identity};
use halyard_model::{FlagKey, FlagState, Surface};
use serde_json::Value;

use super::{
    CompareRemedy, Difference, DifferenceCause, Said,
    case::{Answers, Manner, evaluated, pinned, with_flags, with_last_of_ties, without_unused_segments},
};
use crate::{engines::Compiled, overlay};

/// What is known of the server's side.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The identity's record on the server.
    pub(super) record: Option<String>,
    /// The traits stored for it.
    pub(super) stored: Vec<(String, Value)>,
    /// Flags as they were read on their own, later than the document; `None`
    /// for one that is not there any more.
    pub(super) fresh: BTreeMap<FlagKey, Option<FlagState>>,
    /// What the Flags API says, where an Edge Proxy was asked.
    pub(super) flags_api: Option<Answers>,
    /// Flags that the server says it took from an identity override.
    pub(super) own_overrides: Vec<FlagKey>,
}

/// One comparison being looked into.
pub(super) struct Inquiry<'a> {
    pub(super) surface: &'a Surface,
    pub(super) compiled: &'a Compiled,
    pub(super) manner: Manner,
    pub(super) identity: &'a Identity,
    pub(super) differences: Vec<Difference>,
}

impl<'a> Inquiry<'a> {
    /// Compares both sides; every difference is of unknown cause at first.
    pub(super) fn new(
        surface: &'a Surface,
        compiled: &'a Compiled,
        identity: &'a Identity,
        here: &Answers,
        there: &Answers,
    ) -> Inquiry<'a> {
        let names: std::collections::BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        let differences = names.into_iter().filter_map(|name| {
            let (here, there) = (here.get(name), there.get(name));
            (here != there).then(|| Difference {
                flag: FlagKey(name.clone()),
                here: here.cloned(),
                there: there.cloned(),
                cause: DifferenceCause::Unknown,
                verified: false,
                remedy: None,
            })
        });
        Inquiry {
            surface,
            compiled,
            manner: Manner::of(surface, compiled),
            identity,
            differences: differences.collect(),
        }
    }

    /// Whether some difference has no verified cause yet.
    pub(super) fn is_open(&self) -> bool {
        self.open().next().is_some()
    }

    /// The flags without a verified cause yet.
    pub(super) fn open(&self) -> impl Iterator<Item = &FlagKey> {
        let open = self.differences.iter().filter(|one| !one.verified);
        open.map(|one| &one.flag)
    }

    /// Explains what needs nothing but the document and the drafts.
    pub(super) fn look_here(&mut self, has_drafts: bool) {
        for one in &mut self.differences {
            let Some(here) = one.here.as_ref().filter(|_| one.there.is_none()) else {
                continue;
            };
            if self.manner.keeps_back(&one.flag) {
                one.explain(DifferenceCause::ServerOnly);
            } else if self.manner.hides(here) {
                one.explain(DifferenceCause::HiddenWhenOff);
            }
        }
        let engine = &self.compiled.engine;
        if has_drafts {
            self.assume(engine, self.identity, |_| DifferenceCause::Drafts);
        }
        if *self.surface != Surface::FlagsApi {
            return;
        }
        self.look_at_unused_segments();
        self.look_at_pinned_options();
        self.look_at_ties();
        let bare = self.identity.identifier.trim();
        if bare != self.identity.identifier {
            let identifier = bare.to_owned();
            self.assume(engine, &self.named(bare), |_| DifferenceCause::Blanks {
                identifier: identifier.clone(),
            });
        }
    }

    /// Explains what only the server's side tells.
    pub(super) fn look_there(&mut self, known: &Known) {
        self.look_at_fresh_flags(known);
        if *self.surface == Surface::FlagsApi {
            self.look_at_stored_traits(known);
            self.look_at_buckets(known);
            self.look_at_hidden_overrides(known);
        }
        self.look_at_witness(known);
        self.look_at_missing_flags();
    }

    fn look_at_unused_segments(&mut self) {
        let Err(failure) = self.compiled.engine.evaluate(self.identity) else {
            return;
        };
        if let Some(engine) = without_unused_segments(self.compiled.document()) {
            let segment = failure.segment.unwrap_or_default();
            self.assume(&engine, self.identity, |_| DifferenceCause::UnusedSegment {
                segment: segment.clone(),
            });
        }
    }

    fn look_at_pinned_options(&mut self) {
        let document = self.compiled.document();
        for one in self.differences.iter_mut().filter(|one| !one.verified) {
            let said = pinned(document, self.identity, &one.flag);
            if said.is_some() && said == one.there {
                one.explain(DifferenceCause::PinnedOption);
            }
        }
    }

    fn look_at_ties(&mut self) {
        if !self.is_open() {
            return;
        }
        let Some(engine) = with_last_of_ties(self.compiled.document()) else {
            return;
        };
        let Ok(evaluation) = engine.evaluate(self.identity) else {
            return;
        };
        let taken = |flag: &FlagKey| evaluation.flag(&flag.0).and_then(|flag| flag.segment);
        self.assume(&engine, self.identity, |flag| DifferenceCause::TiedPriorities {
            segment: taken(flag).unwrap_or_default().to_owned(),
        });
    }

    fn look_at_stored_traits(&mut self, known: &Known) {
        let added: Vec<&(String, Value)> = known
            .stored
            .iter()
            .filter(|(name, value)| !value.is_null() && !self.identity.traits.contains_key(name))
            .collect();
        let whom = |traits: &[&(String, Value)]| {
            let mut identity = self.named(self.identity.identifier.trim());
            for (name, value) in traits {
                identity.traits.insert(name.clone(), value.clone());
            }
            identity
        };
        // One alone says more than all together.
        let mut sets: Vec<Vec<&(String, Value)>> = added.iter().map(|one| vec![*one]).collect();
        if added.len() > 1 {
            sets.push(added);
        }
        let tried: Vec<(Identity, Vec<(String, Value)>)> = sets
            .into_iter()
            .map(|set| (whom(&set), set.into_iter().cloned().collect()))
            .collect();
        for (identity, traits) in tried {
            self.assume(&self.compiled.engine, &identity, |_| {
                DifferenceCause::StoredTraits {
                    traits: traits.clone(),
                }
            });
        }
    }

    fn look_at_buckets(&mut self, known: &Known) {
        if self.compiled.engine.remote().composite_key_hashing {
            return;
        }
        if let Some(record) = &known.record {
            let mut identity = self.identity.clone();
            identity.key = Some(record.clone());
            self.assume(&self.compiled.engine, &identity, |_| {
                DifferenceCause::BucketByRecord
            });
        }
        let trace = self.compiled.engine.trace(self.identity);
        let rests_on_bucket = |flag: &FlagKey| {
            let flag = trace.flag(&flag.0);
            flag.is_some_and(|flag| flag.caveats().contains(&Caveat::BucketMayDiffer))
        };
        for one in self.differences.iter_mut().filter(|one| one.is_unknown()) {
            if rests_on_bucket(&one.flag) {
                one.cause = DifferenceCause::BucketByRecord;
            }
        }
    }

    fn look_at_hidden_overrides(&mut self, known: &Known) {
        if self.compiled.engine.remote().local_identity_overrides {
            return;
        }
        for one in self.differences.iter_mut().filter(|one| one.is_unknown()) {
            one.cause = DifferenceCause::OverridesNotInDocument;
            one.verified = known.own_overrides.contains(&one.flag);
        }
    }

    fn look_at_fresh_flags(&mut self, known: &Known) {
        for one in self.differences.iter_mut().filter(|one| !one.verified) {
            if one.there.is_none() && known.fresh.get(&one.flag) == Some(&None) {
                one.explain(DifferenceCause::StaleMirror);
            }
        }
        let states = known
            .fresh
            .iter()
            .filter_map(|(flag, state)| Some((flag, state.as_ref()?)));
        if let Some(engine) = with_flags(self.compiled.document(), states) {
            self.assume(&engine, self.identity, |_| DifferenceCause::StaleMirror);
        }
    }

    /// With the Flags API's word, too: a proxy that stands alone is behind, and
    /// where both say the same, the mirror is.
    fn look_at_witness(&mut self, known: &Known) {
        let Some(answers) = &known.flags_api else {
            return;
        };
        for one in self.differences.iter_mut().filter(|one| !one.verified) {
            let witness = answers.get(&one.flag.0);
            if witness == one.here.as_ref() {
                one.explain(DifferenceCause::StaleServer);
            } else if witness == one.there.as_ref() {
                one.explain(DifferenceCause::StaleMirror);
            }
        }
    }

    /// A flag that only one side has came or went since.
    fn look_at_missing_flags(&mut self) {
        let behind = match self.surface {
            Surface::FlagsApi | Surface::Admin => DifferenceCause::StaleMirror,
            Surface::EdgeProxy(_) => DifferenceCause::StaleServer,
        };
        for one in self.differences.iter_mut().filter(|one| one.is_unknown()) {
            let is_known_here = overlay::default_state(self.compiled.document(), &one.flag).is_some();
            if !is_known_here || one.there.is_none() {
                one.cause = behind.clone();
                one.verified = !is_known_here && *self.surface == Surface::FlagsApi;
            }
        }
    }

    /// The identity under another identifier.
    fn named(&self, identifier: &str) -> Identity {
        Identity {
            identifier: identifier.to_owned(),
            ..self.identity.clone()
        }
    }

    /// Explains the differences that an evaluation agrees with the server on.
    fn assume(&mut self, engine: &Engine, identity: &Identity, cause: impl Fn(&FlagKey) -> DifferenceCause) {
        if !self.is_open() {
            return;
        }
        let Ok(mut answers) = evaluated(engine, identity) else {
            return;
        };
        for one in self.differences.iter_mut().filter(|one| !one.verified) {
            let left_out = |said: &Said| self.manner.hides(said) || self.manner.keeps_back(&one.flag);
            let said = answers.remove(&one.flag.0).filter(|said| !left_out(said));
            if said == one.there {
                one.explain(cause(&one.flag));
            }
        }
    }
}

impl Difference {
    fn is_unknown(&self) -> bool {
        self.cause == DifferenceCause::Unknown
    }

    fn explain(&mut self, cause: DifferenceCause) {
        self.cause = cause;
        self.verified = true;
    }

    /// What would make both sides agree, once the cause is as known as it gets.
    pub(super) fn suggest_remedy(&mut self) {
        self.remedy = match self.cause {
            DifferenceCause::StoredTraits { .. } => Some(CompareRemedy::UseStoredTraits),
            DifferenceCause::StaleMirror => Some(CompareRemedy::Refresh),
            _ => None,
        };
    }
}
