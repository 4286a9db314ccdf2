//! Flags beside environments.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FreshnessView, MarkView, SubjectIconView, ValueView};

/// Asks for the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MatrixRequest {
    /// The connection.
    pub connection: String,
    /// The environments by key; all of them where empty.
    pub environments: Vec<String>,
    /// The environment that the others are held against; the protected one, or
    /// the first, where `null`.
    pub reference: Option<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct MatrixColumnView {
    /// The environment's key.
    pub environment: String,
    /// Its name.
    pub name: String,
    /// Its mark.
    pub mark: MarkView,
    /// It asks before it is changed.
    pub protected: bool,
    /// Nothing can be written here, in a sentence.
    pub read_only: Option<String>,
    /// How fresh the mirror's copy is.
    pub freshness: FreshnessView,
    /// Flags that are on.
    pub on: u32,
}

/// A flag in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MatrixCellView {
    /// On or off.
    pub enabled: bool,
    /// The value; shares such as `60 / 30 / 10` where the flag has options.
    pub value: ValueView,
    /// Shares, such as `60 / 30 / 10`; `null` for a flag without options.
    pub weights: Option<String>,
    /// How many segment overrides.
    pub overrides: u32,
    /// Differs from the reference.
    pub differs: bool,
    /// How it differs, in a sentence or two, such as `On here, off in Production.`
    pub how: Option<String>,
    /// Who changed it and when, as far as it is known, such as `Turned on 12 Nov by Jonas Weber.`
    pub last_change: Option<String>,
    /// An edit of it is staged.
    pub staged: bool,
    /// An edit of it is in conflict.
    pub conflict: bool,
    /// Names the state; goes back with an edit as its base.
    pub revision: String,
}

/// A flag in all environments asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct MatrixRowView {
    /// The flag.
    pub flag: String,
    /// What stands before its name.
    pub icon: SubjectIconView,
    /// One cell per column; `null` where the environment does not have it.
    pub cells: Vec<Option<MatrixCellView>>,
    /// A cell differs from the reference.
    pub differs: bool,
}

/// Flags beside environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct MatrixView {
    /// The columns, in the connection's order.
    pub columns: Vec<MatrixColumnView>,
    /// The reference's key.
    pub reference: String,
    /// The rows, sorted by name.
    pub rows: Vec<MatrixRowView>,
    /// How many rows differ.
    pub differing: u32,
}
