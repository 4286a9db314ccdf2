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
    rate(budgets).into_iter().chain(counted).collect()
}

/// The rate budgets. Those of which nothing is known for the same reason are
/// one row: three that say the same tell no more.
fn rate(budgets: &[BudgetView]) -> Vec<LimitView> {
    let mut rows: Vec<LimitView> = Vec::new();
    for view in budgets.iter().map(budget) {
        let same = rows
            .iter_mut()
            .find(|row| row.limit.is_none() && view.limit.is_none() && row.source == view.source);
        match same {
            Some(row) => "Requests".clone_into(&mut row.name),
            None => rows.push(view),
        }
    }
    rows
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, limit: Option<u32>) -> BudgetView {
        BudgetView {
            name: name.to_owned(),
            remaining: limit.map(|limit| limit - 10),
            limit,
            resets_at: None,
            paused_until: None,
            known: limit.map_or("Nobody knows.", |_| "Told.").to_owned(),
            waiting: 0,
            waiting_seconds: None,
        }
    }

    #[test]
    fn budgets_of_which_nothing_is_known_are_one_row() {
        let unknown = [
            row("Admin", None),
            row("Flags API", None),
            row("Edge Proxy", None),
        ];
        let some = [
            row("Admin", Some(240)),
            row("Flags API", None),
            row("Edge Proxy", Some(60)),
        ];
        let names =
            |budgets: &[BudgetView]| rate(budgets).into_iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names(&unknown), ["Requests"]);
        assert_eq!(
            names(&some),
            ["Admin requests", "Flags API requests", "Edge Proxy requests"]
        );
    }
}
