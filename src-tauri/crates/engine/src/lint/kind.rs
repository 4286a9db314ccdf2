//! The rules of the lint.
//!
//! Facts about the server and the Python SDK are those of the Python engine 10.2.0 and 11.1.1, facts about the others
//! were read in and, for Node and Rust, tried out on flagsmith-nodejs 8.1.2, flagsmith-go-client 5.1.0 and
//! flagsmith-flag-engine 0.6 and 0.7.

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Evaluation fails on the server or in a client.
    Breaks,
    /// Evaluators disagree with the server.
    Differs,
    /// Proved never to match or to apply.
    NeverMatches,
    /// Allowed, and perhaps not what was meant.
    Doubtful,
}

/// How ordinary the values are for which a finding shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likelihood {
    /// Values that the condition invites.
    Usual,
    /// Odd values: null, another type than the operand's, extreme numbers.
    Rare,
}

/// One rule of the lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    // Evaluation fails.
    /// The pattern of a REGEX is not a regular expression of Python: the server raises and fails the whole evaluation
    /// of every identity that has the trait. Node, Go and Rust take a pattern they cannot read for no match.
    BrokenPattern,
    /// The divisor of a MODULO is zero: the server raises for every number. Node says no; Go and Rust compare with NaN,
    /// which is no.
    DivisionByZero,
    /// The operand is null or of a type that the operator cannot read, and the server raises.
    UnreadableOperand,
    /// A rule type other than ALL, ANY and NONE: the server raises as soon as the rule has something to join. Node says
    /// no, Go takes it for NONE, Rust for ALL.
    UnknownRuleType,
    /// The property is a JSONPath that the server's reader refuses with an error that nobody catches.
    InvalidPath,
    /// A segment override without a priority (null). The Python engine raises where it must compare it with another
    /// override's (the Flags API does not ask it); the Rust SDK cannot read the document at all; Go reads it as 0, the
    /// strongest.
    NullPriority,
    /// The environment's name is null, which the Rust SDK cannot read: it fails for the whole document.
    NullEnvironmentName,

    // Evaluators disagree with the server.
    /// CONTAINS on a number or on text that looks like one: the server sees a number and says no. Go and Rust search in
    /// the printed number, Node in the text.
    ContainsOnNumbers,
    /// NOT_CONTAINS on a number, a boolean or text that looks like a number: the server says no. Go and Rust say yes,
    /// Node says yes for text.
    NotContainsOnNumbers,
    /// Members of a comma list have blanks around them: the server, Node and Go keep them, Rust trims them.
    InListWithBlanks,
    /// A list written as JSON: Rust splits it at its commas and so never finds its members.
    InJsonList,
    /// A JSON list with members that are not text: the server prints them; Node compares text with numbers and Go
    /// refuses the list, then splits the text at its commas.
    InJsonListOfNumbers,
    /// A member with a fraction: the server never finds a float in a list, Node, Go and Rust compare its text.
    InDecimalMember,
    /// A member that looks like a number but is not written the shortest way (`007`, `-0`): the server sees an integer
    /// in such text, whose shortest form is not in the list; Node, Go and Rust compare the text.
    InUnusualNumber,
    /// The member `0` or an empty one: Node never finds zero or empty text in a list.
    InFalsyMember,
    /// The member `true` or `false`: the server, Node and Rust never find a boolean in a list, Go does.
    InBooleanMember,
    /// A pattern that is not bound to the start: the server matches from the start on, Node, Go and Rust search
    /// anywhere in the text.
    RegexSearchesAnywhere,
    /// Look-around, back-references and other constructs that need backtracking: Go and Rust cannot compile them and
    /// say no.
    RegexNeedsBacktracking,
    /// A construct that Python knows and another dialect does not, or reads differently: `(?P<name>` and `(?i)` in
    /// JavaScript, `\Z` in all three.
    RegexOtherDialect,
    /// A boolean, a float without fraction or text that looks like a number: the server matches the printed value
    /// (`True`, `1.0`, `7` for `007`), the SDKs their own print (`true`, `1`, `007`).
    RegexOnPrintedValue,
    /// The pattern is empty: it matches everything on the server, in Go and Rust, and nothing in Node.
    EmptyPattern,
    /// MODULO of a negative number: on the server the remainder has the divisor's sign, elsewhere the dividend's.
    ModuloOfNegatives,
    /// MODULO of a boolean: the server counts true as 1, the others say no.
    ModuloOfBooleans,
    /// MODULO whose remainder cannot be told apart from a near one: Rust compares within 1e-10.
    ModuloRounding,
    /// An operator that the server does not know and that therefore never holds: Rust takes it for EQUAL.
    UnknownOperator,
    /// An operand with a fraction compared with integers: the server cannot read it as an integer and says no; Node,
    /// Go and, for text, Rust compare as floats.
    DecimalOperandOnIntegers,
    /// An operand such as `1_000`, `+5` or one with blanks: Python reads it as a number; the others do not, or only its
    /// first part.
    UnusualNumberOperand,
    /// Numbers passed as text: the server compares them as numbers, Node as text (`"9"` is greater than `"10"`).
    NumberPassedAsText,
    /// Numbers passed as text and spelled otherwise than the operand (`1.0`, `01` for 1): the server compares the
    /// numbers, Node the texts.
    NumberSpelledOtherwise,
    /// An operand that is no number compared with a number: the server says no, even for NOT_EQUAL; Node compares with
    /// NaN, Go (and Rust for text) compares the texts.
    TextOperandOnNumbers,
    /// Ordering 0 and 1: Go reads both as booleans first, which have no order, and says no.
    OrderOfZeroAndOne,
    /// A boolean against an operand other than `true` and `false`: to the server and Node everything except `False` and
    /// `false` is true; Go and Rust know fewer words.
    BooleanOperand,
    /// A boolean compared with text that is no word for one: to the server and Node every such text is true, so that
    /// true equals it; Go compares the texts, Rust says no.
    BooleanAgainstText,
    /// Booleans passed as text, in another spelling than the operand's: the server and Node compare text, Go and Rust
    /// read both as booleans.
    BooleanPassedAsText,
    /// Ordering booleans: false lies below true on the server and in Node, Go and Rust say no.
    OrderOfBooleans,
    /// Versions with build metadata: Rust lets it decide, the server and the others ignore it.
    VersionBuildMetadata,
    /// Versions with a leading `v`: Node reads them, the server and the others do not.
    VersionWithPrefix,
    /// NOT_EQUAL with a version: Node compares the texts, so that whatever is no version is not equal.
    VersionNotEqualInNode,
    /// A version with CONTAINS or NOT_CONTAINS: the server looks for a pre-release or build label, the others search
    /// in the text.
    VersionContains,
    /// An integer that a 64-bit integer (Go, Rust) or a double (Node, beyond 2^53) cannot hold.
    HugeInteger,
    /// A trait that is null: it counts as not set on the server, in Node and Go, and as set in Rust.
    NullTrait,
    /// A split by a trait that the identity does not have: the server says no, Go hashes the identity's key instead.
    SplitByMissingTrait,
    /// A split by a trait: Node looks such a property up as a JSONPath only and never finds a plain trait name.
    SplitByTraitInNode,
    /// A split by a value that the server prints differently from the others (`True`, `7` for `007`): it falls into
    /// another bucket.
    SplitByPrintedValue,
    /// A property that reads another flag: only engines from Python 11.1 on know this; the others see nothing.
    FlagDependency,
    /// Variants listed out of the order of their ids: the server tries them by id, the Rust SDK in document order.
    VariantOrder,
    /// Two overrides of one flag with the same priority: where both segments match, the Edge Proxy and the engines take
    /// the first in the document, the Flags API the last, and Go either.
    TiedPriorities,
    /// Identity overrides whose values differ but have the same hash in Python (empty text and 0, or −1 and −2): the
    /// later set replaces the earlier one in the Edge Proxy and in the Python SDK.
    CollidingIdentityOverrides,

    // Proved.
    /// A segment without rules matches nobody.
    SegmentWithoutRules,
    /// A condition that holds for no value at all: a MODULO without `divisor|remainder`, a list without members, a
    /// percentage that is no number or is negative.
    ConditionNeverHolds,
    /// Conditions that must hold together and that no value satisfies.
    ContradictoryConditions,
    /// A segment that no identity can be in.
    SegmentNeverMatches,
    /// An override that a stronger one always beats: its segment matches everyone that this one's matches.
    ShadowedOverride,
    /// A variant whose range begins at or past 100 percent, or is narrower than one of the 9998 buckets.
    UnreachableVariant,
    /// An identity override whose identifier the engine never finds: it looks like a number that is not written the
    /// shortest way (`007`, `1.5`). The Flags API finds it in its database, local evaluation in Node, Go and Rust by its
    /// text; the Edge Proxy and the Python SDK do not.
    UnmatchedIdentifier,

    // Doubtful.
    /// A segment that every identity is in, such as one with an empty rule.
    SegmentMatchesEveryone,
    /// Comparisons with numbers that must hold together and that no number satisfies, only odd texts (`2abc` lies
    /// between `10` and `5` as text).
    NoNumberMatches,
    /// A split of zero: it still holds for the one bucket of 9998 that lies at exactly zero.
    SplitOfNobody,
    /// A split of 100 or more: it holds for everybody who has a value to hash.
    SplitOfEverybody,
    /// Weights of variants that sum up to more than 100 percent: the last ones get less than they say.
    WeightsOverHundred,
    /// A property that reads a flag which does not exist: it is never set.
    UnknownFlag,
    /// Flags that depend on each other in a circle: where evaluation comes round to the first, all of them stay at
    /// their environment default.
    FlagCycle,
    /// A segment overrides flags that the environment does not have: the override has no effect.
    OverrideOfUnknownFlag,
}

impl FindingKind {
    /// How bad findings of this kind are.
    pub fn severity(self) -> Severity {
        if self < Self::ContainsOnNumbers {
            Severity::Breaks
        } else if self < Self::SegmentWithoutRules {
            Severity::Differs
        } else if self < Self::SegmentMatchesEveryone {
            Severity::NeverMatches
        } else {
            Severity::Doubtful
        }
    }

    /// How ordinary the values are that show findings of this kind.
    pub fn likelihood(self) -> Likelihood {
        match self {
            Self::InFalsyMember
            | Self::InBooleanMember
            | Self::RegexOnPrintedValue
            | Self::ModuloOfBooleans
            | Self::ModuloRounding
            | Self::TextOperandOnNumbers
            | Self::NumberSpelledOtherwise
            | Self::BooleanAgainstText
            | Self::BooleanPassedAsText
            | Self::OrderOfBooleans
            | Self::VersionWithPrefix
            | Self::HugeInteger
            | Self::NullTrait
            | Self::SplitByPrintedValue => Likelihood::Rare,
            _ => Likelihood::Usual,
        }
    }
}
