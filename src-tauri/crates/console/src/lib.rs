//! The use cases of the flag console.
//!
//! The only crate that knows the services, the mirror and the keychain at
//! once. It never knows windows, and puts nothing into words that a service or
//! a rule has not given: wording is the shell's. The clock and the key store
//! are passed in.

mod activity;
mod batch;
mod budgets;
mod change_set;
mod clock;
mod cohort;
mod compare;
mod connect;
mod demo;
mod doctor;
mod draft;
mod edit;
mod encryption;
mod engines;
mod environments;
mod error;
mod event;
mod files;
mod findings;
mod history;
mod identities;
mod impact;
mod incidents;
mod input;
mod keys;
mod limits;
mod lint;
mod listing;
mod matrix;
mod notices;
mod open;
mod overlay;
mod persona;
mod places;
mod preview;
mod propagation;
mod publish;
mod reach;
mod refresh;
mod schedule;
pub mod secret;
mod server;
mod shares;
mod sides;
mod state;
mod subject;
mod surfaces_settings;
mod unsent;
mod watch;

pub use activity::{
    ActivityFilter, ActivityFormat, ActivityIntake, ActivityPage, ActivityRecorder, ExchangeFacts,
    ExchangeId, ExchangeOutcome, SurfaceKind, Traffic,
};
pub use batch::{BatchFacts, BatchInput, BatchProgress, FailedIdentity};
pub use change_set::{ChangeSetFacts, Ground, StageInput, StagedFacts, TouchedEnvironment};
pub use clock::{Clock, SystemClock};
pub use cohort::{BrokenLine, CohortChoice, CohortFile, CohortFormat, CohortId, RangeValues, TraitRange};
pub use compare::{CompareInput, CompareRemedy, Comparison, Difference, DifferenceCause, Said, SurfaceFacts};
pub use connect::{AuthKind, ConnectInput, DraftFacts, DraftId, KeepKey, KeyHome, SaveDraft};
pub use demo::DemoService;
pub use doctor::{DoctorFacts, DoctorFinding, DoctorInput, DoctorStep, KeyKind, StepFact, StepState};
pub use draft::{Draft, DraftOrigin};
pub use edit::{ConflictFacts, EditInput, Outcome, Resolution};
pub use encryption::{Encryption, EncryptionFacts, EncryptionHindrance, Lock};
pub use error::ConsoleError;
pub use event::Event;
pub use files::{
    ChosenId, ExportInput, ExportedFile, FileContent, FileError, FileFacts, FileHeader, ImportProgress, Kept,
    Seal,
};
pub use halyard_mirror::{DamagedPart, HistorySize, MirrorError, Persona, PersonaId, PropagationId, Unsent};
pub use halyard_model::Surface;
pub use halyard_provider::{
    Budget, BudgetClass, Credential, Diagnosis, Discovery, Failure, FailureKind, Incident, Known, Leftover,
    LeftoverKind, Listing, Permission, RateLimit, Remedy, Stage, Standing, Urgency,
};
pub use history::{MomentAt, MomentFacts, Timeline, TimelineInput};
pub use impact::{ChangeSetImpact, ImpactFacts, ImpactInput, Sample};
pub use incidents::{FeedPace, Gravity, IncidentFacts, IncidentSign, IncidentWarning, StatusFeedFacts};
pub use input::parse_value;
pub use limits::{
    Contributor, EnvironmentLimits, LimitFacts, LimitKind, LimitLevel, LimitSource, LimitTrend, limit_level,
};
pub use lint::{Doubt, EnvironmentLint, LintFinding, LintFix, LintGap, LintScope, NeverApplies, Remedying};
pub use listing::{EnvironmentFacts, FlagFacts, revision, revision_of};
pub use matrix::{LastChange, Matrix, MatrixCell, MatrixColumn, MatrixInput, MatrixRow};
pub use notices::Notice;
pub use open::Beginning;
pub use overlay::{DraftNotes, Estimated, LeftOut, LeftOutReason};
pub use persona::PersonaInput;
pub use places::{Notices, Place, Settings, Theme};
pub use preview::{
    ExpectedPreview, ExpectedRow, LocalPreview, LocalRow, Preview, PreviewInput, RemotePreview, RemoteRow,
    TracedFlag, Weighed,
};
pub use propagation::{PropagationFacts, PropagationLane};
pub use publish::PublishProgress;
pub use schedule::Pace;
pub use server::{QueueTrend, ServerFacts, TaskQueue, VersionChange};
pub use shares::{DecidedBy, FlagShares, Gets, Move, Share};
pub use sides::{
    CheckFacts, CheckWarning, PromoteInput, Promoted, SideFacts, SidesFacts, StaleSide, TargetRefusal,
    UnknownImpact, sides_json,
};
pub use state::{Console, ConsoleParts, Providers};
pub use subject::{
    ConfigFacts, IdentityFacts, IdentityOverrideFacts, SegmentFacts, SegmentUse, SubjectFacts,
};
pub use surfaces_settings::SurfaceSettings;
pub use watch::{Check, WatchPace, WatchedSurface, surfaces_of};
