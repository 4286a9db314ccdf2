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
        let shown: Vec<EnvironmentFacts> = all.into_iter().filter(is_shown).collect();
        let beside = reference.iter().filter(|one| {
            let key = &one.environment.key;
            shown.iter().all(|facts| facts.environment.key != *key)
        });
        let wanted = shown.iter().chain(beside).cloned().collect();
        let mut held = self.held_columns(connection, wanted).await?;
        let is_reference = |facts: &EnvironmentFacts| {
            let key = &facts.environment.key;
            reference.as_ref().is_some_and(|one| one.environment.key == *key)
        };
        let mut rows = Rows::default();
        if let Some(of_reference) = held.iter().find(|one| is_reference(&one.facts)) {
            rows.hold_against(&of_reference.flags);
        }
        held.truncate(shown.len());
        let mut columns = Vec::with_capacity(held.len());
        for HeldColumn {
            facts,
            flags,
            changes,
        } in held
        {
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

    /// What the mirror holds of environments, read side by side: taking many
    /// flags apart is work.
    async fn held_columns(
        &self,
        connection: &ConnectionId,
        wanted: Vec<EnvironmentFacts>,
    ) -> Result<Vec<HeldColumn>, ConsoleError> {
        let reads: Vec<_> = wanted
            .into_iter()
            .map(|facts| tokio::spawn(self.clone().held_column(connection.clone(), facts)))
            .collect();
        let mut held = Vec::with_capacity(reads.len());
        for read in reads {
            held.push(read.await.unwrap_or(Err(ConsoleError::Gone {
                what: "the environment",
            }))?);
        }
        Ok(held)
    }

    async fn held_column(
        self,
        connection: ConnectionId,
        facts: EnvironmentFacts,
    ) -> Result<HeldColumn, ConsoleError> {
        let key = &facts.environment.key;
        let flags = match &facts.snapshot {
            Some(_) => self.flags(&connection, key).await?,
            None => Vec::new(),
        };
        let changes = LastChanges::of(&self, &connection, key).await?;
        Ok(HeldColumn {
            facts,
            flags,
            changes,
        })
    }
}

/// An environment as it was read.
struct HeldColumn {
    facts: EnvironmentFacts,
    flags: Vec<FlagFacts>,
    changes: LastChanges,
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
    reference: HashMap<FlagKey, Flag>,
    rows: BTreeMap<FlagKey, Vec<Option<MatrixCell>>>,
}

impl Rows {
    fn hold_against(&mut self, flags: &[FlagFacts]) {
        for facts in flags {
            let key = &facts.flag.key;
            self.rows.insert(key.clone(), Vec::new());
            self.reference.insert(key.clone(), facts.flag.clone());
        }
    }

    fn add(&mut self, column: usize, flags: Vec<FlagFacts>, changes: &LastChanges) {
        let has_reference = !self.reference.is_empty();
        for FlagFacts { flag, edit } in flags {
            let reference = self.reference.get(&flag.key).map(|flag| &flag.state);
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
            let reference = self.reference.remove(&flag);
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
