//! Flags beside environments, and what drifts from a reference.

mod last_change;

pub use last_change::LastChange;

use std::collections::{BTreeMap, HashMap};

use halyard_model::{ConnectionId, Drift, EditState, EnvironmentKey, Flag, FlagKey, Protection};

use self::last_change::LastChanges;
use crate::{Console, ConsoleError, EnvironmentFacts, FlagFacts};

/// Asks for the matrix.
#[derive(Clone, Debug)]
pub struct MatrixInput {
    /// The connection.
    pub connection: ConnectionId,
    /// The environments; all of them where empty.
    pub environments: Vec<EnvironmentKey>,
    /// The environment that the others are held against, also where it has no
    /// column; none for the first protected one, or the first.
    pub reference: Option<EnvironmentKey>,
}

/// Flags beside environments.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The columns, in the connection's order.
    pub columns: Vec<MatrixColumn>,
    /// The environment that the others are held against; none where no
    /// environment was ever read.
    pub reference: Option<EnvironmentFacts>,
    /// The rows, sorted by name.
    pub rows: Vec<MatrixRow>,
    /// How many rows differ.
    pub differing: u32,
}

/// A column.
#[derive(Clone, Debug)]
pub struct MatrixColumn {
    /// The environment.
    pub facts: EnvironmentFacts,
    /// Flags that are on.
    pub on: u32,
}

/// A flag in all environments asked for.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// The flag.
    pub flag: FlagKey,
    /// One cell per column; none where the environment does not have it, or
    /// was never read.
    pub cells: Vec<Option<MatrixCell>>,
    /// The flag as the reference has it.
    pub reference: Option<Flag>,
    /// A cell differs from the reference, or only one of the two has the flag.
    pub differs: bool,
}

/// A flag in an environment.
#[derive(Clone, Debug)]
pub struct MatrixCell {
    /// The flag.
    pub flag: Flag,
    /// Its open edit, else its staged one, where there is one.
    pub edit: Option<EditState>,
    /// What it differs in from the reference; nothing for the reference itself.
    pub drift: Drift,
    /// The reference does not have the flag.
    pub only_here: bool,
    /// Who changed it last and when, as far as it is known.
    pub last_change: Option<LastChange>,
}

impl MatrixCell {
    /// Whether it differs from the reference.
    pub fn differs(&self) -> bool {
        self.only_here || self.drift.is_any()
    }
}

impl Console {
    /// Flags beside environments, from the mirror: each environment is read
    /// once.
    ///
    /// [`ConsoleError::Gone`] where the connection or the reference is not
    /// there.
    pub async fn matrix(&self, input: MatrixInput) -> Result<Matrix, ConsoleError> {
        let connection = &input.connection;
        self.known_connection(connection).await?;
        let all = self.environments(connection).await?;
        let is_shown = |facts: &EnvironmentFacts| {
            input.environments.is_empty() || input.environments.contains(&facts.environment.key)
        };
        let reference = match &input.reference {
            Some(key) => {
                let known = all.iter().find(|facts| facts.environment.key == *key);
                Some(known.ok_or(ConsoleError::Gone {
                    what: "the environment",
                })?)
            }
            None => reference_among(all.iter().filter(|facts| is_shown(facts))),
        };
        let reference = reference.cloned();
        let mut rows = Rows::default();
        if let Some(reference) = &reference {
            let flags = self.flags(connection, &reference.environment.key).await?;
            rows.hold_against(flags);
        }
        let mut columns = Vec::new();
        for facts in all.into_iter().filter(is_shown) {
            let key = &facts.environment.key;
            let is_reference = reference.as_ref().is_some_and(|one| one.environment.key == *key);
            let flags = match (is_reference, &facts.snapshot) {
                // Read already.
                (true, _) => rows.reference_flags(),
                (false, Some(_)) => self.flags(connection, key).await?,
                (false, None) => Vec::new(),
            };
            let changes = LastChanges::of(self, connection, key).await?;
            let on = flags.iter().filter(|facts| facts.flag.state.enabled).count();
            rows.add(columns.len(), flags, &changes);
            columns.push(MatrixColumn {
                facts,
                on: u32::try_from(on).unwrap_or(u32::MAX),
            });
        }
        let rows = rows.finish(&columns);
        Ok(Matrix {
            differing: u32::try_from(rows.iter().filter(|row| row.differs).count()).unwrap_or(u32::MAX),
            columns,
            reference,
            rows,
        })
    }
}

/// The first protected one, or the first, of those that were read.
fn reference_among<'a>(shown: impl Iterator<Item = &'a EnvironmentFacts>) -> Option<&'a EnvironmentFacts> {
    let read: Vec<&EnvironmentFacts> = shown.filter(|facts| facts.snapshot.is_some()).collect();
    let is_protected = |facts: &&&EnvironmentFacts| {
        matches!(
            facts.environment.protection,
            Protection::Confirm | Protection::TypeName
        )
    };
    read.iter().find(is_protected).or_else(|| read.first()).copied()
}

/// Rows while the columns are added.
#[derive(Default)]
struct Rows {
    reference: HashMap<FlagKey, FlagFacts>,
    rows: BTreeMap<FlagKey, Vec<Option<MatrixCell>>>,
}

impl Rows {
    fn hold_against(&mut self, flags: Vec<FlagFacts>) {
        for facts in &flags {
            self.rows.insert(facts.flag.key.clone(), Vec::new());
        }
        let keyed = flags.into_iter().map(|facts| (facts.flag.key.clone(), facts));
        self.reference = keyed.collect();
    }

    fn reference_flags(&self) -> Vec<FlagFacts> {
        self.reference.values().cloned().collect()
    }

    fn add(&mut self, column: usize, flags: Vec<FlagFacts>, changes: &LastChanges) {
        let has_reference = !self.reference.is_empty();
        for FlagFacts { flag, edit } in flags {
            let reference = self.reference.get(&flag.key).map(|facts| &facts.flag.state);
            let cells = self.rows.entry(flag.key.clone()).or_default();
            cells.resize_with(column, || None);
            cells.push(Some(MatrixCell {
                drift: reference.map_or_else(Drift::default, |state| Drift::of(&flag.state, state)),
                only_here: has_reference && reference.is_none(),
                last_change: changes.of_flag(&flag),
                edit,
                flag,
            }));
        }
    }

    fn finish(mut self, columns: &[MatrixColumn]) -> Vec<MatrixRow> {
        // What was never read lacks nothing.
        let was_read = |column: &MatrixColumn| column.facts.snapshot.is_some();
        let row = |(flag, mut cells): (FlagKey, Vec<Option<MatrixCell>>)| {
            cells.resize_with(columns.len(), || None);
            let reference = self.reference.remove(&flag).map(|facts| facts.flag);
            let differs = cells.iter().zip(columns).any(|(cell, column)| match cell {
                Some(cell) => cell.differs(),
                None => reference.is_some() && was_read(column),
            });
            MatrixRow {
                flag,
                cells,
                reference,
                differs,
            }
        };
        std::mem::take(&mut self.rows).into_iter().map(row).collect()
    }
}
