//! The nouns of the flag console and the rules that need nothing but them.
//!
//! This crate never does I/O, never reads a clock (a [`Timestamp`] is always
//! passed in) and knows neither SQL, HTTP nor windows.

mod conflict;
mod connection;
mod diff;
mod document;
mod drift;
mod edit;
mod flag;
mod freshness;
mod identity;
mod merge;
mod moment;
mod propagation;
mod review;
mod sides;
mod snapshot;
mod surface;
mod time;
mod timeline;

pub use conflict::{Verdict, judge, judge_write};
pub use connection::{
    Connection, ConnectionId, EdgeProxy, Endpoint, Environment, EnvironmentKey, FlagsmithAuth,
    FlagsmithEndpoint, Named, Protection, Service, Surface,
};
pub use diff::{Field, differences};
pub use document::document_digest;
pub use drift::{Drift, OverrideDrift};
pub use edit::{
    Attempt, BadField, Change, ChangeSet, ChangeSetId, ChangeSetState, ConfigDefinition, Edit, EditId,
    EditState, FieldChanges, FieldPath, Fields, FlagDefinition, IdentityState, PauseReason, Rebased, Refusal,
    RuleKind, Said, Scope, SegmentCondition, SegmentDefinition, SegmentKey, SegmentRule, Subject,
    SubjectState, UnknownField, changed, changed_fields, compose, fields_of, rebase, same_value, state_from,
};
pub use flag::{
    Flag, FlagKey, FlagKind, FlagNote, FlagState, FlagValue, SegmentOverride, Tag, ValueKind, Variant,
    Version,
};
pub use freshness::{FetchStatus, Freshness, FreshnessRule, freshness};
pub use identity::{IdentityRecord, IdentityRef, RemoteFlag};
pub use merge::{Choice, How, Merge, MergedField, Unmerged, merge};
pub use moment::{
    At, Author, Moment, MomentId, MomentSource, Retention, Touched, TouchedCounts, TouchedHow, TouchedKind,
};
pub use propagation::{
    Answer, Answers, Content, FlagPart, Followed, Lane, LaneCause, LaneFacts, LaneState, Showing, Shown,
    Sighting, flag_part,
};
pub use review::{
    ChangeRow, Facts, MemberChange, PartChange, Problem, ProblemKind, RowKind, RulePlace, SegmentUse,
    Warning, change_rows, problems, warnings,
};
pub use sides::{
    Aspect, Blocked, Contents, LeftOutDifference, LeftOutWhy, Line, LineKind, LinePiece, Picked, Presence,
    Promotion, SameCounts, Side, SideDifference, Sides, Unmapped, UnmappedKind, compare, lines, promote,
};
pub use snapshot::{Segment, Snapshot};
pub use surface::{
    Allowance, BehindCause, Compared, ContentReading, Failing, FailingKind, Heartbeat, HeartbeatReading,
    NOT_MODIFIED_LATE_MILLIS, NotModified, OtherPair, Reference, Served, SurfaceFreshness, SurfaceRecord,
    SurfaceRule, Trouble, Untold, UntoldWhy, ZoneNote, judge_surface,
};
pub use time::Timestamp;
pub use timeline::{Gap, GapRule, Sureness};
