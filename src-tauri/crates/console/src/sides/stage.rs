//! Staging what is taken over, all of it or nothing.

use halyard_model::{
    At, ChangeSet, ChangeSetId, Contents, Edit, EditState, FieldChanges, FieldPath, FlagKey,
    LeftOutDifference, LeftOutWhy, Moment, MomentId, Picked, Promotion, Service, Sides, Subject,
    SubjectState, Variant, changed, changed_fields, promote,
};
use serde_json::Value;

use super::{SidesFacts, TargetRefusal};
use crate::{
    Console, ConsoleError,
    change_set::{about_to_be, amended, takes_edits},
    edit::bad_field,
    state::Site,
    subject::IsAbout,
};

/// What stands before the name of an option that is not made yet.
const NEW_OPTION: &str = "new:";

/// Asks for differences to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromoteInput {
    /// What is taken from: an environment or a moment of any connection.
    pub a: At,
    /// What it is taken to: an environment now.
    pub b: At,
    /// The ticked differences, by id.
    pub picked: Vec<String>,
    /// The change set; a new one where there is none.
    pub change_set: Option<ChangeSetId>,
}

/// What was staged.
#[derive(Clone, Debug)]
pub struct Promoted {
    /// The comparison it rests on.
    pub facts: SidesFacts,
    /// The change set.
    pub set: ChangeSet,
    /// The staged edits.
    pub edits: Vec<Edit>,
    /// Differences that were taken along, by id.
    pub needed: Vec<String>,
    /// What was picked and is not taken over.
    pub left_out: Vec<LeftOutDifference>,
}

/// What would be staged.
pub(super) struct Planned {
    pub(super) edits: Vec<Edit>,
    pub(super) needed: Vec<String>,
    pub(super) left_out: Vec<LeftOutDifference>,
}

impl Console {
    /// Stages picked differences into a change set, all or nothing.
    ///
    /// [`ConsoleError::FromFile`] and [`ConsoleError::ReadOnly`] where B takes
    /// no edits, [`ConsoleError::Input`] where nothing is left to stage,
    /// [`ConsoleError::StaleView`] where the mirror moved meanwhile.
    pub async fn promote(&self, input: PromoteInput) -> Result<Promoted, ConsoleError> {
        let names = self.compare_sides(&input.a, &input.b).await?;
        let name = promotion_name(&names);
        self.prepare_options(&names, &input.picked).await?;
        self.staged(
            &input.a,
            &input.b,
            Picked::Ids(&input.picked),
            input.change_set,
            &name,
        )
        .await
    }

    /// Stages what leads a flag, or the whole environment, back to a moment:
    /// for a flag its state, its identity overrides, and what it is everywhere.
    ///
    /// Errors as [`Console::promote`].
    pub async fn restore(&self, moment: MomentId, flag: Option<&FlagKey>) -> Result<Promoted, ConsoleError> {
        let found = self.inner.mirror.moment(moment).await?;
        let found = found.ok_or(ConsoleError::Gone { what: "the snapshot" })?;
        let at = |moment: Option<MomentId>| At {
            connection: found.connection.clone(),
            environment: found.environment.clone(),
            moment,
        };
        let (a, b) = (at(Some(moment)), at(None));
        let facts = self.compare_sides(&a, &b).await?;
        let picked = flag.map_or(Picked::All, Picked::Flag);
        let ids: Vec<String> = facts
            .sides
            .differences
            .iter()
            .filter(|one| flag.is_none_or(|flag| one.subject.flag() == Some(flag)))
            .map(|one| one.id.clone())
            .collect();
        self.prepare_options(&facts, &ids).await?;
        let name = restore_name(&facts, &found, flag);
        self.staged(&a, &b, picked, None, &name).await
    }

    /// Asks the service what flags begin with whose options are to change: the
    /// shares that new environments get are in no list.
    async fn prepare_options(&self, facts: &SidesFacts, picked: &[String]) -> Result<(), ConsoleError> {
        refuse(facts)?;
        if facts.b.connection.endpoint.service() != Service::Flagsmith {
            return Ok(());
        }
        let site = (facts.b.at.connection.clone(), facts.b.at.environment.clone());
        let promotion = promote(&facts.sides, &facts.contents, Picked::Ids(picked));
        for (subject, changes) in &promotion.edits {
            if changes.contains_key(&FieldPath::Options) && !changes.contains_key(&FieldPath::Existence) {
                self.read_beginnings(&site, subject).await?;
            }
        }
        Ok(())
    }

    async fn staged(
        &self,
        a: &At,
        b: &At,
        picked: Picked<'_>,
        change_set: Option<ChangeSetId>,
        name: &str,
    ) -> Result<Promoted, ConsoleError> {
        let turn = self.inner.change_turn.lock().await;
        let facts = self.compare_sides(a, b).await?;
        refuse(&facts)?;
        let (set, existing) = match &change_set {
            Some(id) => {
                let set = self.known_set(id).await?;
                let edits = self.inner.mirror.edits_of_change_set(id).await?;
                (set, edits)
            }
            None => (self.blank_set(&b.connection, name), Vec::new()),
        };
        if set.connection != b.connection || !takes_edits(&set) {
            return Err(ConsoleError::Gone {
                what: "the open change set",
            });
        }
        let promotion = promote(&facts.sides, &facts.contents, picked);
        let planned = self.planned(&facts, promotion, &existing).await?;
        let mut edits = planned.edits;
        if edits.is_empty() {
            return Err(ConsoleError::Input {
                field: "picked",
                sentence: "Nothing of it can be staged.".into(),
            });
        }
        let next = existing.iter().map(|edit| edit.position + 1).max().unwrap_or(0);
        let new = edits.iter_mut().filter(|edit| edit.change_set.is_none());
        for (position, edit) in (next..).zip(new) {
            edit.change_set = Some(set.id.clone());
            edit.position = position;
        }
        let sets = match change_set {
            Some(_) => Vec::new(),
            None => vec![set.clone()],
        };
        self.inner.mirror.save_together(&sets, &edits).await?;
        drop(turn);
        self.tell_staged(&(b.connection.clone(), b.environment.clone()));
        Ok(Promoted {
            facts,
            set,
            edits,
            needed: planned.needed,
            left_out: planned.left_out,
        })
    }

    /// What a promotion comes to as edits that rest on what the mirror holds,
    /// those of a change set amended.
    pub(super) async fn planned(
        &self,
        facts: &SidesFacts,
        promotion: Promotion,
        existing: &[Edit],
    ) -> Result<Planned, ConsoleError> {
        let site = (facts.b.at.connection.clone(), facts.b.at.environment.clone());
        let mut left_out = promotion.left_out;
        let mut planned: Vec<Edit> = Vec::new();
        let mut all: Vec<Edit> = existing.to_vec();
        for (subject, mut changes) in promotion.edits {
            if is_unmade_option_in(&changes) && facts.contents.subjects.contains_key(&state_of(&subject)) {
                leave_unmade_options(&facts.sides, &subject, &mut changes, &mut left_out);
            }
            if changes.is_empty() {
                continue;
            }
            let Some(edit) = self
                .one_planned(&site, &facts.contents, subject, changes, &all)
                .await?
            else {
                continue;
            };
            all.retain(|known| known.id != edit.id);
            all.push(edit.clone());
            planned.push(edit);
        }
        Ok(Planned {
            edits: planned,
            needed: promotion.needed,
            left_out,
        })
    }

    async fn one_planned(
        &self,
        site: &Site,
        compared: &Contents,
        subject: Subject,
        mut changes: FieldChanges,
        all: &[Edit],
    ) -> Result<Option<Edit>, ConsoleError> {
        let held = self.held(site, &subject).await?.state;
        let moved = match (&subject, compared.subjects.get(&subject), &held) {
            // What a flag begins with is asked for apart from what is compared.
            (Subject::Flag { .. }, Some(_), Some(_)) => false,
            (_, compared, held) => !changed_fields(compared, held.as_ref()).is_empty(),
        };
        if moved {
            return Err(ConsoleError::StaleView);
        }
        keep_beginning_shares(&mut changes, held.as_ref());
        let known = all.iter().find(|edit| {
            edit.is_about(&site.1, &subject)
                && !matches!(edit.state, EditState::Dropped | EditState::Confirmed)
        });
        if let Some(known) = known {
            return Ok(Some(amended(known, &changes)?));
        }
        let base = held.or_else(|| about_to_be(&subject, all));
        let wish = changed(&subject, base.as_ref(), &changes).map_err(bad_field)?;
        if changed_fields(base.as_ref(), wish.as_ref()).is_empty() {
            return Ok(None);
        }
        let mut edit = self.new_edit(site, subject, base, wish);
        edit.state = EditState::Staged;
        Ok(Some(edit))
    }
}

pub(super) fn refuse(facts: &SidesFacts) -> Result<(), ConsoleError> {
    let name = &facts.b.environment.environment.name;
    let reason = match facts.refused {
        None => return Ok(()),
        Some(TargetRefusal::File) => return Err(ConsoleError::FromFile),
        Some(TargetRefusal::Moment) => "A moment is over and cannot be changed.".to_owned(),
        Some(TargetRefusal::ReadOnly) => format!("{name} is read-only in Halyard."),
        Some(TargetRefusal::ChangeRequests) => format!("{name} takes changes only through change requests."),
    };
    Err(ConsoleError::ReadOnly { reason })
}

/// `Promote from Staging to Production`; the connections' names where the
/// environments have the same.
fn promotion_name(facts: &SidesFacts) -> String {
    let (a, b) = (&facts.a, &facts.b);
    let (from, to) = (&a.environment.environment.name, &b.environment.environment.name);
    match from == to && a.at.connection != b.at.connection {
        true => format!("Promote from {from}, {}, to {to}", a.connection.name),
        false => format!("Promote from {from} to {to}"),
    }
}

/// `Restore new_checkout`, `Restore Production to Before the sale`.
fn restore_name(facts: &SidesFacts, moment: &Moment, flag: Option<&FlagKey>) -> String {
    let what = flag.map_or(&facts.b.environment.environment.name, |flag| &flag.0);
    match &moment.name {
        Some(name) => format!("Restore {what} to {name}"),
        None => format!("Restore {what}"),
    }
}

fn state_of(subject: &Subject) -> Subject {
    subject.flag().map_or_else(|| subject.clone(), Subject::state_of)
}

fn options_in(value: Option<&Value>) -> Vec<Variant> {
    value
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default()
}

fn names_unmade_option(field: &FieldPath, value: Option<&Value>) -> bool {
    let is_weights = matches!(field, FieldPath::Weights | FieldPath::OverrideWeights(_));
    is_weights
        && options_in(value)
            .iter()
            .any(|option| option.id.starts_with(NEW_OPTION))
}

fn is_unmade_option_in(changes: &FieldChanges) -> bool {
    changes
        .iter()
        .any(|(field, value)| names_unmade_option(field, value.as_ref()))
}

/// Takes out what gives shares to options that a flag does not have yet: an
/// edit rests on what is there, and the shares are one field with the rest.
fn leave_unmade_options(
    sides: &Sides,
    subject: &Subject,
    changes: &mut FieldChanges,
    left_out: &mut Vec<LeftOutDifference>,
) {
    let fields: Vec<FieldPath> = changes
        .iter()
        .filter(|(field, value)| names_unmade_option(field, value.as_ref()))
        .map(|(field, _)| field.clone())
        .collect();
    for field in fields {
        let unit = match (&field, subject) {
            (_, Subject::IdentityOverride { .. }) => FieldPath::Existence,
            (FieldPath::OverrideWeights(id), _) => FieldPath::Override(id.clone()),
            (field, _) => field.clone(),
        };
        changes.retain(|other, _| *other != field && *other != unit && !other.is_within(&unit));
        let difference = sides
            .differences
            .iter()
            .find(|one| one.subject == *subject && one.field == unit);
        if let Some(difference) = difference {
            left_out.push(LeftOutDifference {
                id: difference.id.clone(),
                why: LeftOutWhy::OptionsFirst,
            });
        }
    }
}

/// Options that are there keep the shares that new environments get, which are
/// not those that an environment's list shows.
fn keep_beginning_shares(changes: &mut FieldChanges, held: Option<&SubjectState>) {
    let (Some(SubjectState::Flag(held)), Some(Some(value))) = (held, changes.get_mut(&FieldPath::Options))
    else {
        return;
    };
    let mut options = options_in(Some(value));
    for option in &mut options {
        if let Some(held) = held.options.iter().find(|held| held.id == option.id) {
            option.weight = held.weight;
        }
    }
    *value = serde_json::to_value(options).unwrap_or_default();
}
