//! Many identities at once: personas, cohorts, distributions and impact.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DraftEditView, TraitKindView, TraitView, ValueView};

/// An identity kept by name, to preview again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PersonaView {
    /// Names it; empty for a new one.
    pub id: String,
    /// Such as `Lena, Berlin`.
    pub name: String,
    /// The identity.
    pub identifier: String,
    /// What is known about it.
    pub traits: Vec<TraitView>,
}

/// What values of a trait to make up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RangeKindView {
    /// One of these, equally often.
    OneOf {
        /// What they are.
        value_kind: TraitKindView,
        /// As typed.
        values: Vec<String>,
    },
    /// Whole numbers, both ends included.
    Whole {
        /// The smallest.
        from: i32,
        /// The largest.
        to: i32,
    },
    /// true or false.
    Boolean {
        /// How often true, in percent.
        true_percent: u32,
    },
}

/// What values of a trait to make up, and how often none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TraitRangeView {
    /// The trait.
    pub name: String,
    /// Its values.
    pub range: RangeKindView,
    /// How often it is not set, in percent.
    pub absent_percent: u32,
}

/// Whom to evaluate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "cohort", rename_all = "snake_case")]
pub enum CohortChoiceView {
    /// The identities of a file that was read.
    File {
        /// [`CohortFileView::id`].
        id: String,
    },
    /// The saved personas.
    Personas,
    /// The identities that have an override in this environment.
    Overridden,
    /// Made-up identities.
    Generated {
        /// How many.
        count: u32,
        /// The same number makes the same identities.
        seed: u32,
        /// Their traits.
        ranges: Vec<TraitRangeView>,
    },
}

/// A file of identities, read. It stays in memory until it is closed or
/// another is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct CohortFileView {
    /// Names it.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// `CSV`, `JSON` or `JSON lines`.
    pub format: String,
    /// How many identities.
    pub identities: u32,
    /// Names of their traits, most frequent first.
    pub traits: Vec<String>,
    /// The column or member the identifier came from.
    pub identifier_from: String,
    /// Lines that could not be read.
    pub broken: u32,
    /// The first of them, such as `line 7: no identifier`.
    pub broken_lines: Vec<String>,
    /// Identifiers that were there more than once.
    pub duplicates: u32,
}

/// Evaluates a cohort. With edits, before and after them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BatchRequest {
    /// Names the run for progress and cancelling; chosen by the window.
    pub job: String,
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// Whom.
    pub cohort: CohortChoiceView,
    /// The moment to evaluate at; `null` for what the mirror holds now.
    pub moment: Option<String>,
    /// The change set whose ticked edits are laid over first.
    pub change_set: Option<String>,
    /// Edits to weigh; empty for a plain distribution.
    pub edits: Vec<DraftEditView>,
}

/// A share of the identities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ShareView {
    /// Such as `On`, `one_page`, `Off`.
    pub label: String,
    /// On or off.
    pub enabled: bool,
    /// What they get.
    pub value: ValueView,
    /// How many.
    pub count: u32,
    /// In hundredths of a percent.
    pub basis_points: u32,
}

/// An identity out of a cohort, as it was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ExampleView {
    /// The identity.
    pub identifier: String,
    /// All its traits.
    pub traits: Vec<TraitView>,
}

/// An identity for which a server would fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FailureExampleView {
    /// The identity.
    pub identity: ExampleView,
    /// Where and why, in a sentence.
    pub problem: String,
}

/// Identities that go from one result to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MoveView {
    /// What they get now.
    pub from: String,
    /// What they get after.
    pub to: String,
    /// How many.
    pub count: u32,
    /// What decides now, such as `environment default`.
    pub from_rule: String,
    /// What decides after.
    pub to_rule: String,
    /// A few of them.
    pub examples: Vec<ExampleView>,
}

/// One flag over a cohort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct FlagSharesView {
    /// The flag.
    pub flag: String,
    /// An edit concerns it.
    pub edited: bool,
    /// No edit concerns it, and yet somebody's result changes.
    pub surprise: bool,
    /// Who gets what now, largest first.
    pub now: Vec<ShareView>,
    /// Who gets what after the edits; `null` without edits.
    pub after: Option<Vec<ShareView>>,
    /// Identities whose result changes.
    pub flips: u32,
    /// From what to what, most frequent first.
    pub moves: Vec<MoveView>,
}

/// A cohort's results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BatchView {
    /// Who, such as `2,400 sampled identities`.
    pub cohort: String,
    /// How many were evaluated.
    pub identities: u32,
    /// It was cancelled: counts are of those evaluated until then.
    pub stopped: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// Identities for which a server would fail.
    pub failed: u32,
    /// The first of them.
    pub failures: Vec<FailureExampleView>,
    /// Identities with at least one change; `null` without edits.
    pub changed: Option<u32>,
    /// The flags: those that change first, then by name.
    pub flags: Vec<FlagSharesView>,
    /// How fresh what it was evaluated against is and what it is, in a sentence.
    pub source: String,
}

/// Who gets a flag from the override of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct OverrideShareView {
    /// The segment's name.
    pub segment: String,
    /// How many of the sample now.
    pub now: u32,
    /// How many after the edits; `null` without edits.
    pub after: Option<u32>,
}

/// Asks what edits would do to a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ImpactRequest {
    /// The connection.
    pub connection: String,
    /// The environment's key.
    pub environment: String,
    /// The flag to speak of.
    pub flag: String,
    /// The moment to evaluate at; `null` for what the mirror holds now.
    pub moment: Option<String>,
    /// The change set whose ticked edits are laid over first.
    pub change_set: Option<String>,
    /// The edits; empty to see who gets what now.
    pub edits: Vec<DraftEditView>,
}

/// A moment that edits were weighed against instead of now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WeighedThenView {
    /// The moment.
    pub moment: String,
    /// What it was and how long ago, and how many edits are laid over it, such
    /// as `Production as it was on 18 November, 14:05, 3 days ago, plus 1 edit`.
    pub source: String,
    /// That nothing is sent to the past, in a sentence.
    pub caution: String,
}

/// What edits would do to one flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ImpactView {
    /// Who, such as `2,400 sampled identities`.
    pub cohort: String,
    /// How the sample was made, in a sentence.
    pub how: String,
    /// How many.
    pub identities: u32,
    /// The flag.
    pub shares: FlagSharesView,
    /// Who gets it from which of its segment overrides. Overrides whose names
    /// do not tell them apart are not there.
    pub overrides: Vec<OverrideShareView>,
    /// Such as `442 of 2,400 identities change value (18.4%).`
    pub sentence: String,
    /// Who does not change although the edit suggests it, and other facts, in
    /// sentences.
    pub notes: Vec<String>,
    /// Other flags that change, by name.
    pub surprises: Vec<String>,
    /// The moment it was weighed against; `null` for now.
    pub then: Option<WeighedThenView>,
    /// The environment did not have the flag at that moment: nobody is
    /// counted, and `sentence` says so.
    pub missing: bool,
}
