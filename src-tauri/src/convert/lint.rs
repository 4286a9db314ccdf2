//! What is doubtful about a whole environment, as the window shows it.

use std::collections::HashMap;

use halyard_console::{EnvironmentLint, LintFinding, LintFix};
use halyard_engine::Severity;
use halyard_model::{Environment, FieldChanges, FieldPath, Timestamp};
use serde_json::Value;

use super::field::subject;
use crate::{view::*, words::lint as words};

/// The findings with what was looked at.
pub fn lint(lint: &EnvironmentLint, here: &Environment, now: Timestamp) -> LintView {
    let mut taken: HashMap<String, usize> = HashMap::new();
    LintView {
        rows: lint
            .findings
            .iter()
            .map(|found| {
                let mut row = row(found, here, now);
                // Two conditions of one segment can have the same fault.
                let again = taken.entry(row.id.clone()).or_default();
                *again += 1;
                if *again > 1 {
                    row.id = format!("{} {again}", row.id);
                }
                row
            })
            .collect(),
        summary: words::summary(lint, here, now),
        days: lint.days,
        skipped: lint.gaps.iter().map(|gap| words::gap(gap, now)).collect(),
    }
}

fn row(found: &LintFinding, here: &Environment, now: Timestamp) -> LintRowView {
    let doubt = &found.doubt;
    let kind = words::kind(doubt);
    let name = words::name(doubt);
    LintRowView {
        id: format!("{kind} {name}{}", words::detail(doubt)),
        severity: match doubt.severity() {
            Severity::Breaks => SeverityView::Breaks,
            Severity::Differs => SeverityView::Differs,
            Severity::NeverMatches => SeverityView::NeverMatches,
            Severity::Doubtful => SeverityView::Doubtful,
        },
        kind,
        heading: words::heading(doubt).to_owned(),
        sentence: words::sentence(doubt, here, now),
        name,
        fixes: found.fixes.iter().map(|one| fix(one, here)).collect(),
    }
}

fn fix(fix: &LintFix, here: &Environment) -> LintFixView {
    match fix {
        LintFix::Stage {
            what,
            subject: about,
            revision,
            changes,
        } => LintFixView::Stage {
            label: words::staging(*what).to_owned(),
            environment: here.key.0.clone(),
            subject: subject(about),
            revision: revision.clone(),
            changes: edits(changes),
        },
        LintFix::Open { subject: about } => LintFixView::Open {
            label: words::opening(about),
            environment: here.key.0.clone(),
            subject: subject(about),
        },
    }
}

/// Changes as the window sends them back. An override's parts go with it.
fn edits(changes: &FieldChanges) -> Vec<FieldEdit> {
    let is_gone = |path: &FieldPath| changes.get(path).is_some_and(Option::is_none);
    let goes_along = |path: &FieldPath| match path.override_of() {
        Some(id) => {
            let whole = FieldPath::Override(id.to_owned());
            *path != whole && is_gone(&whole)
        }
        None => false,
    };
    changes
        .iter()
        .filter(|(path, _)| !goes_along(path))
        .map(|(path, to)| FieldEdit {
            field: path.to_string(),
            to: match to {
                None => FieldInput::Unset,
                Some(Value::Bool(on)) => FieldInput::Toggle { on: *on },
                Some(other) => FieldInput::Json {
                    text: other.to_string(),
                },
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use halyard_model::{
        FlagState, FlagValue, SegmentOverride, Service, Subject, SubjectState, changed, fields_of,
    };
    use serde_json::json;

    use super::*;
    use crate::convert::field::changes_in;

    #[test]
    fn edits_come_back_as_the_changes_they_were() {
        let own = |id: &str| SegmentOverride {
            segment_id: id.to_owned(),
            segment_name: id.to_owned(),
            priority: None,
            enabled: true,
            value: FlagValue(json!("x")),
            variants: Vec::new(),
        };
        let mut state = FlagState::plain(true, FlagValue(json!("a")));
        state.segment_overrides = vec![own("12"), own("13")];
        let held = SubjectState::FlagState(state);
        let subject = Subject::state_of(&halyard_model::FlagKey("a".into()));
        let unset = |path: &str| (path.parse::<FieldPath>().unwrap(), None);
        for changes in [
            BTreeMap::from([
                unset("override:12"),
                unset("override_enabled:12"),
                unset("override_value:12"),
                unset("override_weights:12"),
            ]),
            BTreeMap::from([(FieldPath::Enabled, Some(json!(false)))]),
            BTreeMap::from([unset("existence")]),
        ] {
            let sent = edits(&changes);
            let back = changes_in(Service::Flagsmith, &fields_of(Some(&held)), &sent).unwrap();
            assert_eq!(
                changed(&subject, Some(&held), &back).unwrap(),
                changed(&subject, Some(&held), &changes).unwrap(),
                "{sent:?}"
            );
        }
    }
}
