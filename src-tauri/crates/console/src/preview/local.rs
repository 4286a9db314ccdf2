//! Evaluating the mirror's document.

use std::sync::Arc;

use halyard_engine::{
    Engine, EvaluationError, Finding, FlagResult, Identity, OtherResult, Reason, RemoteRules, Trace,
};
use halyard_model::{At, FlagKey, FlagKind, FlagValue, IdentityRef};

use crate::{Console, ConsoleError, DraftNotes, PreviewInput, engines::computed, overlay::Overlaid};

/// An evaluation of the mirror's document, with the drafts laid over it.
#[derive(Debug)]
pub struct LocalPreview {
    /// The compiled document.
    pub engine: Arc<Engine>,
    /// Who was evaluated.
    pub identity: Identity,
    /// Where a server would fail for this identity instead of answering; there
    /// are no rows then.
    pub failure: Option<EvaluationError>,
    /// One row per flag, sorted by name.
    pub rows: Vec<LocalRow>,
    /// What a client may see differently.
    pub remote: RemoteRules,
    /// What to know of the drafts that were laid over.
    pub notes: Arc<DraftNotes>,
}

impl LocalPreview {
    /// What came of every flag and why, or where a server would fail instead.
    /// Worked out anew by each call, within a millisecond or so.
    pub fn trace(&self) -> Trace<'_> {
        self.engine.trace(&self.identity)
    }
}

/// What an identity gets of one flag; why, the trace says.
#[derive(Debug)]
pub struct LocalRow {
    /// The flag.
    pub flag: FlagKey,
    /// On or off.
    pub enabled: bool,
    /// What the identity gets.
    pub value: FlagValue,
    /// The option it falls into.
    pub variant: Option<String>,
    /// The server may answer with another value: the identity has its own
    /// state of a flag with options, and the server lets that state's weights
    /// choose an option where an evaluation of the document does not.
    pub server_may_choose_option: bool,
}

/// How one flag came to its value, and what would change it.
#[derive(Debug)]
pub struct TracedFlag {
    /// The flag; [`TracedFlag::trace`] has it.
    pub flag: FlagKey,
    /// The compiled document, with the drafts laid over it.
    pub engine: Arc<Engine>,
    /// Who was evaluated.
    pub identity: Identity,
    /// What is doubtful about the flag and about the segments that override it,
    /// worst first.
    pub findings: Vec<Finding>,
    /// The other results the flag could have for this identity and what would
    /// lead there, cheapest first; none where a server would fail.
    pub others: Vec<OtherResult>,
    /// What to know of the drafts that were laid over.
    pub notes: Arc<DraftNotes>,
}

impl TracedFlag {
    /// Every step of every flag; `trace().flag(&self.flag.0)` is the one asked for.
    pub fn trace(&self) -> Trace<'_> {
        self.engine.trace(&self.identity)
    }
}

impl Console {
    /// How one flag came to its value for an identity, and what would change it.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the document does not have the flag.
    pub async fn trace(&self, input: PreviewInput, flag: &FlagKey) -> Result<TracedFlag, ConsoleError> {
        let site = (input.connection, input.environment);
        let compiled = self.compiled_at(&site, input.at).await?;
        let considered = self
            .considered(&site, input.change_set.as_ref(), input.edits)
            .await?;
        let flag = flag.clone();
        computed(move || {
            let overlaid = compiled.with(&considered)?;
            let engine = overlaid.engine.clone();
            if !engine.flag_names().any(|name| name == flag.0) {
                return Err(ConsoleError::Gone { what: "the flag" });
            }
            let identity = overlaid.identity(identity_of(&input.identity));
            let others = engine.counterfactuals(&identity, &flag.0).unwrap_or_default();
            let concerned = |finding: &&Finding| finding.subject.flags.contains(&flag.0);
            Ok(TracedFlag {
                findings: compiled.findings().iter().filter(concerned).cloned().collect(),
                others,
                flag,
                engine,
                identity,
                notes: overlaid.notes.clone(),
            })
        })
        .await
    }

    pub(super) async fn preview_locally(&self, input: PreviewInput) -> Result<LocalPreview, ConsoleError> {
        let site = (input.connection, input.environment);
        let at = At {
            connection: site.0.clone(),
            environment: site.1.clone(),
            moment: input.at,
        };
        let compiled = self.compiled_at(&site, input.at).await?;
        let considered = self
            .considered(&site, input.change_set.as_ref(), input.edits)
            .await?;
        let who = identity_of(&input.identity);
        let mut preview = computed(move || Ok(evaluate(&*compiled.with(&considered)?, who))).await?;
        // Few flags are decided by the identity's own override; all others need
        // no look into the mirror.
        for row in preview.rows.iter_mut().filter(|row| row.server_may_choose_option) {
            let flag = self.flag_at(&at, &row.flag).await?;
            row.server_may_choose_option = flag.is_some_and(|flag| flag.kind == FlagKind::Multivariate);
        }
        Ok(preview)
    }
}

/// Whom the engine evaluates for an identity as asked for.
pub(crate) fn identity_of(who: &IdentityRef) -> Identity {
    Identity {
        identifier: who.identifier.clone(),
        key: None,
        traits: who.traits.iter().cloned().collect(),
    }
}

fn evaluate(overlaid: &Overlaid, who: Identity) -> LocalPreview {
    let (engine, identity) = (overlaid.engine.clone(), overlaid.identity(who));
    let (rows, failure) = match rows(&engine, &identity) {
        Ok(rows) => (rows, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    LocalPreview {
        rows,
        failure,
        remote: engine.remote(),
        notes: overlaid.notes.clone(),
        engine,
        identity,
    }
}

/// What came of every flag. Those that the identity's own override decides are
/// marked as ones for which the server may choose an option.
fn rows(engine: &Engine, identity: &Identity) -> Result<Vec<LocalRow>, EvaluationError> {
    let evaluation = engine.evaluate(identity)?;
    let row = |flag: FlagResult<'_>| LocalRow {
        flag: FlagKey(flag.name.to_owned()),
        enabled: flag.enabled,
        value: FlagValue(flag.value.clone()),
        variant: flag.variant.map(str::to_owned),
        server_may_choose_option: flag.reason == Reason::IdentityOverride,
    };
    let mut rows: Vec<LocalRow> = evaluation.flags().map(row).collect();
    rows.sort_by(|one, other| one.flag.cmp(&other.flag));
    Ok(rows)
}
