//! What kinds of findings are called, so that many of one kind can be told as
//! one.

use halyard_engine::FindingKind;

/// A stable name, such as `number_passed_as_text`: the engine's, as programs
/// spell names.
pub fn key(kind: FindingKind) -> String {
    let mut key = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !key.is_empty() {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
    }
    key
}

/// What all findings of a kind have in common, as a heading. One table, so that
/// no rule of the lint is without one.
pub fn heading(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::BrokenPattern => "Patterns that cannot be read",
        FindingKind::DivisionByZero => "Divisions by zero",
        FindingKind::UnreadableOperand => "Values the server cannot read",
        FindingKind::UnknownRuleType => "Rule types the server does not know",
        FindingKind::InvalidPath => "Paths the server cannot read",
        FindingKind::NullPriority => "Overrides without a priority",
        FindingKind::NullEnvironmentName => "No name of the environment",
        FindingKind::ContainsOnNumbers => "Text looked for in numbers",
        FindingKind::NotContainsOnNumbers => "Text that must not be in numbers",
        FindingKind::InListWithBlanks => "Lists with blanks around members",
        FindingKind::InJsonList => "Lists written as JSON",
        FindingKind::InJsonListOfNumbers => "JSON lists of numbers",
        FindingKind::InDecimalMember => "Lists with fractions",
        FindingKind::InUnusualNumber => "Lists with numbers written unusually",
        FindingKind::InFalsyMember => "Lists with 0 or empty text",
        FindingKind::InBooleanMember => "Lists with true or false",
        FindingKind::RegexSearchesAnywhere => "Patterns that are not bound to the start",
        FindingKind::RegexNeedsBacktracking => "Patterns that only some SDKs can read",
        FindingKind::RegexOtherDialect => "Patterns that mean something else outside of Python",
        FindingKind::RegexOnPrintedValue => "Patterns held against numbers and booleans",
        FindingKind::EmptyPattern => "Empty patterns",
        FindingKind::ModuloOfNegatives => "Remainders of negative numbers",
        FindingKind::ModuloOfBooleans => "Remainders of booleans",
        FindingKind::ModuloRounding => "Remainders that are rounded",
        FindingKind::UnknownOperator => "Operators the server does not know",
        FindingKind::DecimalOperandOnIntegers => "Whole numbers compared with fractions",
        FindingKind::UnusualNumberOperand => "Numbers written unusually",
        FindingKind::NumberPassedAsText => "Numbers passed as text",
        FindingKind::NumberSpelledOtherwise => "Numbers passed as text and spelled otherwise",
        FindingKind::TextOperandOnNumbers => "Numbers compared with text",
        FindingKind::OrderOfZeroAndOne => "The order of 0 and 1",
        FindingKind::BooleanOperand => "Booleans compared with other words than true and false",
        FindingKind::BooleanAgainstText => "Booleans compared with text",
        FindingKind::BooleanPassedAsText => "Booleans passed as text",
        FindingKind::OrderOfBooleans => "The order of booleans",
        FindingKind::VersionBuildMetadata => "Versions with a build part",
        FindingKind::VersionWithPrefix => "Versions that begin with v",
        FindingKind::VersionNotEqualInNode => "Versions that must not be equal",
        FindingKind::VersionContains => "Text looked for in versions",
        FindingKind::HugeInteger => "Numbers too large for the SDKs",
        FindingKind::NullTrait => "Traits that are null",
        FindingKind::SplitByMissingTrait => "Splits by a trait that is not set",
        FindingKind::SplitByTraitInNode => "Splits by a trait",
        FindingKind::SplitByPrintedValue => "Splits by numbers and booleans",
        FindingKind::FlagDependency => "Conditions that read another flag",
        FindingKind::VariantOrder => "Options listed out of order",
        FindingKind::TiedPriorities => "Overrides with the same priority",
        FindingKind::CollidingIdentityOverrides => "Identity overrides that take each other's place",
        FindingKind::SegmentWithoutRules => "Segments without rules",
        FindingKind::ConditionNeverHolds => "Conditions that no value satisfies",
        FindingKind::ContradictoryConditions => "Conditions that contradict each other",
        FindingKind::SegmentNeverMatches => "Segments that nobody can be in",
        FindingKind::ShadowedOverride => "Overrides that another one always beats",
        FindingKind::UnreachableVariant => "Options that reach nobody",
        FindingKind::UnmatchedIdentifier => "Identity overrides that are not always found",
        FindingKind::SegmentMatchesEveryone => "Segments that everybody is in",
        FindingKind::NoNumberMatches => "Conditions that no number satisfies",
        FindingKind::SplitOfNobody => "Splits of 0%",
        FindingKind::SplitOfEverybody => "Splits of 100%",
        FindingKind::WeightsOverHundred => "Weights over 100%",
        FindingKind::UnknownFlag => "Conditions that read a flag that does not exist",
        FindingKind::FlagCycle => "Flags that depend on each other",
        FindingKind::OverrideOfUnknownFlag => "Overrides of flags that do not exist",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_a_name_for_programs() {
        assert_eq!(key(FindingKind::NumberPassedAsText), "number_passed_as_text");
        assert_eq!(key(FindingKind::InJsonList), "in_json_list");
    }
}
