//! How much of each limit is used.

use halyard_console::{EnvironmentLimits, LimitFacts, LimitKind, LimitLevel, limit_level};
use halyard_model::{Service, Timestamp};

use super::large_count;
use crate::{view::*, words::limits as words};

/// The rate budgets, then what an environment uses of the service's limits.
pub fn limits(
    limits: &EnvironmentLimits,
    service: Service,
    budgets: &[BudgetView],
    now: Timestamp,
) -> Vec<LimitView> {
    let is_blocked = limits.blocked == Some(true);
    let counted = limits.limits.iter().map(|facts| {
        let mut view = limit(facts, service, now);
        if facts.kind == LimitKind::MonthlyCalls && is_blocked {
            view.gravity = Some(GravityView::Danger);
            view.note = Some(words::blocked());
        }
        view
    });
    budgets.iter().map(budget).chain(counted).collect()
}

fn budget(budget: &BudgetView) -> LimitView {
    let used = budget
        .limit
        .zip(budget.remaining)
        .map(|(limit, left)| limit.saturating_sub(left));
    let level = used
        .zip(budget.limit)
        .and_then(|(used, limit)| limit_level(used.into(), limit.into()));
    LimitView {
        id: format!("budget {}", budget.name),
        name: format!("{} requests", budget.name),
        used,
        limit: budget.limit,
        unit: LimitUnitView::PerMinute,
        source: budget.known.clone(),
        gravity: level.map(gravity),
        trend: None,
        note: None,
    }
}

fn limit(facts: &LimitFacts, service: Service, now: Timestamp) -> LimitView {
    LimitView {
        id: id(facts.kind).to_owned(),
        name: words::name(facts.kind).to_owned(),
        used: facts.used.map(large_count),
        limit: facts.limit.map(large_count),
        unit: match facts.kind {
            LimitKind::ValueBytes
            | LimitKind::ConditionBytes
            | LimitKind::DocumentBytes
            | LimitKind::DefinitionBytes => LimitUnitView::Bytes,
            LimitKind::MonthlyCalls => LimitUnitView::PerMonth,
            _ => LimitUnitView::Count,
        },
        source: words::source(facts, service, now),
        gravity: facts.level().map(gravity),
        trend: words::trend(facts),
        note: words::note(facts),
    }
}

fn id(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Flags => "flags",
        LimitKind::Segments => "segments",
        LimitKind::SegmentOverrides => "segment_overrides",
        LimitKind::Conditions => "conditions",
        LimitKind::ValueBytes => "value_bytes",
        LimitKind::ConditionBytes => "condition_bytes",
        LimitKind::IdentityOverrides => "identity_overrides",
        LimitKind::DocumentBytes => "document_bytes",
        LimitKind::DefinitionBytes => "definition_bytes",
        LimitKind::MonthlyCalls => "monthly_calls",
    }
}

/// Amber near the limit, red at it.
fn gravity(level: LimitLevel) -> GravityView {
    match level {
        LimitLevel::Near => GravityView::Warning,
        LimitLevel::Reached => GravityView::Danger,
    }
}
