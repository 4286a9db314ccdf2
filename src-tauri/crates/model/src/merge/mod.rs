//! Three-way merge of an edit's subject, field by field.
//!
//! Base is what the edit rests on, mine what it wishes for, theirs what the
//! service holds now. What only one side changed is taken from that side; what
//! both changed to the same is no conflict; what both changed otherwise is
//! contested, and nothing contested is decided here.
//!
//! Some fields are parts of a whole: an override's value of the override, every
//! field of the subject's existence ([`FieldPath::whole`]). Where one side
//! removed a whole that the other changed, the whole is contested and its parts
//! follow it. Where both sides made a whole, there is no base to tell who meant
//! what: parts that differ are contested, also where one side left them out.

mod decide;
mod order;
mod sides;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{BadField, FieldPath, Fields, Subject, SubjectState, fields_of, state_from};
use sides::Sides;

/// How a field of the merged state came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Nobody changed it.
    Unchanged,
    /// Only they changed it.
    Theirs,
    /// Only I changed it.
    Mine,
    /// Both changed it to the same.
    Both,
    /// Both changed it, and the changes do not touch: an order in which each
    /// moved, added or removed something else.
    Combined,
    /// Both changed it otherwise: somebody must decide.
    Contested,
    /// It is part of a whole that is contested, and decided with that.
    FollowsWhole,
    /// It has been decided.
    Decided,
}

/// One field of a merge. An absent value is a field that is not set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergedField {
    /// The field.
    pub field: FieldPath,
    /// What it was.
    pub base: Option<Value>,
    /// What I wish.
    pub mine: Option<Value>,
    /// What they made of it.
    pub theirs: Option<Value>,
    /// What comes out. Theirs, while it is contested.
    pub merged: Option<Value>,
    /// How that came about.
    pub how: How,
}

/// What somebody decides about a contested field. Deciding a whole decides its
/// parts, as far as those are not decided on their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "choose", content = "value", rename_all = "snake_case")]
pub enum Choice {
    /// Take theirs.
    Theirs,
    /// Take mine.
    Mine,
    /// Neither: this value; none to unset the field. For a whole, a value keeps
    /// it as the side has it that did not remove it, and none removes it.
    Value(Option<Value>),
}

/// A merge, as far as it goes without a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// Every field that one of the three has, in the order of their kinds.
    pub fields: Vec<MergedField>,
}

/// Why a merge gives no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmerged {
    /// These fields are contested.
    Contested(Vec<FieldPath>),
    /// A value that was decided on makes no state.
    Bad(BadField),
}

/// Merges two changes of the same base.
pub fn merge(
    base: Option<&SubjectState>,
    mine: Option<&SubjectState>,
    theirs: Option<&SubjectState>,
) -> Merge {
    let (base, mine, theirs) = (fields_of(base), fields_of(mine), fields_of(theirs));
    let sides = Sides {
        base: &base,
        mine: &mine,
        theirs: &theirs,
    };
    let mut merge = Merge {
        fields: sides.merged(),
    };
    merge.settle_order();
    merge
}

impl Merge {
    /// The fields that somebody must decide.
    pub fn contested(&self) -> Vec<FieldPath> {
        let contested = self.fields.iter().filter(|one| one.how == How::Contested);
        contested.map(|one| one.field.clone()).collect()
    }

    /// A field, where one of the three has it or it has been decided.
    pub fn field(&self, field: &FieldPath) -> Option<&MergedField> {
        self.fields.iter().find(|one| one.field == *field)
    }

    /// The merged state; `None` inside where the subject is to be no more.
    /// Versions and times are theirs.
    pub fn state(
        &self,
        subject: &Subject,
        theirs: Option<&SubjectState>,
    ) -> Result<Option<SubjectState>, Unmerged> {
        let contested = self.contested();
        if !contested.is_empty() {
            return Err(Unmerged::Contested(contested));
        }
        let fields: Fields = self
            .fields
            .iter()
            .filter_map(|one| Some((one.field.clone(), one.merged.clone()?)))
            .collect();
        state_from(subject, &fields, theirs).map_err(Unmerged::Bad)
    }
}
