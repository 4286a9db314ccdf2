//! Exact, explaining evaluator of environment documents.
//!
//! An environment document goes in, compiled once; results with reasons come out, equal to what the reference (the
//! Python engine that Flagsmith servers run) would say. Nothing here does input or output.
//!
//! ```
//! use halyard_engine::{Dialect, Engine, Identity};
//!
//! let document = serde_json::json!({
//!     "api_key": "n9fbf9h3v4fFgH3U3ngWhb", "name": "Production",
//!     "project": { "segments": [] },
//!     "feature_states": [{
//!         "feature": { "id": 1, "name": "checkout" }, "enabled": true, "feature_state_value": "v2",
//!         "django_id": 12, "featurestate_uuid": "9225949b-1a7c-4101-85bd-2a5a208f5a7d",
//!         "multivariate_feature_state_values": []
//!     }]
//! });
//! let engine = Engine::from_document(&document, Dialect::Server10_2)?;
//! let evaluation = engine.evaluate(&Identity::new("maya"))?;
//! assert_eq!(evaluation.flag("checkout").map(|flag| flag.reason.to_string()), Some("DEFAULT".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod affected;
mod batch;
mod bound;
mod bucket;
mod cohort;
mod compile;
mod condition;
mod conditions;
mod context;
mod counterfactual;
mod dependencies;
mod document;
pub mod edgeflags;
mod engine;
mod error;
mod identities;
mod identity;
mod impact;
mod lanes;
mod layout;
mod lint;
mod lists;
mod mapped;
mod measure;
mod numbers;
mod operator;
mod outcome;
mod pattern;
mod place;
mod plan;
mod precedence;
mod printing;
mod property;
mod quick;
mod result;
mod revise;
mod scratch;
mod slots;
mod source;
mod subject;
mod trace;
mod tree;
mod value;
mod version;

pub use cohort::{
    BrokenLine, CHUNK_ROWS, CellTypes, Chunk, ChunkSource, Cohort, CohortBuilder, CohortChunks, CohortFormat,
    CohortGenerator, CohortReader, Column, RangeKind, ReadError, ReadOptions, ReadReport, TraitChanges,
    TraitCondition, TraitCount, TraitRange, UNSET, WeightedValue, generate_cohort, read_cohort,
    suggested_ranges,
};
pub use counterfactual::{Change, Counterfactual, OtherResult, Reached, TraitChange, WeightChange};
pub use engine::{Dialect, Engine};
pub use error::{DocumentError, EvaluationError, FailingCondition, FailureCause};
pub use identity::Identity;
pub use impact::{
    CohortExample, Control, Decided, DecidingRule, Distribution, FailureExample, Failures, FlagDistribution,
    FlagImpact, FlagState, Impact, Move, Share, Stopped, distribution, distribution_of_stream, impact,
    impact_of_stream, impact_with_traits,
};
pub use lint::{
    ConditionText, Evaluator, Example, Finding, FindingKind, Likelihood, SegmentName, Severity, Subject,
    Verdict,
};
pub use measure::{Measure, SegmentMeasure, measure};
pub use operator::Operator;
pub use outcome::Outcome;
pub use result::{Evaluation, FlagResult, Reason, RemoteRules, SegmentResult};
pub use revise::Revision;
pub use scratch::Scratch;
pub use trace::{
    AskedCondition, BucketTrace, Candidate, CandidateSource, CandidateState, Cause, Caveat, ConditionTrace,
    Dependency, FlagTrace, RangeTrace, RuleJoin, RuleTrace, SeenType, SegmentStanding, SegmentTrace,
    SplitTrace, Standing, Trace, TraceVerdict,
};
