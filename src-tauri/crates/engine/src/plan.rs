//! What a segment comes down to, where its rules are simpler than they are written.
//!
//! The server's editor nests: a rule that joins one rule that joins the conditions. Most segments are one list of
//! conditions in the end, and a list is quick to walk.

use crate::engine::{Rule, RuleKind};

/// How a segment is walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// All of the conditions must hold.
    All(Box<[u32]>),
    /// At least one must hold.
    Any(Box<[u32]>),
    /// None may hold.
    None(Box<[u32]>),
    /// Matches nobody.
    Nobody,
    /// Rule by rule, as written.
    Rules,
}

impl Plan {
    /// Of a segment's rules, which must all hold, when looking at them cannot fail.
    pub(crate) fn of(rules: &[Rule], can_fail: bool) -> Self {
        if rules.is_empty() {
            return Self::Nobody;
        }
        if can_fail {
            return Self::Rules;
        }
        let everybody = Some(Self::All(Box::default()));
        let joined = rules
            .iter()
            .fold(everybody, |before, rule| both(before?, of_rule(rule)?));
        joined.unwrap_or(Self::Rules)
    }
}

/// `None` where a rule does not come down to one list.
fn of_rule(rule: &Rule) -> Option<Plan> {
    let conditions: Box<[u32]> = rule.conditions.as_slice().into();
    let by_conditions = match rule.kind {
        _ if conditions.is_empty() => Plan::All(conditions),
        RuleKind::All => Plan::All(conditions),
        RuleKind::Any => Plan::Any(conditions),
        RuleKind::None => Plan::None(conditions),
        RuleKind::Unknown(_) => return None,
    };
    let by_rules = match (&rule.kind, rule.rules.as_slice()) {
        (_, []) => Plan::All(Box::default()),
        (RuleKind::All | RuleKind::Any, [only]) => of_rule(only)?,
        (RuleKind::All, several) => {
            let everybody = Some(Plan::All(Box::default()));
            several
                .iter()
                .fold(everybody, |before, rule| both(before?, of_rule(rule)?))?
        }
        _ => return None,
    };
    both(by_conditions, by_rules)
}

/// One list for two that must both hold; `None` where there is none.
fn both(one: Plan, other: Plan) -> Option<Plan> {
    match (one, other) {
        (Plan::All(one), Plan::All(other)) => Some(Plan::All([one, other].concat().into())),
        (Plan::None(one), Plan::None(other)) => Some(Plan::None([one, other].concat().into())),
        (Plan::All(nothing), other) | (other, Plan::All(nothing)) if nothing.is_empty() => Some(other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use crate::engine::{Rule, RuleKind};

    fn rule(kind: RuleKind, conditions: &[u32], rules: Vec<Rule>) -> Rule {
        Rule {
            kind,
            conditions: conditions.to_vec(),
            rules,
            has_hazard_below: false,
        }
    }

    #[test]
    fn nested_rules_come_down_to_a_list() {
        use RuleKind::{All, Any, None};
        let all = |conditions: &[u32]| Plan::All(conditions.into());
        let any = |conditions: &[u32]| Plan::Any(conditions.into());
        let none = |conditions: &[u32]| Plan::None(conditions.into());
        let cases = [
            (vec![], Plan::Nobody),
            (vec![rule(Any, &[], vec![])], all(&[])),
            (
                vec![rule(All, &[], vec![rule(Any, &[1, 2], vec![])])],
                any(&[1, 2]),
            ),
            (vec![rule(All, &[1], vec![rule(All, &[2], vec![])])], all(&[1, 2])),
            (
                vec![rule(
                    All,
                    &[],
                    vec![rule(All, &[1], vec![]), rule(All, &[2], vec![])],
                )],
                all(&[1, 2]),
            ),
            (
                vec![rule(None, &[1], vec![]), rule(None, &[2], vec![])],
                none(&[1, 2]),
            ),
            (vec![rule(Any, &[], vec![rule(None, &[3], vec![])])], none(&[3])),
            (vec![rule(None, &[], vec![rule(All, &[3], vec![])])], Plan::Rules),
            (
                vec![rule(All, &[1], vec![rule(Any, &[2, 3], vec![])])],
                Plan::Rules,
            ),
            (
                vec![rule(
                    Any,
                    &[],
                    vec![rule(All, &[1], vec![]), rule(All, &[2], vec![])],
                )],
                Plan::Rules,
            ),
        ];
        for (rules, expected) in cases {
            assert_eq!(Plan::of(&rules, false), expected, "{rules:?}");
        }
        assert_eq!(Plan::of(&[rule(All, &[1], vec![])], true), Plan::Rules);
    }
}
