//! The compiled environment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Number, Value};

use crate::bound::Session;
use crate::condition::Test;
use crate::conditions::Conditions;
use crate::error::{DocumentError, EvaluationError, FailingCondition, FailureCause, Raise};
use crate::identities::Identities;
use crate::identity::Identity;
use crate::layout::Layout;
use crate::mapped::context_of;
use crate::operator::Operator;
use crate::outcome::{Chosen, Decider};
use crate::plan::Plan;
use crate::property::Property;
use crate::result::{Evaluation, RemoteRules};
use crate::slots::Slots;
use crate::source::{Priority, SourceCondition, SourceState};
use crate::tree::Tree;
use crate::{compile, context, document};

/// Which release of the reference engine to agree with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Python engine 10.2.0, which Flagsmith server 2.265 runs: every default has the reason `DEFAULT`, flags cannot
    /// depend on flags.
    #[default]
    Server10_2,
    /// Python engine 11.1.1, as current SDKs run it: `STATIC` for flags nobody overrides, and flag dependencies.
    Sdk11_1,
}

/// One compiled environment. Immutable; share it between threads freely.
///
/// Its parts are shared with engines that [`Engine::revised`] made of it.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) origin: Origin,
    pub(crate) dialect: Dialect,
    pub(crate) environment_key: String,
    pub(crate) environment_name: Value,
    pub(crate) features: Vec<Arc<Feature>>,
    pub(crate) feature_indices: Arc<HashMap<String, u32>>,
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) conditions: Conditions,
    pub(crate) slots: Slots,
    pub(crate) identities: Identities,
    pub(crate) layout: Layout,
    /// Segments that can fail the evaluation whatever flags are asked for, in document order.
    pub(crate) hazards: Vec<u32>,
    /// Some condition reads another flag.
    pub(crate) has_dependencies: bool,
    /// What unusual JSONPath properties look into, without the identity.
    pub(crate) context: OnceLock<Value>,
    pub(crate) context_identity: Option<Identity>,
    pub(crate) remote: RemoteRules,
    /// Ids of the features that only server-side keys receive, whether the environment has them or not.
    pub(crate) server_only_ids: Arc<HashSet<i64>>,
}

/// What an engine was compiled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Document,
    Context,
}

/// A feature with everything but identities that can decide it.
#[derive(Clone, Debug)]
pub(crate) struct Feature {
    pub(crate) name: String,
    pub(crate) id: Option<i64>,
    pub(crate) default: State,
    /// By precedence: the first whose segment matches wins.
    pub(crate) overrides: Vec<Override>,
    /// Positions in `overrides` in document order, kept where precedence must be found out pairwise.
    pub(crate) document_order: Vec<u32>,
    /// Some override's priority is null: comparing it fails in the reference.
    pub(crate) has_null_priority: bool,
    /// What each outcome's number stands for.
    pub(crate) outcomes: Vec<(Decider, Chosen)>,
}

impl Feature {
    pub(crate) fn in_document_order(&self) -> impl Iterator<Item = &Override> {
        let overrides = &self.overrides;
        self.document_order
            .iter()
            .map(move |position| &overrides[*position as usize])
    }
}

/// A segment's override of one feature.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub(crate) segment: u32,
    pub(crate) priority: Priority,
    pub(crate) state: State,
}

/// What a flag can be.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Number of its first outcome.
    pub(crate) first: u32,
    pub(crate) key: String,
    pub(crate) enabled: bool,
    pub(crate) value: Value,
    /// Sorted; the first whose buckets hold the identity's is chosen.
    pub(crate) variants: Vec<Variant>,
    pub(crate) metadata: Option<Value>,
}

/// A variant and its buckets.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    /// Its position among the variants as listed.
    pub(crate) listed: u32,
    pub(crate) priority: Priority,
    pub(crate) value: Value,
    pub(crate) key: Option<String>,
    pub(crate) weight: Number,
    /// First bucket.
    pub(crate) from: u16,
    /// First bucket past the range.
    pub(crate) until: u16,
    /// The same range in percent.
    pub(crate) range: (f64, f64),
}

#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) metadata: Option<Value>,
    pub(crate) rules: Vec<Rule>,
    /// How the rules are walked.
    pub(crate) plan: Plan,
    /// The features it overrides, by number, each once.
    pub(crate) features: Vec<u32>,
    /// Overrides of features that the environment does not have.
    pub(crate) orphans: Vec<SourceState>,
}

/// How a rule joins its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    All,
    Any,
    None,
    Unknown(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) kind: RuleKind,
    /// Positions in [`Engine::conditions`].
    pub(crate) conditions: Vec<u32>,
    pub(crate) rules: Vec<Rule>,
    /// The sub-rules can fail the evaluation, so they are evaluated even after the conditions have said no.
    pub(crate) has_hazard_below: bool,
}

/// A condition; equal ones are compiled once.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) property: Property,
    pub(crate) operator: Operator,
    pub(crate) test: Test,
    pub(crate) source: SourceCondition,
    /// What a split hashes beside the value; empty for other operators.
    pub(crate) seed: String,
    /// The verdict depends on the identity alone, so it is kept for the rest of its evaluation.
    pub(crate) is_memoisable: bool,
    /// Asking can fail the evaluation though the identity's own values are ordinary.
    pub(crate) can_fail: bool,
}

impl Engine {
    /// Compiles an environment document, the JSON that the server's environment-document route gives to a
    /// server-side key.
    pub fn from_document(document: &Value, dialect: Dialect) -> Result<Self, DocumentError> {
        document::read(&Tree::of(document)).map(|source| compile::compile(source, dialect))
    }

    /// Reads and compiles the text of an environment document. Text that is no JSON gives an error at `document`, with
    /// line and column.
    pub fn from_text(document: &str, dialect: Dialect) -> Result<Self, DocumentError> {
        let tree: Tree<'_> = serde_json::from_str(document).map_err(|error| DocumentError {
            place: "document".to_owned(),
            problem: error.to_string(),
        })?;
        document::read(&tree).map(|source| compile::compile(source, dialect))
    }

    /// Compiles an evaluation context, the form of the official test data. Its own identity, if any, is what
    /// [`Engine::evaluate_context`] evaluates.
    pub fn from_context(context: &Value, dialect: Dialect) -> Result<Self, DocumentError> {
        context::read(context).map(|source| compile::compile(source, dialect))
    }

    /// Evaluates all segments and flags for an identity.
    ///
    /// Fails where the reference raises: a server asked for this identity would answer with an error.
    pub fn evaluate(&self, identity: &Identity) -> Result<Evaluation<'_>, EvaluationError> {
        self.finish(Evaluation::of(Session::new(self, Some(identity))))
    }

    /// Evaluates without an identity: segments are evaluated with every trait unset, variants give the control value.
    pub fn evaluate_anonymous(&self) -> Result<Evaluation<'_>, EvaluationError> {
        self.finish(Evaluation::of(Session::new(self, None)))
    }

    /// Evaluates for the identity that the context brought along, or for none.
    pub fn evaluate_context(&self) -> Result<Evaluation<'_>, EvaluationError> {
        self.finish(Evaluation::of(Session::new(self, self.context_identity.as_ref())))
    }

    /// The identity a context brought along.
    pub fn context_identity(&self) -> Option<&Identity> {
        self.context_identity.as_ref()
    }

    /// What remote answers add to this evaluation.
    pub fn remote(&self) -> RemoteRules {
        self.remote.clone()
    }

    /// The release of the reference this engine agrees with.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The environment's client-side key, which is part of every composite identity key.
    pub fn environment_key(&self) -> &str {
        &self.environment_key
    }

    /// Names of all flags, in document order.
    pub fn flag_names(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(|feature| feature.name.as_str())
    }

    /// How many flags there are.
    pub fn flag_count(&self) -> usize {
        self.features.len()
    }

    /// A flag's name by its position in the document.
    pub fn flag_name(&self, flag: usize) -> Option<&str> {
        self.features.get(flag).map(|feature| feature.name.as_str())
    }

    /// A flag's position in the document.
    pub fn flag_position(&self, name: &str) -> Option<usize> {
        self.feature_index(name).map(|index| index as usize)
    }

    /// Names of all traits that some condition reads, in order of first use; for suggestions in a form.
    pub fn trait_names(&self) -> impl Iterator<Item = &str> {
        self.slots.names().filter(|name| !name.starts_with("$."))
    }

    /// What unusual JSONPath properties look into; made of the document when first needed.
    pub(crate) fn context(&self) -> &Value {
        self.context.get_or_init(|| context_of(self))
    }

    /// A segment or an identity somewhere overrides the feature.
    pub(crate) fn is_targeted(&self, feature: usize) -> bool {
        !self.features[feature].overrides.is_empty() || !self.identities.states_of(feature).is_empty()
    }

    pub(crate) fn feature_index(&self, name: &str) -> Option<u32> {
        self.feature_indices.get(name).copied()
    }

    /// Names what a raise points to.
    pub(crate) fn finish<T>(&self, result: Result<T, Raise>) -> Result<T, EvaluationError> {
        result.map_err(|raise| {
            let raise = raise.into_facts();
            let condition = raise.condition.and_then(|index| self.conditions.get(index));
            EvaluationError {
                segment: raise
                    .segment
                    .and_then(|index| self.segments.get(index as usize))
                    .map(|segment| segment.name.clone()),
                flag: raise
                    .feature
                    .and_then(|index| self.features.get(index as usize))
                    .map(|feature| feature.name.clone()),
                condition: condition.map(|condition| {
                    Box::new(FailingCondition {
                        property: condition.source.property.clone(),
                        operator: condition.source.operator.clone(),
                        operand: condition.source.operand.to_string(),
                    })
                }),
                cause: raise.cause,
            }
        })
    }
}

impl Rule {
    /// An unknown kind raises as soon as it has something to join.
    pub(crate) fn unknown_kind(&self) -> Option<FailureCause> {
        match &self.kind {
            RuleKind::Unknown(kind) => Some(FailureCause::UnknownRuleType(kind.clone())),
            _ => None,
        }
    }
}
