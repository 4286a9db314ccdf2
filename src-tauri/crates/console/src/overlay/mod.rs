//! Laying drafts over a document, as the server would write them into it.

mod definition;
mod identity;
mod newer;
mod places;
mod segment;
mod sheet;
mod state;
mod value;

use std::sync::Arc;

use halyard_engine::{Engine, Identity, TraitChanges};
use halyard_model::{
    FieldPath, FlagKey, FlagState, SegmentKey, Subject, SubjectState, fields_of, same_value,
};
use serde_json::Value;

pub(crate) use newer::{default_state, lay_state};
pub(crate) use places::Places;
pub(crate) use sheet::Sheet;

use crate::{
    ConsoleError, Draft,
    draft::{Considered, DraftOrigin},
    engines::Compiled,
};

/// Why a part of a draft is not laid over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LeftOutReason {
    /// The document does not have the flag, and no earlier draft makes it.
    #[error("The flag is not there.")]
    FlagMissing,
    /// It would be made, and the document has it.
    #[error("A flag of this name is there already.")]
    FlagThere,
    /// The document does not have the segment, and no earlier draft makes it.
    #[error("The segment is not there.")]
    SegmentMissing,
    /// The flag has no override for the segment.
    #[error("The flag has no override for this segment.")]
    OverrideMissing,
    /// The flag does not have the option.
    #[error("The flag does not have this option.")]
    OptionMissing,
    /// The service ignores it once the flag is made.
    #[error("It is fixed once the flag is made.")]
    FixedOnceMade,
    /// The service cannot take it away.
    #[error("It cannot be taken away.")]
    Stays,
    /// It belongs to another service.
    #[error("Flagsmith does not have it.")]
    Elsewhere,
    /// The environment keeps identity overrides out of its document.
    #[error("The environment keeps identity overrides out of its document.")]
    IdentitiesApart,
    /// The service does not take such a value.
    #[error("Flagsmith does not keep such a value.")]
    NotKept,
    /// It is not what the field holds.
    #[error("It cannot be read.")]
    Unreadable,
}

/// A draft, or a part of it, that is not laid over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which draft.
    pub of: DraftOrigin,
    /// Which part of it; `None` for all of it.
    pub field: Option<FieldPath>,
    /// Why.
    pub why: LeftOutReason,
}

/// Something whose buckets are an estimate: the service draws them by a number
/// that it gives when it makes the thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Estimated {
    /// A flag with options.
    Flag(FlagKey),
    /// The options of a flag for a segment that it has no override for yet.
    Override(FlagKey, SegmentKey),
    /// A segment with a percentage.
    Segment(SegmentKey),
}

/// What to know of drafts that were laid over a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftNotes {
    /// What is not laid over.
    pub left_out: Vec<LeftOut>,
    /// What is an estimate.
    pub estimated: Vec<Estimated>,
}

/// What came of laying one draft over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    left_out: Vec<(Option<FieldPath>, LeftOutReason)>,
    estimated: Vec<Estimated>,
}

impl Findings {
    fn leave_out(&mut self, field: &FieldPath, why: LeftOutReason) {
        self.left_out.push((Some(field.clone()), why));
    }

    fn leave_all_out(&mut self, why: LeftOutReason) {
        self.left_out.push((None, why));
    }

    fn estimate(&mut self, what: Estimated) {
        if !self.estimated.contains(&what) {
            self.estimated.push(what);
        }
    }
}

impl DraftNotes {
    /// Adds what came of a draft.
    pub(crate) fn add(&mut self, of: &DraftOrigin, findings: Findings) {
        let left_out = findings.left_out.into_iter().map(|(field, why)| LeftOut {
            of: of.clone(),
            field,
            why,
        });
        self.left_out.extend(left_out);
        for what in findings.estimated {
            if !self.estimated.contains(&what) {
                self.estimated.push(what);
            }
        }
    }
}

/// A document with drafts laid over it.
#[derive(Clone, Debug)]
pub(crate) struct Overlaid {
    /// What it would compile to.
    pub(crate) engine: Arc<Engine>,
    /// Traits that would be others.
    pub(crate) traits: TraitChanges,
    /// What to know of it.
    pub(crate) notes: Arc<DraftNotes>,
}

impl Overlaid {
    /// A document as it is.
    pub(crate) fn plain(engine: Arc<Engine>) -> Overlaid {
        Overlaid {
            engine,
            traits: TraitChanges::default(),
            notes: Arc::default(),
        }
    }

    /// An identity with the traits it would have.
    pub(crate) fn identity(&self, identity: Identity) -> Identity {
        self.traits.applied_to(identity)
    }
}

/// A document with drafts laid over it, in their order.
pub(crate) fn laid_over(compiled: &Compiled, considered: &Considered) -> Result<Overlaid, ConsoleError> {
    let mut sheet = Sheet::new(compiled.document(), compiled.places());
    let mut notes = DraftNotes::default();
    // Segments that are made come first: what rests on one may be typed before it.
    let makes_segment = |draft: &Draft| match &draft.subject {
        Subject::Segment { segment } => segment.name_to_be().is_some(),
        _ => false,
    };
    let all = considered.drafts.iter().enumerate();
    let (first, rest): (Vec<_>, Vec<_>) = all.partition(|(_, draft)| makes_segment(draft));
    for (place, draft) in first.into_iter().chain(rest) {
        notes.add(&considered.origin(place), lay(&mut sheet, draft));
    }
    Ok(Overlaid {
        engine: Arc::new(sheet.compiled_from(&compiled.engine)?),
        traits: sheet.traits,
        notes: Arc::new(notes),
    })
}

/// Lays one draft over what those before it made of the document.
pub(crate) fn lay(sheet: &mut Sheet<'_>, draft: &Draft) -> Findings {
    let mut findings = Findings::default();
    let changes = &draft.changes;
    match &draft.subject {
        Subject::FlagState { flag } => state::lay(sheet, flag, changes, &mut findings),
        Subject::IdentityOverride { flag, identity } => {
            identity::lay(sheet, (flag, identity), changes, &mut findings);
        }
        Subject::Flag { flag } => definition::lay(sheet, flag, changes, &mut findings),
        Subject::Segment { segment } => segment::lay(sheet, segment, changes, &mut findings),
        Subject::Traits { identity } => identity::lay_traits(sheet, identity, changes, &mut findings),
        Subject::Config { .. } => findings.leave_all_out(LeftOutReason::Elsewhere),
    }
    findings
}

/// A document in which a flag has a state as a whole, or is not there.
pub(crate) fn with_state(
    compiled: &Compiled,
    flag: &FlagKey,
    state: Option<&FlagState>,
) -> Result<Overlaid, ConsoleError> {
    let mut sheet = Sheet::new(compiled.document(), compiled.places());
    let mut notes = DraftNotes::default();
    let mut lay_draft = |sheet: &mut Sheet<'_>, draft: Draft| {
        notes.add(&DraftOrigin::Typed(0), lay(sheet, &draft));
    };
    match state {
        None => {
            let gone = [(FieldPath::Existence, None)].into();
            let subject = Subject::Flag { flag: flag.clone() };
            lay_draft(
                &mut sheet,
                Draft {
                    subject,
                    changes: gone,
                },
            );
        }
        Some(state) => {
            if sheet.flag(&flag.0).is_none() {
                definition::make(&mut sheet, flag, state);
            }
            let held = state::read(&sheet, flag).map(SubjectState::FlagState);
            let (held, wanted) = (
                fields_of(held.as_ref()),
                fields_of(Some(&SubjectState::FlagState(state.clone()))),
            );
            let fields = held.keys().chain(wanted.keys());
            let differing = fields.filter(|field| !same_value(field, held.get(field), wanted.get(field)));
            let changes = differing
                .map(|field| (field.clone(), wanted.get(field).cloned()))
                .collect();
            let subject = Subject::state_of(flag);
            lay_draft(&mut sheet, Draft { subject, changes });
        }
    }
    Ok(Overlaid {
        engine: Arc::new(sheet.compiled_from(&compiled.engine)?),
        traits: sheet.traits,
        notes: Arc::new(notes),
    })
}

/// An identifier in a document, a number on the server and text in some exports.
fn id_text(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
