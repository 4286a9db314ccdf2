//! Doubtful conditions and overrides, one sentence each.

mod kind;

pub use kind::{heading, key};

use halyard_engine::{ConditionText, Evaluator, Example, Finding, FindingKind, Subject, Verdict};

use super::{
    condition::Asked,
    number::{cut, list, series},
};

/// The conditions a finding is about: `country is one of DE, AT`.
pub fn conditions(finding: &Finding) -> Option<String> {
    let words: Vec<String> = finding
        .subject
        .conditions
        .iter()
        .map(|one| asked(one).in_words())
        .collect();
    (!words.is_empty()).then(|| words.join(", and "))
}

/// A value for which engines disagree: `For "9" the server says no and the Node SDK says yes.`
pub fn example(finding: &Finding) -> Option<String> {
    let Example {
        value,
        server,
        others,
    } = finding.example.as_ref()?;
    let given = match value {
        Some(value) => format!("For {}", cut(&value.to_string())),
        None => "Without the trait".to_owned(),
    };
    let mut answers = vec![format!("the server {}", says(*server))];
    for verdict in [Verdict::Holds, Verdict::DoesNotHold, Verdict::Fails] {
        let sayers: Vec<&str> = others
            .iter()
            .filter(|(_, said)| *said == verdict && said != server)
            .map(|(evaluator, _)| short_name(*evaluator))
            .collect();
        match sayers.as_slice() {
            [] => {}
            [one] => answers.push(format!("the {one} SDK {}", says(verdict))),
            many => answers.push(format!("the {} SDKs {}", series(many), say(verdict))),
        }
    }
    Some(format!("{given} {}.", series(&answers)))
}

fn says(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "says yes",
        Verdict::DoesNotHold => "says no",
        Verdict::Fails => "fails",
    }
}

fn say(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "say yes",
        Verdict::DoesNotHold => "say no",
        Verdict::Fails => "fail",
    }
}

/// What is doubtful and why. One table, so that no rule of the lint is without
/// words.
pub fn sentence(finding: &Finding) -> String {
    let about = About(&finding.subject);
    let trait_name = about.property();
    match finding.kind {
        FindingKind::BrokenPattern => format!(
            "The pattern cannot be read: the server fails for every identity that has {trait_name}."
        ),
        FindingKind::DivisionByZero => {
            format!("It divides by zero: the server fails for every identity whose {trait_name} is a number.")
        }
        FindingKind::UnreadableOperand => {
            "The server cannot read what is compared with, and fails.".into()
        }
        FindingKind::UnknownRuleType => format!(
            "The server does not know the rule type {}, and fails.",
            about.detail()
        ),
        FindingKind::InvalidPath => format!("The server cannot read the path {trait_name}, and fails."),
        FindingKind::NullPriority => format!(
            "The override for {} has no priority: the server fails where it has to compare it, and the Rust SDK \
             cannot read the document.",
            about.segment()
        ),
        FindingKind::NullEnvironmentName => {
            "The environment has no name: the Rust SDK cannot read its document.".into()
        }
        FindingKind::ContainsOnNumbers => {
            "The server never finds text in a number, or in text that looks like one. The Node, Go and Rust SDKs do."
                .into()
        }
        FindingKind::NotContainsOnNumbers => {
            "For numbers, and text that looks like one, the server always says no. The Go and Rust SDKs say yes.".into()
        }
        FindingKind::InListWithBlanks => {
            "The list has blanks around its members: the Rust SDK leaves them out, the server does not.".into()
        }
        FindingKind::InJsonList => {
            "The list is written as JSON: the Rust SDK splits it at its commas and finds no member.".into()
        }
        FindingKind::InJsonListOfNumbers => {
            "The JSON list holds numbers: the Node and Go SDKs do not find them, the server does.".into()
        }
        FindingKind::InDecimalMember => {
            "The server never finds a number with a fraction in a list. The Node, Go and Rust SDKs do.".into()
        }
        FindingKind::InUnusualNumber => {
            "A member looks like a number but is not written the shortest way, so the server never finds it.".into()
        }
        FindingKind::InFalsyMember => "The Node SDK never finds 0 or empty text in a list.".into(),
        FindingKind::InBooleanMember => {
            "The Go SDK finds true and false in a list, the server never does.".into()
        }
        FindingKind::RegexSearchesAnywhere => {
            "The server matches the pattern from the start of the text, the Node, Go and Rust SDKs anywhere in it.".into()
        }
        FindingKind::RegexNeedsBacktracking => {
            "The Go and Rust SDKs cannot read this pattern and say no.".into()
        }
        FindingKind::RegexOtherDialect => {
            "The pattern means something else, or nothing, outside of Python.".into()
        }
        FindingKind::RegexOnPrintedValue => {
            "The server matches booleans and numbers as Python prints them, such as True and 1.0; the SDKs print them \
             otherwise."
                .into()
        }
        FindingKind::EmptyPattern => {
            "The empty pattern matches everything on the server and nothing in the Node SDK.".into()
        }
        FindingKind::ModuloOfNegatives => {
            "The remainder of a negative number is another one on the server than in the SDKs.".into()
        }
        FindingKind::ModuloOfBooleans => "The server counts true as 1, the SDKs say no.".into(),
        FindingKind::ModuloRounding => {
            "The Rust SDK rounds the remainder, the server does not.".into()
        }
        FindingKind::UnknownOperator => format!(
            "The server does not know {} and says no. The Rust SDK takes it for equality.",
            about.operator()
        ),
        FindingKind::DecimalOperandOnIntegers => {
            "The server does not compare whole numbers with a fraction and says no. The Node, Go and Rust SDKs compare \
             them."
                .into()
        }
        FindingKind::UnusualNumberOperand => {
            "The server reads this as a number, the SDKs do not or only its beginning.".into()
        }
        FindingKind::NumberPassedAsText => {
            "Numbers passed as text are numbers to the server. The Node SDK compares their letters.".into()
        }
        FindingKind::NumberSpelledOtherwise => {
            "Numbers passed as text and spelled otherwise, such as 1.0 for 1, are equal to the server and not to the \
             Node SDK."
                .into()
        }
        FindingKind::TextOperandOnNumbers => {
            "The server does not compare a number with text and says no. The SDKs do compare them.".into()
        }
        FindingKind::OrderOfZeroAndOne => {
            "The Go SDK takes 0 and 1 for false and true, which have no order to it.".into()
        }
        FindingKind::BooleanOperand => {
            "To the server everything but False and false is true. The Go and Rust SDKs know fewer words.".into()
        }
        FindingKind::BooleanAgainstText => {
            "To the server any text is true to a boolean. The Go SDK compares the texts, the Rust SDK says no.".into()
        }
        FindingKind::BooleanPassedAsText => {
            "Booleans passed as text are text to the server. The Go and Rust SDKs read them as booleans.".into()
        }
        FindingKind::OrderOfBooleans => {
            "To the server false is less than true. The Go and Rust SDKs say no.".into()
        }
        FindingKind::VersionBuildMetadata => {
            "The Rust SDK compares the build part of versions, the server ignores it.".into()
        }
        FindingKind::VersionWithPrefix => {
            "The Node SDK reads versions that begin with v, the server does not.".into()
        }
        FindingKind::VersionNotEqualInNode => {
            "The Node SDK compares the texts, so whatever is no version is not equal. The server says no.".into()
        }
        FindingKind::VersionContains => {
            "The server looks for a label of the version, the SDKs search in the text.".into()
        }
        FindingKind::HugeInteger => "The SDKs cannot hold so large a number, the server can.".into(),
        FindingKind::NullTrait => {
            "A trait that is null counts as set in the Rust SDK, and as not set on the server.".into()
        }
        FindingKind::SplitByMissingTrait => format!(
            "Without {trait_name} the server says no. The Go SDK splits by the identity instead."
        ),
        FindingKind::SplitByTraitInNode => {
            format!("The Node SDK does not find {trait_name} in a split and never matches.")
        }
        FindingKind::SplitByPrintedValue => {
            "The server prints some values otherwise than the SDKs, so they fall into another bucket.".into()
        }
        FindingKind::FlagDependency => {
            "It reads another flag. The server and the Node, Go and Rust SDKs do not know that and see nothing.".into()
        }
        FindingKind::VariantOrder => format!(
            "The options of {} are not listed by their ids. The Rust SDK tries them as listed, the server by id.",
            about.flag()
        ),
        FindingKind::TiedPriorities => format!(
            "The overrides for {} and {} have the same priority. Where both match, the Flags API takes the last, an \
             Edge Proxy the first, and the Go SDK either.",
            about.segment(),
            about.other_segment()
        ),
        FindingKind::CollidingIdentityOverrides => format!(
            "The overrides of {} take each other's place in an Edge Proxy and the Python SDK.",
            about.identifiers()
        ),
        FindingKind::SegmentWithoutRules => format!(
            "{} has no rules, so it matches nobody.",
            about.segment()
        ),
        FindingKind::ConditionNeverHolds => "No value satisfies this condition.".into(),
        FindingKind::ContradictoryConditions => {
            "These conditions must hold together, and no value satisfies all of them.".into()
        }
        FindingKind::SegmentNeverMatches => format!("No identity can be in {}.", about.segment()),
        FindingKind::ShadowedOverride => format!(
            "The override for {} never applies: the one for {} comes first and matches everybody it matches.",
            about.segment(),
            about.other_segment()
        ),
        FindingKind::UnreachableVariant => match finding.subject.variant {
            Some(position) => format!("Option {} of {} reaches nobody.", position + 1, about.flag()),
            None => format!("An option of {} reaches nobody.", about.flag()),
        },
        FindingKind::UnmatchedIdentifier => format!(
            "The identifier {} looks like a number that is not written the shortest way. The Flags API finds its \
             override, an Edge Proxy and the Python SDK do not.",
            about.identifiers()
        ),
        FindingKind::SegmentMatchesEveryone => format!("Every identity is in {}.", about.segment()),
        FindingKind::NoNumberMatches => {
            "These conditions must hold together, and no number satisfies all of them, only odd texts.".into()
        }
        FindingKind::SplitOfNobody => {
            "A split of 0% still holds for one bucket of 9,998.".into()
        }
        FindingKind::SplitOfEverybody => {
            "The split holds for everybody who has a value.".into()
        }
        FindingKind::WeightsOverHundred => format!(
            "The weights of {} add up to more than 100%: the last options get less than they say.",
            about.flag()
        ),
        FindingKind::UnknownFlag => format!("It reads the flag {}, which does not exist.", about.detail()),
        FindingKind::FlagCycle => format!(
            "The flags {} depend on each other in a circle, so all of them keep their default.",
            about.flags()
        ),
        FindingKind::OverrideOfUnknownFlag => format!(
            "{} overrides {}, which this environment does not have.",
            about.segment(),
            about.flags()
        ),
    }
}

/// The names in a finding's subject.
struct About<'a>(&'a Subject);

impl About<'_> {
    fn property(&self) -> String {
        let first = self.0.conditions.first();
        first.map_or_else(
            || "the trait".to_owned(),
            |one| asked(one).property().into_owned(),
        )
    }

    fn operator(&self) -> &str {
        self.0
            .conditions
            .first()
            .map_or("the operator", |one| &one.operator)
    }

    fn segment(&self) -> &str {
        self.0
            .segment
            .as_ref()
            .map_or("the segment", |segment| &segment.name)
    }

    fn other_segment(&self) -> &str {
        self.0
            .other_segment
            .as_ref()
            .map_or("another segment", |segment| &segment.name)
    }

    fn flag(&self) -> &str {
        self.0.flags.first().map_or("the flag", String::as_str)
    }

    fn flags(&self) -> String {
        list(&self.0.flags)
    }

    fn identifiers(&self) -> String {
        list(&self.0.identifiers)
    }

    fn detail(&self) -> String {
        cut(self.0.detail.as_deref().unwrap_or("named"))
    }
}

fn asked(condition: &ConditionText) -> Asked<'_> {
    Asked::typed(&condition.property, &condition.operator, &condition.operand)
}

fn short_name(evaluator: Evaluator) -> &'static str {
    match evaluator {
        Evaluator::FlagsApi => "Flags API",
        Evaluator::EdgeProxy => "Edge Proxy",
        Evaluator::PythonSdk => "Python",
        Evaluator::NodeSdk => "Node",
        Evaluator::GoSdk => "Go",
        Evaluator::RustSdk => "Rust",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_engine::SegmentName;
    use serde_json::json;

    fn finding(kind: FindingKind) -> Finding {
        let name = |name: &str| {
            Some(SegmentName {
                key: "1".into(),
                name: name.into(),
            })
        };
        Finding {
            kind,
            subject: Subject {
                segment: name("Berlin"),
                other_segment: name("Germany"),
                flags: vec!["checkout".into(), "banner".into()],
                conditions: vec![ConditionText {
                    property: "order_count".into(),
                    operator: "GREATER_THAN_INCLUSIVE".into(),
                    operand: "10".into(),
                }],
                identifiers: vec!["007".into()],
                variant: Some(1),
                detail: Some("SOME".into()),
            },
            evaluators: Vec::new(),
            example: None,
        }
    }

    #[test]
    fn a_sentence_says_what_and_why() {
        let cases = [
            (
                FindingKind::BrokenPattern,
                "The pattern cannot be read: the server fails for every identity that has order_count.",
            ),
            (
                FindingKind::UnknownRuleType,
                "The server does not know the rule type SOME, and fails.",
            ),
            (
                FindingKind::NumberPassedAsText,
                "Numbers passed as text are numbers to the server. The Node SDK compares their letters.",
            ),
            (
                FindingKind::TiedPriorities,
                "The overrides for Berlin and Germany have the same priority. Where both match, the Flags API takes the \
                 last, an Edge Proxy the first, and the Go SDK either.",
            ),
            (
                FindingKind::ShadowedOverride,
                "The override for Berlin never applies: the one for Germany comes first and matches everybody it matches.",
            ),
            (
                FindingKind::UnreachableVariant,
                "Option 2 of checkout reaches nobody.",
            ),
            (
                FindingKind::FlagCycle,
                "The flags checkout, banner depend on each other in a circle, so all of them keep their default.",
            ),
        ];
        for (kind, expected) in cases {
            assert_eq!(sentence(&finding(kind)), expected);
        }
        let condition = conditions(&finding(FindingKind::NumberPassedAsText));
        assert_eq!(condition.as_deref(), Some("order_count is at least 10"));
    }

    #[test]
    fn an_example_names_who_disagrees() {
        let with = |value, server, node, go, rust| {
            let mut finding = finding(FindingKind::NumberPassedAsText);
            finding.example = Some(Example {
                value,
                server,
                others: [
                    (Evaluator::NodeSdk, node),
                    (Evaluator::GoSdk, go),
                    (Evaluator::RustSdk, rust),
                ],
            });
            example(&finding)
        };
        let (yes, no, fails) = (Verdict::Holds, Verdict::DoesNotHold, Verdict::Fails);
        assert_eq!(
            with(Some(json!("9")), no, yes, no, no).as_deref(),
            Some("For \"9\" the server says no and the Node SDK says yes.")
        );
        assert_eq!(
            with(None, no, no, yes, yes).as_deref(),
            Some("Without the trait the server says no and the Go and Rust SDKs say yes.")
        );
        assert_eq!(
            with(Some(json!(true)), fails, yes, no, no).as_deref(),
            Some("For true the server fails, the Node SDK says yes and the Go and Rust SDKs say no.")
        );
        assert_eq!(example(&finding(FindingKind::NullTrait)), None);
    }
}
