//! Two sides beside each other.

pub mod text;

use halyard_console::{CheckFacts, CheckWarning, Promoted, SideFacts, SidesFacts};
use halyard_model::{
    Aspect, At, ConnectionId, Edit, EnvironmentKey, FieldPath, Fields, FlagState, FlagValue,
    LeftOutDifference, Line, LineKind, Presence, Scope, SegmentRule, Service, Side, SideDifference, Subject,
    SubjectState, Timestamp, ValueKind, fields_of, lines,
};
use serde_json::Value;

use super::{
    connection::freshness,
    count,
    field::{
        outward::{Names, Purpose, identity_state, shown},
        subject as subject_view,
    },
    moment::at_in,
};
use crate::{
    error::WireError,
    view::*,
    words::{self, field::Place, time::Clock},
};

/// The tabs, in their order.
const ASPECTS: [Aspect; 6] = [
    Aspect::State,
    Aspect::Value,
    Aspect::Overrides,
    Aspect::Flags,
    Aspect::Segments,
    Aspect::Configs,
];

/// An environment now or at a moment, inwards.
pub fn side_in(at: &AtView) -> Result<At, WireError> {
    Ok(At {
        connection: ConnectionId(at.connection.clone()),
        environment: EnvironmentKey(at.environment.clone()),
        moment: at_in(at.moment.as_deref())?,
    })
}

/// What stands around a comparison.
pub struct Around<'a> {
    /// The marks of both environments.
    pub marks: [MarkView; 2],
    /// Now.
    pub now: Timestamp,
    /// Tells times of day.
    pub clock: &'a Clock,
}

/// Two sides beside each other.
pub fn sides(facts: &SidesFacts, around: &Around<'_>) -> SidesView {
    let found = &facts.sides;
    let (a, b) = (title(&facts.a), title(&facts.b));
    let services = [
        (a, facts.a.connection.endpoint.service()),
        (b, facts.b.connection.endpoint.service()),
    ];
    SidesView {
        a: side(&facts.a, around.marks[0], around),
        b: side(&facts.b, around.marks[1], around),
        differences: found
            .differences
            .iter()
            .map(|one| difference(facts, one))
            .collect(),
        counts: ASPECTS
            .into_iter()
            .map(|aspect| AspectCountView {
                aspect: aspect_view(aspect),
                count: count(found.count(aspect)),
            })
            .filter(|counted| counted.count > 0)
            .collect(),
        only_a: count(found.count_of(Presence::OnlyA)),
        only_b: count(found.count_of(Presence::OnlyB)),
        changed: count(found.count_of(Presence::Changed)),
        same: words::sides::same(&found.same),
        unmapped: words::sides::unmapped(&found.unmapped, services),
        read_only: facts.refused.map(|refused| words::sides::refusal(refused, b)),
        advice: facts
            .stale
            .filter(|_| facts.refused.is_none())
            .map(|stale| words::sides::advice(stale, a, b)),
    }
}

fn title(side: &SideFacts) -> &str {
    &side.environment.environment.name
}

fn side(facts: &SideFacts, mark: MarkView, around: &Around<'_>) -> SideView {
    SideView {
        at: AtView {
            connection: facts.at.connection.0.clone(),
            environment: facts.at.environment.0.clone(),
            moment: facts.at.moment.map(|moment| moment.0.to_string()),
        },
        connection_name: facts.connection.name.clone(),
        environment_name: title(facts).to_owned(),
        mark,
        when: words::sides::when(facts.moment.as_ref(), around.now, around.clock),
        freshness: facts.moment.is_none().then(|| freshness(&facts.environment)),
        damaged: facts
            .damaged
            .iter()
            .map(|part| format!("{} is damaged in the local copy and left out.", part.what))
            .collect(),
    }
}

fn aspect_view(aspect: Aspect) -> AspectView {
    match aspect {
        Aspect::State => AspectView::State,
        Aspect::Value => AspectView::Value,
        Aspect::Overrides => AspectView::Overrides,
        Aspect::Flags => AspectView::Flags,
        Aspect::Segments => AspectView::Segments,
        Aspect::Configs => AspectView::Configs,
    }
}

fn difference(facts: &SidesFacts, one: &SideDifference) -> SideDifferenceView {
    let lines = lines_of(one);
    SideDifferenceView {
        id: one.id.clone(),
        aspect: aspect_view(one.aspect),
        presence: match one.presence {
            Presence::Changed => PresenceView::Changed,
            Presence::OnlyA => PresenceView::OnlyA,
            Presence::OnlyB => PresenceView::OnlyB,
        },
        subject: subject_view(&one.subject),
        name: facts.sides.name(&one.subject),
        icon: icon(facts, &one.subject),
        label: words::sides::label(one, &lines),
        everywhere: one.subject.scope() == Scope::Project,
        a: value(facts, one, Side::A),
        b: value(facts, one, Side::B),
        lines: lines.into_iter().map(line).collect(),
        blocked: one
            .blocked
            .as_ref()
            .map(|blocked| words::sides::blocked(blocked, title(&facts.b))),
        needs: one.needs.clone(),
    }
}

fn line(line: Line) -> LineView {
    LineView {
        kind: match line.kind {
            LineKind::Same => LineKindView::Same,
            LineKind::OnlyA => LineKindView::OnlyA,
            LineKind::OnlyB => LineKindView::OnlyB,
        },
        a: line.a.map(count),
        b: line.b.map(count),
        pieces: line
            .pieces
            .into_iter()
            .map(|piece| LinePieceView {
                text: piece.text,
                marked: piece.marked,
            })
            .collect(),
    }
}

/// What differs line by line: values that have lines, rules in words.
fn lines_of(one: &SideDifference) -> Vec<Line> {
    let field = match &one.field {
        FieldPath::Override(id) => FieldPath::OverrideValue(id.clone()),
        FieldPath::Existence if matches!(one.subject, Subject::IdentityOverride { .. }) => FieldPath::Value,
        FieldPath::Existence => return Vec::new(),
        field => field.clone(),
    };
    let (Some(a), Some(b)) = (one.a.get(&field), one.b.get(&field)) else {
        return Vec::new();
    };
    match field {
        FieldPath::Rules => {
            let told = |rules: &Value| Value::String(rules_in_words(&one.subject, rules).join("\n"));
            lines(&told(a), &told(b))
        }
        FieldPath::Value | FieldPath::OverrideValue(_) | FieldPath::EnvironmentValue(_) if a != b => {
            lines(a, b)
        }
        FieldPath::Targeting(_) => lines(a, b),
        _ => Vec::new(),
    }
}

fn rules_in_words(subject: &Subject, rules: &Value) -> Vec<String> {
    if !matches!(subject, Subject::Segment { .. }) {
        return words::rule::targeting_lines(rules);
    }
    let rules: Vec<SegmentRule> = serde_json::from_value(rules.clone()).unwrap_or_default();
    words::rule::lines(&rules)
}

/// What a side has of a difference, as it is drawn.
fn value(facts: &SidesFacts, one: &SideDifference, side: Side) -> FieldValueView {
    let fields = match side {
        Side::A => &one.a,
        Side::B => &one.b,
    };
    let service = facts.b.connection.endpoint.service();
    let names = Names::of(service, &one.subject, &[&one.a, &one.b]);
    let state = |subject: &Subject| facts.sides.state(side, subject);
    match (&one.subject, &one.field) {
        (Subject::Flag { flag }, FieldPath::Existence) => {
            let own = state(&Subject::state_of(flag)).and_then(SubjectState::flag_state);
            own.map_or_else(not_there, switch)
        }
        (_, FieldPath::Existence) if fields.is_empty() => match one.subject {
            Subject::IdentityOverride { .. } => identity_state(fields, &names),
            _ => not_there(),
        },
        (Subject::IdentityOverride { .. }, _) => identity_state(fields, &names),
        (Subject::Segment { .. }, FieldPath::Existence) => {
            shown(&FieldPath::Rules, fields, &names, Purpose::Read)
        }
        (Subject::Config { .. }, FieldPath::Existence) => {
            shown(&FieldPath::Value, fields, &names, Purpose::Read)
        }
        // Control's share is worked out of the value beside.
        (subject, field @ (FieldPath::Weights | FieldPath::Options)) => {
            shown(field, &fields_of(state(subject)), &names, Purpose::Read)
        }
        (subject, field @ FieldPath::OverrideOrder) => {
            let all = fields_of(state(subject));
            let names = Names::of(service, subject, &[&all]);
            shown(field, fields, &names, Purpose::Read)
        }
        (_, FieldPath::HasTargeting) if !fields.is_empty() => FieldValueView::Text {
            text: targeting(fields),
        },
        (_, field) => shown(field, fields, &names, Purpose::Read),
    }
}

fn not_there() -> FieldValueView {
    FieldValueView::Absent {
        text: "Not there".into(),
    }
}

fn switch(state: &FlagState) -> FieldValueView {
    FieldValueView::Toggle {
        on: state.enabled,
        text: if state.enabled { "On" } else { "Off" }.into(),
    }
}

/// Targeting as a whole, in short: `2 rules, rollout`.
fn targeting(fields: &Fields) -> String {
    let rules = fields
        .get(&FieldPath::Rules)
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let rules = (rules > 0).then(|| words::number::plural(rules as u64, "rule", "rules"));
    let rollout = fields
        .contains_key(&FieldPath::Rollout)
        .then(|| "rollout".to_owned());
    let parts: Vec<String> = [rules, rollout].into_iter().flatten().collect();
    match parts.is_empty() {
        true => "Empty".into(),
        false => parts.join(", "),
    }
}

fn icon(facts: &SidesFacts, subject: &Subject) -> SubjectIconView {
    let of_value = |multivariate: bool, value: &FlagValue| match (multivariate, value.kind()) {
        (true, _) => SubjectIconView::Multivariate,
        (_, ValueKind::None | ValueKind::Boolean) => SubjectIconView::Boolean,
        (_, ValueKind::Text) => SubjectIconView::Text,
        (_, ValueKind::Number) => SubjectIconView::Number,
        (_, ValueKind::Json) => SubjectIconView::Json,
    };
    let Some(flag) = subject.flag() else {
        return match subject {
            Subject::Segment { .. } => SubjectIconView::Segment,
            Subject::Config { .. } => SubjectIconView::Config,
            _ => SubjectIconView::Identity,
        };
    };
    let subject = Subject::state_of(flag);
    let held = |side: Side| {
        facts
            .sides
            .state(side, &subject)
            .and_then(SubjectState::flag_state)
    };
    held(Side::B)
        .or(held(Side::A))
        .map_or(SubjectIconView::Boolean, |state| {
            of_value(!state.variants.is_empty(), &state.value)
        })
}

/// Sentences on what is left out.
fn left_out(facts: &SidesFacts, all: &[LeftOutDifference]) -> Vec<String> {
    let told = all.iter().map(|one| {
        let name = facts
            .sides
            .difference(&one.id)
            .map(|difference| facts.sides.name(&difference.subject))
            .unwrap_or_default();
        words::sides::left_out(&one.why, &name, title(&facts.b))
    });
    told.collect()
}

/// What taking over would do. `impact` is what it does to the target's users.
pub fn check(found: &CheckFacts, impact: Vec<ImpactView>) -> PromoteCheckView {
    let facts = &found.facts;
    let environment = title(&facts.b);
    let service = facts.b.connection.endpoint.service();
    let mut problems = left_out(facts, &found.left_out);
    for (place, problem) in &found.problems {
        if let Some(edit) = found.edits.get(*place) {
            let what = label_of(edit, service, &problem.field);
            problems.push(format!("{what}: {}", words::problem::problem(&problem.kind)));
        }
    }
    let warnings = found.warnings.iter().filter_map(|warning| match warning {
        CheckWarning::Edit { edit, warning } => {
            let edit = found.edits.get(*edit)?;
            let label = |field: &FieldPath| label_of(edit, service, field);
            let sentence = words::heed::sentence(warning, environment, label);
            Some(format!("{}: {sentence}", words::outcome::name(edit)))
        }
        other => words::sides::warning(other),
    });
    PromoteCheckView {
        edits: count(found.edits.len()),
        needed: found
            .needed
            .iter()
            .filter_map(|id| {
                let one = facts.sides.difference(id)?;
                let name = facts.sides.name(&one.subject);
                Some(NeededView {
                    sentence: words::sides::needed(one, &name, environment),
                    id: id.clone(),
                })
            })
            .collect(),
        problems,
        warnings: warnings.collect(),
        impact,
        impact_note: found.impact_unknown.as_ref().map(words::sides::unknown_impact),
    }
}

fn label_of(edit: &Edit, service: Service, field: &FieldPath) -> String {
    let (before, after) = (fields_of(edit.base.as_ref()), fields_of(edit.wish.as_ref()));
    let names = Names::of(service, &edit.subject, &[&before, &after]);
    names.label(field, Place::Change)
}

/// What was staged.
pub fn promoted(found: &Promoted) -> PromotedView {
    PromotedView {
        change_set: found.set.id.0.clone(),
        staged: count(found.edits.len()),
        sentence: words::sides::staged(found.edits.len(), title(&found.facts.b)),
        left_out: left_out(&found.facts, &found.left_out),
    }
}
