//! How a flag came to its value: plain facts for sentences and traces made elsewhere.

use serde_json::Value;

use crate::operator::Operator;

/// How a flag came to its value for one identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The flag's name.
    pub flag: String,
    /// On or off.
    pub enabled: bool,
    /// The value the identity gets.
    pub value: Value,
    /// `control`, the chosen variant's key, or `None`.
    pub variant: Option<String>,
    /// The reference's reason text.
    pub reason: String,
    /// Who supplied the state, before variants were chosen from it.
    pub decided_by: Decision,
    /// Who could have decided and did not, strongest first. Identity overrides of other identities are not candidates.
    pub lost: Vec<LostCandidate>,
    /// How a variant was chosen, where the state has variants.
    pub split: Option<SplitFact>,
    /// The flag depends on itself; its state is the one it has without the segments that read it.
    pub is_cyclic: bool,
}

/// Who supplied a flag's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The identity's own override.
    IdentityOverride {
        /// Whose it is.
        identifier: String,
    },
    /// A segment's override.
    Segment(SegmentMatch),
    /// The environment's default.
    EnvironmentDefault {
        /// Some segment or identity overrides this flag, if not this identity.
        is_overridden_for_others: bool,
    },
}

/// The segment that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMatch {
    /// Position in the document, from 0.
    pub index: usize,
    /// The segment's id as text.
    pub key: String,
    /// The segment's name.
    pub name: String,
    /// Its override's priority; lower is stronger, `None` is weakest.
    pub priority: Option<f64>,
    /// The conditions that made it match: of an ALL rule all, of an ANY rule the first that held, of a NONE rule all,
    /// none of which held.
    pub conditions: Vec<ConditionFact>,
}

/// A segment that overrides the flag, but not for this identity.
#[derive(Clone, Debug, PartialEq)]
pub struct LostCandidate {
    /// Position in the document, from 0.
    pub index: usize,
    /// The segment's id as text.
    pub key: String,
    /// The segment's name.
    pub name: String,
    /// Its override's priority; lower is stronger, `None` is weakest.
    pub priority: Option<f64>,
    /// What kept it from deciding.
    pub cause: LossCause,
}

/// What kept a segment from deciding.
#[derive(Clone, Debug, PartialEq)]
pub enum LossCause {
    /// It matches, but something stronger decided.
    Outranked,
    /// It has no rules, and so matches nobody.
    NoRules,
    /// A rule failed.
    RuleFailed(FailedRule),
    /// Its verdict rests on a flag in a dependency cycle.
    CyclicDependency,
}

/// The first rule that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRule {
    /// How the rule joins its conditions.
    pub joins: RuleJoin,
    /// Of an ALL rule the first condition that failed, of an ANY rule all of them, of a NONE rule the one that held.
    pub conditions: Vec<ConditionFact>,
}

impl FailedRule {
    /// The condition to name when only one can be named.
    pub fn first(&self) -> Option<&ConditionFact> {
        self.conditions.first()
    }
}

/// How a rule joins its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleJoin {
    /// All must hold.
    All,
    /// At least one must hold.
    Any,
    /// None may hold.
    None,
}

/// One condition, as asked of this identity.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionFact {
    /// Trait name or JSONPath; empty for a split on the identity itself.
    pub property: String,
    /// What was asked.
    pub operator: Operator,
    /// The operator's name in the document, also when it is unknown.
    pub operator_name: String,
    /// The operand as the document has it: text or null, in contexts also a list.
    pub operand: Value,
    /// The rule the condition stands in.
    pub joins: RuleJoin,
    /// What was seen, before coercion; `None` when unset.
    pub seen: Option<Value>,
    /// The type the comparison took place in; `None` when unset.
    pub seen_as: Option<SeenType>,
    /// Whether the condition itself held.
    pub held: bool,
    /// Why it did not hold, where the values themselves do not say.
    pub obstacle: Option<Obstacle>,
    /// The bucket, for percentage splits of something that is set.
    pub bucket: Option<BucketFact>,
}

/// The type in which a value is compared, after coercion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenType {
    /// true or false.
    Boolean,
    /// An integer, also written as text.
    Integer,
    /// A number with a fraction, also written as text.
    Float,
    /// Text.
    Text,
    /// Text compared as a semantic version.
    Version,
}

/// Why a condition cannot hold, apart from the values being different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no value.
    Unset,
    /// The operator never holds for values of this type.
    WrongType,
    /// The operand cannot be read as the value's type.
    UnreadableOperand,
    /// The reference does not know the operator.
    UnknownOperator,
}

/// Where a percentage split put the value.
#[derive(Clone, Debug, PartialEq)]
pub struct BucketFact {
    /// The text that was hashed.
    pub hashed: String,
    /// Percent, from 0 up to but excluding 100.
    pub bucket: f64,
    /// Percent; buckets up to and including it are in. `None` when the operand is no number.
    pub threshold: Option<f64>,
}

/// How a variant was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitFact {
    /// The text that was hashed: the bucketing seed and the identity's key.
    pub hashed: String,
    /// Percent, from 0 up to but excluding 100.
    pub bucket: f64,
    /// The variants in the order in which they were tried.
    pub ranges: Vec<VariantRange>,
    /// Position in `ranges` of the chosen one; `None` when the control value stayed.
    pub chosen: Option<usize>,
}

/// A variant and the buckets that get it.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantRange {
    /// The variant's key, or its value printed where it has none.
    pub label: String,
    /// The variant's value.
    pub value: Value,
    /// Share in percent.
    pub weight: f64,
    /// Percent; the first bucket that gets it.
    pub from: f64,
    /// Percent; the first bucket past it.
    pub until: f64,
}
