//! What taking differences over would do, before anything is staged.

use std::collections::BTreeSet;

use halyard_model::{
    Edit, Facts, FieldPath, Flag, FlagKey, LeftOutDifference, Picked, Problem, SegmentKey, SegmentRule,
    SegmentUse, Service, Subject, SubjectState, Warning, fields_of, problems, promote, warnings,
};

use super::{PromoteInput, SidesFacts, stage::refuse};
use crate::{Console, ConsoleError, Draft, ImpactFacts, ImpactInput, LimitKind};

/// So many flags are weighed; more would be waited for too long.
const MOST_WEIGHED: usize = 12;

/// What to know before differences are taken over.
#[derive(Clone, Debug)]
pub enum CheckWarning {
    /// Of one edit.
    Edit {
        /// Which of [`CheckFacts::edits`].
        edit: usize,
        /// What.
        warning: Warning,
    },
    /// The target would have more than the service takes.
    Limit {
        /// Of what.
        kind: LimitKind,
        /// How many, or how much, it would be.
        would_be: u64,
        /// How much is taken.
        limit: u64,
    },
    /// The target has a flag whose name differs in capitals alone, which
    /// Flagsmith takes for the same.
    SimilarName {
        /// The flag to be made.
        flag: FlagKey,
        /// The one that is there.
        known: FlagKey,
    },
    /// EdgeFlags does not take such a key: small letters, digits, and `.`, `_`
    /// or `-` behind the first one.
    BadKey {
        /// The key.
        key: String,
    },
}

/// Why it is not known what a promotion does to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownImpact {
    /// The service evaluates by itself.
    RemoteOnly,
    /// It could not be worked out.
    Failed {
        /// Why, in a sentence.
        reason: String,
    },
}

/// What taking differences over would do. Nothing was staged.
#[derive(Clone, Debug)]
pub struct CheckFacts {
    /// The comparison.
    pub facts: SidesFacts,
    /// The edits that would be staged.
    pub edits: Vec<Edit>,
    /// Differences that are taken along, by id.
    pub needed: Vec<String>,
    /// What was picked and would be left out.
    pub left_out: Vec<LeftOutDifference>,
    /// What makes an edit unsendable, with its place in `edits`.
    pub problems: Vec<(usize, Problem)>,
    /// What to know.
    pub warnings: Vec<CheckWarning>,
    /// What it does to the target's users, flag by flag: flags that are there
    /// and that an edit is about; at most twelve.
    pub impact: Vec<ImpactFacts>,
    /// Why that is not known.
    pub impact_unknown: Option<UnknownImpact>,
}

impl Console {
    /// What taking differences over would do. Nothing is staged.
    ///
    /// Errors as [`Console::promote`].
    pub async fn check_promotion(&self, input: &PromoteInput) -> Result<CheckFacts, ConsoleError> {
        let facts = self.compare_sides(&input.a, &input.b).await?;
        refuse(&facts)?;
        let existing = match &input.change_set {
            Some(id) => self.inner.mirror.edits_of_change_set(id).await?,
            None => Vec::new(),
        };
        let promotion = promote(&facts.sides, &facts.contents, Picked::Ids(&input.picked));
        let planned = self.planned(&facts, promotion, &existing).await?;
        let edits = planned.edits;
        let mut found = Vec::new();
        for (place, edit) in edits.iter().enumerate() {
            let wrong = problems(&edit.subject, edit.wish.as_ref());
            found.extend(wrong.into_iter().map(|problem| (place, problem)));
        }
        let flags = self
            .inner
            .mirror
            .flags(&input.b.connection, &input.b.environment)
            .await?;
        let mut warnings = self.of_edits(&facts, &edits, &flags).await?;
        warnings.extend(names(&facts, &edits));
        warnings.extend(self.of_limits(&facts, &edits).await?);
        let (impact, impact_unknown) = self.weighed_for(&facts, &edits, &flags).await;
        Ok(CheckFacts {
            facts,
            problems: found,
            needed: planned.needed,
            left_out: planned.left_out,
            warnings,
            impact,
            impact_unknown,
            edits,
        })
    }

    async fn of_edits(
        &self,
        facts: &SidesFacts,
        edits: &[Edit],
        flags: &[Flag],
    ) -> Result<Vec<CheckWarning>, ConsoleError> {
        let here = &facts.b.environment.environment;
        let environments = self.inner.mirror.environments(&facts.b.at.connection).await?;
        let environments: Vec<String> = environments.into_iter().map(|one| one.name).collect();
        let mut found = Vec::new();
        for (place, edit) in edits.iter().enumerate() {
            let flag = edit
                .flag()
                .and_then(|key| flags.iter().find(|flag| flag.key == *key));
            let uses = match &edit.subject {
                Subject::Segment { segment } => uses(segment, flags, &here.name),
                _ => Vec::new(),
            };
            let around = Facts {
                service: facts.b.connection.endpoint.service(),
                requires_change_requests: here.requires_change_requests,
                flag,
                definition: None,
                environments: &environments,
                uses: &uses,
            };
            let told = warnings(edit, &around);
            found.extend(
                told.into_iter()
                    .map(|warning| CheckWarning::Edit { edit: place, warning }),
            );
        }
        Ok(found)
    }

    async fn of_limits(&self, facts: &SidesFacts, edits: &[Edit]) -> Result<Vec<CheckWarning>, ConsoleError> {
        let at = &facts.b.at;
        let known = self.environment_limits(&at.connection, &at.environment).await?;
        let grown = Growth::of(edits);
        let mut found = Vec::new();
        for limit in known.limits {
            let (Some(used), Some(allowed)) = (limit.used, limit.limit) else {
                continue;
            };
            let would_be = match limit.kind {
                LimitKind::Flags => used.saturating_add_signed(grown.flags),
                LimitKind::Segments => used.saturating_add_signed(grown.segments),
                LimitKind::SegmentOverrides => used.saturating_add_signed(grown.overrides),
                LimitKind::ValueBytes => grown.longest_value,
                LimitKind::Conditions => grown.conditions,
                _ => continue,
            };
            let grows = match limit.kind {
                LimitKind::ValueBytes | LimitKind::Conditions => true,
                _ => would_be > used,
            };
            if grows && would_be > allowed {
                found.push(CheckWarning::Limit {
                    kind: limit.kind,
                    would_be,
                    limit: allowed,
                });
            }
        }
        Ok(found)
    }

    async fn weighed_for(
        &self,
        facts: &SidesFacts,
        edits: &[Edit],
        flags: &[Flag],
    ) -> (Vec<ImpactFacts>, Option<UnknownImpact>) {
        let drafts: Vec<Draft> = edits.iter().map(Draft::of_edit).collect();
        let mut concerned: BTreeSet<&FlagKey> = BTreeSet::new();
        for edit in edits {
            match &edit.subject {
                Subject::Segment { segment } => concerned.extend(
                    flags
                        .iter()
                        .filter(|flag| overrides(flag, segment))
                        .map(|flag| &flag.key),
                ),
                subject => concerned.extend(subject.flag()),
            }
        }
        // One that is made or goes is told of by its edit.
        concerned.retain(|key| {
            let goes = |edit: &Edit| {
                matches!(&edit.subject, Subject::Flag { flag } if flag == *key) && edit.wish.is_none()
            };
            flags.iter().any(|flag| flag.key == **key) && !edits.iter().any(goes)
        });
        let mut found = Vec::new();
        for flag in concerned.into_iter().take(MOST_WEIGHED) {
            let input = ImpactInput {
                connection: facts.b.at.connection.clone(),
                environment: facts.b.at.environment.clone(),
                at: None,
                flag: flag.clone(),
                change_set: None,
                edits: drafts.clone(),
            };
            match self.impact(input).await {
                Ok(impact) => found.push(impact),
                Err(ConsoleError::RemoteOnly) => return (Vec::new(), Some(UnknownImpact::RemoteOnly)),
                Err(ConsoleError::Gone { .. }) => {}
                Err(error) => {
                    let reason = error.to_string();
                    return (Vec::new(), Some(UnknownImpact::Failed { reason }));
                }
            }
        }
        (found, None)
    }
}

fn overrides(flag: &Flag, segment: &SegmentKey) -> bool {
    let mut own = flag.state.segment_overrides.iter();
    own.any(|own| own.segment_id == segment.0)
}

fn uses(segment: &SegmentKey, flags: &[Flag], environment: &str) -> Vec<SegmentUse> {
    let using = flags.iter().filter(|flag| overrides(flag, segment));
    using
        .map(|flag| SegmentUse {
            flag: flag.key.clone(),
            environment: Some(environment.to_owned()),
        })
        .collect()
}

/// What is doubtful about the names of what is made.
fn names(facts: &SidesFacts, edits: &[Edit]) -> Vec<CheckWarning> {
    let service = facts.b.connection.endpoint.service();
    let mut found = Vec::new();
    for edit in edits.iter().filter(|edit| edit.base.is_none()) {
        let key = match &edit.subject {
            Subject::Flag { flag } => &flag.0,
            Subject::Config { key } => key,
            Subject::Segment { segment } => segment.name_to_be().unwrap_or(&segment.0),
            _ => continue,
        };
        if service == Service::EdgeFlags {
            if !is_key(key) {
                found.push(CheckWarning::BadKey { key: key.to_owned() });
            }
        } else if let Subject::Flag { flag } = &edit.subject {
            let same = |known: &&FlagKey| known.0.eq_ignore_ascii_case(&flag.0);
            if let Some(known) = facts.contents.flags().find(same) {
                found.push(CheckWarning::SimilarName {
                    flag: flag.clone(),
                    known: known.clone(),
                });
            }
        }
    }
    found
}

/// Whether EdgeFlags takes a key, by its documentation.
fn is_key(text: &str) -> bool {
    let first = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let rest = |letter: char| first(letter) || matches!(letter, '.' | '_' | '-');
    (1..=128).contains(&text.len()) && text.chars().next().is_some_and(first) && text.chars().all(rest)
}

/// By how much edits make a project larger.
#[derive(Default)]
struct Growth {
    flags: i64,
    segments: i64,
    overrides: i64,
    longest_value: u64,
    conditions: u64,
}

impl Growth {
    fn of(edits: &[Edit]) -> Growth {
        let mut growth = Growth::default();
        let wide = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        for edit in edits {
            let by = i64::from(edit.wish.is_some()) - i64::from(edit.base.is_some());
            match (&edit.subject, &edit.wish) {
                (Subject::Flag { .. }, _) => growth.flags += by,
                (Subject::Segment { .. }, wish) => {
                    growth.segments += by;
                    if let Some(SubjectState::Segment(segment)) = wish {
                        growth.conditions = growth.conditions.max(conditions(&segment.rules));
                    }
                }
                _ => {}
            }
            let count = |state: &Option<SubjectState>| {
                let state = state.as_ref().and_then(SubjectState::flag_state);
                state.map_or(0, |state| wide(state.segment_overrides.len()))
            };
            growth.overrides += count(&edit.wish) - count(&edit.base);
            for (field, value) in fields_of(edit.wish.as_ref()) {
                if matches!(field, FieldPath::Value | FieldPath::OverrideValue(_)) {
                    let bytes = halyard_model::FlagValue(value).text().len();
                    growth.longest_value = growth.longest_value.max(u64::try_from(bytes).unwrap_or(u64::MAX));
                }
            }
        }
        growth
    }
}

fn conditions(rules: &[SegmentRule]) -> u64 {
    let own = |rule: &SegmentRule| u64::try_from(rule.conditions.len()).unwrap_or(u64::MAX);
    rules.iter().map(|rule| own(rule) + conditions(&rule.rules)).sum()
}
