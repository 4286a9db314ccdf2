//! What becomes of an edit: amended, led back, laid on a newer state, decided.

use std::collections::BTreeMap;

use super::{BadField, Edit, EditId, EditState, FieldChanges, FieldPath, changed, changed_fields};
use crate::{Choice, Merge, SubjectState, Timestamp, Unmerged, merge};

/// One set of changes that does what two do one after the other, the second
/// counting where both name a field. What the second unsets takes what the
/// first changed about it along. Making again what the first unset is beyond
/// it: that depends on what was there.
pub fn compose(first: &FieldChanges, second: &FieldChanges) -> FieldChanges {
    let mut composed = first.clone();
    for (field, value) in second {
        if field.is_whole() && value.is_none() {
            composed.retain(|other, _| !other.is_within(field));
        }
        composed.insert(field.clone(), value.clone());
    }
    composed
}

/// What a newer state means for an edit that was decided on an older one.
#[derive(Clone, Debug, PartialEq)]
pub enum Rebased {
    /// The edit's base still holds.
    Unchanged,
    /// Somebody changed something else: the edit with that as its base, and
    /// what they changed in its wish.
    Moved(Box<Edit>),
    /// Somebody changed what the edit changes.
    Contested(Merge),
    /// The newer state holds everything the edit asks for.
    AlreadyThere,
}

/// Lays an edit on a newer state of its subject, as the mirror holds it now.
pub fn rebase(edit: &Edit, now: Option<&SubjectState>) -> Rebased {
    if changed_fields(edit.base.as_ref(), now).is_empty() {
        return Rebased::Unchanged;
    }
    let merged = merge(edit.base.as_ref(), edit.wish.as_ref(), now);
    let Ok(wish) = merged.state(&edit.subject, now) else {
        return Rebased::Contested(merged);
    };
    if changed_fields(now, wish.as_ref()).is_empty() {
        return Rebased::AlreadyThere;
    }
    Rebased::Moved(Box::new(Edit {
        base: now.cloned(),
        wish,
        ..edit.clone()
    }))
}

impl Edit {
    /// Changes its wish further. An edit that deletes keeps its subject again,
    /// as the base has it, unless it is to delete still. Once the wish is the
    /// base again, [`Edit::changes`] is empty and there is nothing to keep.
    pub fn amend(&mut self, changes: &FieldChanges) -> Result<(), BadField> {
        let from = self.wish.as_ref().or(self.base.as_ref());
        self.wish = changed(&self.subject, from, changes)?;
        Ok(())
    }

    /// The edit that leads back to its base. It rests on the wish, so that what
    /// somebody did afterwards is met as a conflict and not undone with it.
    pub fn inverse(&self, id: EditId, created_at: Timestamp) -> Edit {
        let mut inverse = Edit::new(
            id,
            (self.connection.clone(), self.environment.clone()),
            self.subject.clone(),
            (self.wish.clone(), self.base.clone()),
            created_at,
        );
        inverse.undoes = Some(self.id.clone());
        inverse
    }

    /// The edit after a conflict has been decided: it rests on what the service
    /// held, wishes for the merge, and waits to be sent. Refused where a
    /// contested field is left, or a decided value makes no state.
    pub fn resolved(
        &self,
        theirs: Option<&SubjectState>,
        choices: &BTreeMap<FieldPath, Choice>,
    ) -> Result<Edit, Unmerged> {
        let merged = merge(self.base.as_ref(), self.wish.as_ref(), theirs).decided(choices);
        Ok(Edit {
            wish: merged.state(&self.subject, theirs)?,
            base: theirs.cloned(),
            rounds: self.rounds + 1,
            state: match self.change_set {
                Some(_) => EditState::Staged,
                None => EditState::Pending,
            },
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_unset_takes_along_what_was_changed_about_it() {
        let rules = || FieldPath::Rules;
        let first = FieldChanges::from([
            (FieldPath::Enabled, Some(json!(true))),
            (rules(), Some(json!([]))),
        ]);
        let second = FieldChanges::from([(FieldPath::HasTargeting, None)]);
        let both = [
            (FieldPath::Enabled, Some(json!(true))),
            (FieldPath::HasTargeting, None),
        ];
        assert_eq!(compose(&first, &second), both.into());
        let again = FieldChanges::from([(rules(), None), (FieldPath::Enabled, Some(json!(false)))]);
        assert_eq!(compose(&first, &again), again);
    }
}
