//! One run over a cohort.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use halyard_engine::{
    Decided, DecidingRule, Distribution, Engine, Failures, FlagImpact, FlagState, Identity, Impact,
    ReadError, distribution_of_stream, impact_with_traits,
};
use halyard_model::{FlagKey, FlagValue, IdentityRef};

use super::{
    BatchFacts, BatchInput, BatchProgress, FailedIdentity,
    job::{Job, UnderWay, UntilStopped},
};
use crate::{
    Console, ConsoleError, DecidedBy, FlagShares, Gets, Move, Share, cohort::Whom, engines::computed,
    overlay::Overlaid,
};

/// How many failures are named.
const NAMED_FAILURES: usize = 5;

/// How many identities are named of a move.
const NAMED_EXAMPLES: usize = 5;

impl Console {
    /// Evaluates a cohort against the mirror's document, away from the threads
    /// that answer the window. `progress` is called about ten times a second,
    /// and once at the end.
    ///
    /// A run that was cancelled answers with what it has by then. One that
    /// nobody waits for any more stops.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the cohort's file was dropped;
    /// [`ConsoleError::Input`] on `job` where a run of this name is going on.
    pub async fn run_batch(
        &self,
        input: BatchInput,
        progress: impl Fn(BatchProgress) + Send + Sync + 'static,
    ) -> Result<BatchFacts, ConsoleError> {
        let site = (input.connection, input.environment);
        let compiled = self.compiled_at(&site, input.at).await?;
        let whom = self.whom(&site, &compiled, input.cohort).await?;
        let considered = self
            .considered(&site, input.change_set.as_ref(), input.edits)
            .await?;
        let under_way = UnderWay::begin(self, &input.job)?;
        let job = under_way.job.clone();
        let total = whom.len();
        let work = computed(move || {
            let after = compiled.with(&considered)?;
            let begun = Instant::now();
            let mut facts = if considered.is_empty() {
                distribution(&compiled.engine, &whom, &job)
            } else {
                impact((&compiled.engine, &after), &considered.flags(), &whom, &job)
            };
            facts.notes = after.notes.clone();
            facts.took = begun.elapsed();
            facts.cohort = total;
            facts.stopped = job.is_ending() && facts.identities + facts.failed < total;
            Ok(facts)
        });
        under_way.wait(total, progress, work).await
    }
}

fn distribution(engine: &Arc<Engine>, whom: &Whom, job: &Job) -> BatchFacts {
    let mut chunks = UntilStopped {
        chunks: whom.chunks(),
        job,
    };
    match distribution_of_stream(engine, &mut chunks, &job.control) {
        Ok(found) => BatchFacts {
            identities: found.identities,
            failed: found.failures.count,
            failures: failed(&[&found.failures]),
            flags: of_distribution(found),
            ..BatchFacts::default()
        },
        Err(error) => cut_off(&error),
    }
}

fn impact((before, after): (&Engine, &Overlaid), edited: &[&str], whom: &Whom, job: &Job) -> BatchFacts {
    let mut chunks = UntilStopped {
        chunks: whom.chunks(),
        job,
    };
    match impact_with_traits(
        before,
        &after.engine,
        &mut chunks,
        edited,
        &after.traits,
        &job.control,
    ) {
        Ok(found) => {
            let failures = [&found.failures_before, &found.failures_after];
            BatchFacts {
                identities: found.identities,
                failed: failures
                    .iter()
                    .map(|failures| failures.count)
                    .max()
                    .unwrap_or_default(),
                failures: failed(&failures),
                changed: Some(found.changed),
                flags: of_impact(found),
                ..BatchFacts::default()
            }
        }
        Err(error) => cut_off(&error),
    }
}

/// A run that was cut off has no counts.
fn cut_off(error: &ReadError) -> BatchFacts {
    // A line of the file may name a person.
    let stopped = matches!(error, ReadError::Stopped);
    tracing::info!(stopped, "a run over a cohort was cut off");
    BatchFacts::default()
}

fn failed(failures: &[&Failures]) -> Vec<FailedIdentity> {
    let mut seen = BTreeSet::new();
    let examples = failures.iter().flat_map(|failures| &failures.examples);
    examples
        .filter(|example| seen.insert(example.row))
        .take(NAMED_FAILURES)
        .map(|example| FailedIdentity {
            identity: identity(example.identity.clone()),
            problem: example.problem.clone(),
        })
        .collect()
}

/// Who gets what, by flag.
pub(crate) fn of_distribution(found: Distribution) -> Vec<FlagShares> {
    let mut flags: Vec<FlagShares> = found
        .flags
        .into_iter()
        .map(|flag| FlagShares {
            flag: FlagKey(flag.name),
            edited: false,
            surprise: false,
            now: shares(flag.shares),
            after: None,
            flips: 0,
            moves: Vec::new(),
        })
        .collect();
    flags.sort_by(|one, other| one.flag.cmp(&other.flag));
    flags
}

fn of_impact(found: Impact) -> Vec<FlagShares> {
    let mut flags: Vec<FlagShares> = found.flags.into_iter().map(flag_shares).collect();
    flags.sort_by(|one, other| (other.flips, &one.flag).cmp(&(one.flips, &other.flag)));
    flags
}

/// One flag before and after.
pub(crate) fn flag_shares(flag: FlagImpact) -> FlagShares {
    FlagShares {
        edited: flag.edited,
        surprise: flag.is_surprise(),
        flag: FlagKey(flag.name),
        now: shares(flag.before),
        after: Some(shares(flag.after)),
        flips: flag.changed,
        moves: flag.moves.into_iter().map(moved).collect(),
    }
}

fn shares(shares: Vec<halyard_engine::Share>) -> Vec<Share> {
    let share = |share: halyard_engine::Share| Share {
        gets: gets(share.state),
        count: share.count,
        deciders: share
            .deciders
            .into_iter()
            .map(|(rule, count)| (decided_by(rule), count))
            .collect(),
    };
    shares.into_iter().map(share).collect()
}

fn moved(one: halyard_engine::Move) -> Move {
    let (from, from_rule) = side(one.before);
    let (to, to_rule) = side(one.after);
    let examples = one.examples.into_iter().take(NAMED_EXAMPLES);
    Move {
        from,
        from_rule,
        to,
        to_rule,
        count: one.count,
        examples: examples.map(|example| identity(example.identity)).collect(),
    }
}

/// A draft may make a flag or delete it, so that one side lacks it.
fn side(decided: Option<Decided>) -> (Gets, DecidedBy) {
    match decided {
        Some(decided) => (gets(decided.state), decided_by(decided.rule)),
        None => (Gets::default(), DecidedBy::Nobody),
    }
}

fn identity(identity: Identity) -> IdentityRef {
    IdentityRef {
        identifier: identity.identifier,
        traits: identity.traits.into_iter().collect(),
    }
}

fn gets(state: FlagState) -> Gets {
    Gets {
        enabled: state.enabled,
        value: FlagValue(state.value),
        variant: state.variant,
    }
}

fn decided_by(rule: DecidingRule) -> DecidedBy {
    match rule {
        DecidingRule::IdentityOverride => DecidedBy::IdentityOverride,
        DecidingRule::Segment(segment)
        | DecidingRule::Split {
            segment: Some(segment),
        } => DecidedBy::Segment(segment),
        DecidingRule::Split { segment: None } | DecidingRule::Default | DecidingRule::CircularDependency => {
            DecidedBy::Default
        }
    }
}
