//! What drafts would do to a sample, quickly enough to follow typing.

mod change_set;

use std::sync::{Arc, PoisonError};

pub use change_set::ChangeSetImpact;
pub(crate) use change_set::Weighings;

use halyard_engine::{
    Cohort, Control, Engine, Identity, distribution, generate_cohort, impact_with_traits, suggested_ranges,
};
use halyard_mirror::Persona;
use halyard_model::{
    ChangeSetId, ConnectionId, EnvironmentKey, FlagKey, FlagState, MomentId, Subject, SubjectState,
};

use crate::{
    Console, ConsoleError, Draft, DraftNotes, FlagShares,
    batch::{flag_shares, of_distribution},
    cohort::personas_and_overridden,
    draft::Considered,
    engines::{Compiled, computed},
    overlay::{self, Overlaid},
};

/// How many identities are made up.
const MADE_UP: u64 = 2_400;

/// Any number: always the same, so that the sample is.
const SEED: u64 = 1;

/// Why nothing can be said of a flag now.
const GONE: ConsoleError = ConsoleError::Gone { what: "the flag" };

/// Asks what drafts would do to one flag over a sample of identities.
#[derive(Clone, Debug)]
pub struct ImpactInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environment.
    pub environment: EnvironmentKey,
    /// At a moment of its history; none for what the mirror holds now. Drafts
    /// and the change set are laid over that moment: what they would have done
    /// then.
    pub at: Option<MomentId>,
    /// The flag to speak of.
    pub flag: FlagKey,
    /// A change set whose ticked edits that are not sent are laid over first.
    /// What they change counts: the before is the mirror as it is.
    pub change_set: Option<ChangeSetId>,
    /// The drafts; empty to see who gets what now.
    pub edits: Vec<Draft>,
}

/// Who is in a sample. A persona or an identity with overrides that is there
/// twice counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Made up, with traits that reach both sides of the conditions.
    pub generated: u64,
    /// Identities with overrides in the document.
    pub overridden: u64,
    /// Personas of the connection.
    pub personas: u64,
}

impl Sample {
    /// All of them.
    pub fn identities(&self) -> u64 {
        self.generated + self.overridden + self.personas
    }
}

/// What drafts would do to one flag.
#[derive(Clone, Debug)]
pub struct ImpactFacts {
    /// Who it was weighed with.
    pub sample: Sample,
    /// Identities of the sample for which a server would fail, before or after
    /// the drafts. They count nowhere else.
    pub failed: u64,
    /// The flag that was asked for. [`FlagShares::after`] is `None` without
    /// drafts.
    pub shares: FlagShares,
    /// The environment did not have the flag at the moment, and no draft makes
    /// it: the shares count nobody.
    pub missing: bool,
    /// Other flags that change although no draft concerns them, by name.
    pub surprises: Vec<FlagKey>,
    /// What to know of the drafts that were laid over.
    pub notes: Arc<DraftNotes>,
}

/// The sample of a document and the personas it was made with.
#[derive(Debug)]
pub(crate) struct Sampled {
    personas: Vec<Persona>,
    sample: Sample,
    cohort: Cohort,
    /// Who of it somebody knows: personas and identities with overrides.
    known: Vec<String>,
}

impl Console {
    /// What drafts would do to one flag over a sample: 2,400 identities made up
    /// from the conditions of the document, those with overrides in it, and the
    /// personas. The sample of a document stays the same, so that two drafts
    /// can be compared; at a moment it is that of the document then, with the
    /// personas of today. A flag that a moment lacks is no error: see
    /// [`ImpactFacts::missing`].
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where neither the document of now nor a draft has
    /// the flag, and where the change set or the moment is not there;
    /// [`ConsoleError::DamagedMoment`] where not all of the moment can be read.
    pub async fn impact(&self, input: ImpactInput) -> Result<ImpactFacts, ConsoleError> {
        let site = (input.connection, input.environment);
        let compiled = self.compiled_at(&site, input.at).await?;
        let personas = self.inner.mirror.personas(&site.0).await?;
        let considered = self
            .considered(&site, input.change_set.as_ref(), input.edits)
            .await?;
        let flag = input.flag;
        computed(move || {
            let sampled = compiled.sampled(personas);
            let after = compiled.with(&considered)?;
            let mut facts = weigh((&compiled.engine, &after), &sampled, &flag, &considered.flags())?;
            if facts.missing && input.at.is_none() {
                return Err(GONE);
            }
            if considered.is_empty() {
                facts.shares.after = None;
            }
            Ok(facts)
        })
        .await
    }

    /// What it does to a flag's users when one state takes the place of
    /// another, over the same sample as [`Console::impact`]. Nothing for a
    /// state means that the flag is not there.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the flag is not there in either.
    pub async fn state_impact(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        flag: &FlagKey,
        before: Option<FlagState>,
        after: Option<FlagState>,
    ) -> Result<ImpactFacts, ConsoleError> {
        let site = (connection.clone(), environment.clone());
        let compiled = self.compiled(&site).await?;
        let personas = self.inner.mirror.personas(&site.0).await?;
        let flag = flag.clone();
        computed(move || {
            let sampled = compiled.sampled(personas);
            let before = overlay::with_state(&compiled, &flag, before.as_ref())?;
            let after = overlay::with_state(&compiled, &flag, after.as_ref())?;
            let facts = weigh((&before.engine, &after), &sampled, &flag, &[&flag.0])?;
            match facts.missing {
                true => Err(GONE),
                false => Ok(facts),
            }
        })
        .await
    }

    /// What it does to a flag's users when one state of something of it takes
    /// the place of another, as [`Console::state_impact`] for any subject that
    /// is about one flag. Nothing for a state means that the subject is not
    /// there.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the subject is about no flag, and where the
    /// flag is not there in either.
    pub async fn subject_impact(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        subject: &Subject,
        (before, after): (Option<SubjectState>, Option<SubjectState>),
    ) -> Result<ImpactFacts, ConsoleError> {
        let flag = subject.flag().cloned().ok_or(GONE)?;
        if let Subject::FlagState { .. } = subject {
            let of = |state: Option<SubjectState>| state.as_ref().and_then(SubjectState::flag_state).cloned();
            return self
                .state_impact(connection, environment, &flag, of(before), of(after))
                .await;
        }
        let site = (connection.clone(), environment.clone());
        let compiled = self.compiled(&site).await?;
        let personas = self.inner.mirror.personas(&site.0).await?;
        let held = self.held(&site, subject).await?.state;
        let instead = |state: Option<SubjectState>| {
            let drafts = match held == state {
                true => Vec::new(),
                false => vec![Draft::of_states(&site, subject, (held.clone(), state))],
            };
            Considered::new(&[], drafts)
        };
        let (before, after) = (instead(before), instead(after));
        computed(move || {
            let sampled = compiled.sampled(personas);
            let before = overlay::laid_over(&compiled, &before)?;
            let after = overlay::laid_over(&compiled, &after)?;
            let facts = weigh((&before.engine, &after), &sampled, &flag, &[&flag.0])?;
            match facts.missing {
                true => Err(GONE),
                false => Ok(facts),
            }
        })
        .await
    }
}

impl Sampled {
    fn of(compiled: &Compiled, personas: Vec<Persona>) -> Sampled {
        let (identities, n_personas, n_overridden) = personas_and_overridden(&personas, compiled.document());
        let generated = made_up(&compiled.engine);
        Sampled {
            sample: Sample {
                generated: generated.len() as u64,
                overridden: n_overridden,
                personas: n_personas,
            },
            cohort: generated.iter().chain(&identities).collect(),
            known: identities.iter().map(|one| one.identifier.clone()).collect(),
            personas,
        }
    }
}

impl Compiled {
    /// The sample, made once for a document and its personas.
    fn sampled(&self, personas: Vec<Persona>) -> Arc<Sampled> {
        let mut kept = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.personas == personas) {
            return kept.clone();
        }
        let made = Arc::new(Sampled::of(self, personas));
        *kept = Some(made.clone());
        made
    }
}

fn weigh(
    (before, after): (&Engine, &Overlaid),
    sampled: &Sampled,
    flag: &FlagKey,
    edited: &[&str],
) -> Result<ImpactFacts, ConsoleError> {
    let control = Control::new();
    let stopped = |_| ConsoleError::Gone { what: "the sample" };
    let mut source = sampled.cohort.source();
    let found = impact_with_traits(
        before,
        &after.engine,
        &mut source,
        edited,
        &after.traits,
        &control,
    )
    .map_err(stopped)?;
    let surprises = found
        .surprises()
        .map(|other| FlagKey(other.name.clone()))
        .collect();
    let failed = found.failures_before.count.max(found.failures_after.count);
    let shares = match found.flags.into_iter().find(|one| one.name == flag.0) {
        Some(found) => Some(flag_shares(found)),
        None => unchanged(before, sampled, flag)?,
    };
    Ok(ImpactFacts {
        sample: sampled.sample,
        failed,
        missing: shares.is_none(),
        shares: shares.unwrap_or_else(|| nobody(flag)),
        surprises,
        notes: after.notes.clone(),
    })
}

/// A flag that nothing the drafts touch decides: who gets what, now and after.
/// None where the document does not have it.
fn unchanged(engine: &Engine, sampled: &Sampled, flag: &FlagKey) -> Result<Option<FlagShares>, ConsoleError> {
    let stopped = |_| ConsoleError::Gone { what: "the sample" };
    let found = distribution(engine, &sampled.cohort, &Control::new()).map_err(stopped)?;
    let found = of_distribution(found).into_iter().find(|one| one.flag == *flag);
    Ok(found.map(|mut shares| {
        shares.after = Some(shares.now.clone());
        shares
    }))
}

/// A flag that is not there.
fn nobody(flag: &FlagKey) -> FlagShares {
    FlagShares {
        flag: flag.clone(),
        edited: false,
        surprise: false,
        now: Vec::new(),
        after: None,
        flips: 0,
        moves: Vec::new(),
    }
}

fn made_up(engine: &Engine) -> Vec<Identity> {
    let cohort = generate_cohort(SEED, MADE_UP, &suggested_ranges(&[engine]));
    (0..cohort.len()).filter_map(|row| cohort.identity(row)).collect()
}
