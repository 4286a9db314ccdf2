//! What a change set would do, in all and edit by edit.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use halyard_engine::{Cohort, Control, Engine, Identity, Impact, Revision, TraitChanges, impact_with_traits};
use halyard_model::{
    ChangeSetId, Edit, EditId, EnvironmentKey, FieldPath, FlagKey, MomentId, Subject, SubjectState,
};
use serde_json::Value;

use super::{Sample, Sampled};
use crate::{
    Console, ConsoleError, Draft, DraftNotes,
    batch::UnderWay,
    draft::Considered,
    engines::{Compiled, computed},
    overlay::{Sheet, lay},
};

/// How long single edits are weighed. What is left then is left out.
const LONGEST: Duration = Duration::from_secs(3);

/// How many results are kept for one document.
const KEPT: usize = 4;

/// What a change set's ticked edits that are not sent would do in one
/// environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeSetImpact {
    /// Who it was weighed with.
    pub sample: Sample,
    /// Identities of the sample that were evaluated; beside it, those whose
    /// stored traits an edit changes.
    pub sampled: u64,
    /// Identities for which a server would fail, before or after. They count
    /// nowhere else.
    pub failed: u64,
    /// Identities that get something else of at least one flag.
    pub changed: u64,
    /// For how many identities a flag changes: the flags that edits are about
    /// and those that change besides, the greatest change first. One that an
    /// edit makes is new to everybody and counts from then on.
    pub flags: Vec<(FlagKey, u64)>,
    /// How many edits were laid over.
    pub laid_over: usize,
    /// For how many identities an edit changes something by itself, beside what
    /// those before it change. Edits that were not reached in time are not there.
    pub edits: Vec<(EditId, u64)>,
    /// What to know of the edits that were laid over.
    pub notes: Arc<DraftNotes>,
}

/// What a result depends on, beside the document.
#[derive(Debug, PartialEq)]
pub(crate) struct Asked {
    considered: Considered,
    /// Identities whose stored traits change, as they are now.
    people: Vec<Identity>,
    personas: Vec<halyard_mirror::Persona>,
}

/// The results of the last questions about one document.
pub(crate) type Weighings = Mutex<Vec<(Asked, ChangeSetImpact)>>;

impl Console {
    /// What a change set's ticked edits that are not sent would do in an
    /// environment, or would have done to what it was at a moment, in all and
    /// edit by edit, over the same sample as [`Console::impact`]. What a moment
    /// lacks is left out and noted. Asking again stops a run of the same question that
    /// is still going on, as does [`Console::cancel_batch`] with
    /// [`Console::change_set_impact_job`].
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the change set or the moment is not there,
    /// and where it was stopped; [`ConsoleError::DamagedMoment`] where not all of
    /// the moment can be read.
    pub async fn change_set_impact(
        &self,
        change_set: &ChangeSetId,
        environment: &EnvironmentKey,
        at: Option<MomentId>,
    ) -> Result<ChangeSetImpact, ConsoleError> {
        let mirror = &self.inner.mirror;
        let known = mirror.change_set(change_set).await?;
        let known = known.ok_or(ConsoleError::Gone {
            what: "the change set",
        })?;
        let site = (known.connection, environment.clone());
        let compiled = self.compiled_at(&site, at).await?;
        let mut edits = self.edits_to_come(&site, change_set).await?;
        let order: Vec<EditId> = edits.iter().map(|edit| edit.id.clone()).collect();
        // What rests on a segment or a flag may be staged before it.
        edits.sort_by_key(|edit| makes(&Draft::of_edit(edit)));
        let asked = Asked {
            considered: Considered::new(&edits, Vec::new()),
            people: people(&edits),
            personas: mirror.personas(&site.0).await?,
        };
        let under_way =
            UnderWay::take_over(self, &Console::change_set_impact_job(change_set, environment, at));
        let job = under_way.job.clone();
        let mut found = computed(move || compiled.weighed(asked, &edits, &job.control)).await?;
        found
            .edits
            .sort_by_key(|(edit, _)| order.iter().position(|id| id == edit));
        Ok(found)
    }

    /// Under which name [`Console::cancel_batch`] knows the run.
    pub fn change_set_impact_job(
        change_set: &ChangeSetId,
        environment: &EnvironmentKey,
        at: Option<MomentId>,
    ) -> String {
        let now = format!("impact of {} in {}", change_set.0, environment.0);
        at.map_or(now.clone(), |moment| format!("{now} at {}", moment.0))
    }
}

/// The identities whose stored traits edits change, as the edits saw them.
fn people(edits: &[Edit]) -> Vec<Identity> {
    let mut people: BTreeMap<&str, Identity> = BTreeMap::new();
    for edit in edits {
        let Subject::Traits { identity } = &edit.subject else {
            continue;
        };
        let mut traits: BTreeMap<String, Value> = BTreeMap::new();
        if let Some(SubjectState::Traits(held)) = &edit.base {
            traits.clone_from(held);
        }
        people.entry(identity).or_insert_with(|| Identity {
            identifier: identity.clone(),
            key: None,
            traits,
        });
    }
    people.into_values().collect()
}

impl Compiled {
    fn weighed(
        &self,
        asked: Asked,
        edits: &[Edit],
        control: &Control,
    ) -> Result<ChangeSetImpact, ConsoleError> {
        let kept = || self.weighings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = kept().iter().find(|(known, _)| *known == asked) {
            return Ok(known.clone());
        }
        let sampled = self.sampled(asked.personas.clone());
        let found = Weighing::new(self, &sampled, &asked, control).run(edits)?;
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((asked, found.clone()));
        Ok(found)
    }
}

/// One run.
struct Weighing<'a> {
    compiled: &'a Compiled,
    sampled: &'a Sampled,
    asked: &'a Asked,
    control: &'a Control,
    /// Who is evaluated: the sample, and whose traits change.
    groups: [Cohort; 2],
}

/// What two documents differ in, over all groups.
#[derive(Default)]
struct Counted {
    identities: u64,
    failed: u64,
    changed: u64,
    flags: BTreeMap<String, u64>,
}

impl Counted {
    fn add(&mut self, found: Impact) {
        self.identities += found.identities;
        self.failed += found.failures_before.count.max(found.failures_after.count);
        self.changed += found.changed;
        for flag in found.flags {
            *self.flags.entry(flag.name).or_default() += flag.changed;
        }
    }
}

impl<'a> Weighing<'a> {
    fn new(compiled: &'a Compiled, sampled: &'a Sampled, asked: &'a Asked, control: &'a Control) -> Self {
        let known: HashSet<&str> = match asked.people.is_empty() {
            true => HashSet::new(),
            false => sampled.known.iter().map(String::as_str).collect(),
        };
        let others = asked
            .people
            .iter()
            .filter(|one| !known.contains(one.identifier.as_str()));
        Weighing {
            compiled,
            sampled,
            asked,
            control,
            groups: [sampled.cohort.clone(), others.collect()],
        }
    }

    fn run(mut self, edits: &[Edit]) -> Result<ChangeSetImpact, ConsoleError> {
        let begun = Instant::now();
        let compiled = self.compiled;
        let mut sheet = Sheet::new(compiled.document(), compiled.places());
        let mut notes = DraftNotes::default();
        let mut made: Vec<Value> = Vec::new();
        let (mut traits, everybody) = (TraitChanges::default(), self.groups.clone());
        let mut engine = compiled.engine.clone();
        let mut by_edit = Vec::with_capacity(edits.len());
        for (place, (edit, draft)) in edits.iter().zip(&self.asked.considered.drafts).enumerate() {
            notes.add(&self.asked.considered.origin(place), lay(&mut sheet, draft));
            let next = Arc::new(sheet.compiled_from(&engine)?);
            let own = std::mem::take(&mut sheet.traits);
            let is_made = makes_flag(draft).filter(|flag| engine.flag_position(&flag.0).is_none());
            if let Some(state) = is_made.and_then(|flag| sheet.flag(&flag.0)) {
                made.push(state.clone());
                by_edit.push((edit.id.clone(), 0));
            } else if begun.elapsed() < LONGEST {
                let counted = self.between(&engine, &next, &own)?;
                by_edit.push((edit.id.clone(), counted.changed));
            }
            if !own.is_empty() {
                self.groups = self.groups.map(|group| with_traits(&group, &own));
                traits.extend(&own);
            }
            engine = next;
        }
        // A flag that is made counts from the state it is made with on.
        let revisions: Vec<Revision<'_>> = made.iter().map(Revision::Flag).collect();
        let before = compiled.engine.revised(&revisions)?;
        self.groups = everybody;
        let total = self.between(&before, &engine, &traits)?;
        Ok(ChangeSetImpact {
            sample: self.sampled.sample,
            sampled: total.identities,
            failed: total.failed,
            changed: total.changed,
            flags: by_change(total.flags, &self.asked.considered),
            laid_over: edits.len(),
            edits: by_edit,
            notes: Arc::new(notes),
        })
    }

    fn between(
        &self,
        before: &Engine,
        after: &Engine,
        traits: &TraitChanges,
    ) -> Result<Counted, ConsoleError> {
        let mut counted = Counted::default();
        for group in self.groups.iter().filter(|group| !group.is_empty()) {
            let found = impact_with_traits(before, after, &mut group.source(), &[], traits, self.control)
                .map_err(|_| ConsoleError::Gone { what: "the run" })?;
            counted.add(found);
        }
        Ok(counted)
    }
}

/// What a draft makes that others may rest on, in the order in which it has to be
/// there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Makes {
    Segment,
    Flag,
    Nothing,
}

fn makes(draft: &Draft) -> Makes {
    match &draft.subject {
        Subject::Segment { segment } if segment.name_to_be().is_some() => Makes::Segment,
        _ if makes_flag(draft).is_some() => Makes::Flag,
        _ => Makes::Nothing,
    }
}

/// The flag that a draft makes, where it makes one.
fn makes_flag(draft: &Draft) -> Option<&FlagKey> {
    let comes = matches!(draft.changes.get(&FieldPath::Existence), Some(Some(_)));
    match &draft.subject {
        Subject::Flag { flag } if comes => Some(flag),
        _ => None,
    }
}

fn with_traits(group: &Cohort, traits: &TraitChanges) -> Cohort {
    let identities = (0..group.len()).filter_map(|row| group.identity(row));
    let changed: Vec<Identity> = identities.map(|one| traits.applied_to(one)).collect();
    changed.iter().collect()
}

/// The flags that change and those that drafts are about.
fn by_change(mut counted: BTreeMap<String, u64>, considered: &Considered) -> Vec<(FlagKey, u64)> {
    counted.retain(|_, changed| *changed > 0);
    for flag in considered.flags() {
        counted.entry(flag.to_owned()).or_default();
    }
    let mut flags: Vec<(FlagKey, u64)> = counted
        .into_iter()
        .map(|(flag, changed)| (FlagKey(flag), changed))
        .collect();
    flags.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    flags
}
