//! Flags beside environments.

use halyard_console::{Matrix, MatrixCell, MatrixColumn, MatrixRow, revision};
use halyard_model::{EditState, Environment, Flag, Protection, Timestamp};

use super::{
    connection::{freshness, marks},
    flag::{value, weights},
    staged::icon_of_flag,
};
use crate::{
    view::*,
    words::{matrix as words, number::cut_at, subject::read_only, time::Clock},
};

/// Longer values are cut: a cell shows less, and there are many.
const LONGEST_VALUE: usize = 240;

/// Flags beside environments. `environments` are all of the connection's, which
/// the marks are told by.
pub fn matrix(matrix: &Matrix, environments: &[Environment], now: Timestamp, clock: &Clock) -> MatrixView {
    let reference = matrix.reference.as_ref().map(|facts| &facts.environment);
    let reference_name = reference.map_or("", |environment| environment.name.as_str());
    let rows = matrix.rows.iter();
    MatrixView {
        columns: matrix
            .columns
            .iter()
            .map(|one| column(one, environments))
            .collect(),
        reference: reference.map(|one| one.key.0.clone()).unwrap_or_default(),
        rows: rows.map(|one| row(one, reference_name, now, clock)).collect(),
        differing: matrix.differing,
    }
}

fn column(column: &MatrixColumn, environments: &[Environment]) -> MatrixColumnView {
    let environment = &column.facts.environment;
    let place = environments.iter().position(|one| one.key == environment.key);
    let is_locked = environment.protection == Protection::ReadOnly;
    MatrixColumnView {
        environment: environment.key.0.clone(),
        name: environment.name.clone(),
        mark: place.map_or(MarkView::Development, |place| marks(environments.iter())[place]),
        protected: matches!(environment.protection, Protection::Confirm | Protection::TypeName),
        read_only: read_only(environment, is_locked),
        freshness: freshness(&column.facts),
        on: column.on,
    }
}

fn row(row: &MatrixRow, reference: &str, now: Timestamp, clock: &Clock) -> MatrixRowView {
    let cells = row.cells.iter();
    let known = row
        .reference
        .as_ref()
        .or_else(|| row.cells.iter().flatten().map(|cell| &cell.flag).next());
    MatrixRowView {
        flag: row.flag.0.clone(),
        icon: known.map_or(SubjectIconView::Boolean, |flag| icon_of_flag(&flag.state)),
        cells: cells
            .map(|one| {
                let one = one.as_ref()?;
                Some(cell(one, row.reference.as_ref(), reference, now, clock))
            })
            .collect(),
        differs: row.differs,
    }
}

fn cell(
    cell: &MatrixCell,
    there: Option<&Flag>,
    reference: &str,
    now: Timestamp,
    clock: &Clock,
) -> MatrixCellView {
    let state = &cell.flag.state;
    let mut shown = value(&state.value);
    shown.text = cut_at(&shown.text, LONGEST_VALUE);
    let shares = weights(&state.value, &state.variants);
    MatrixCellView {
        enabled: state.enabled,
        value: shown,
        weights: (!shares.is_empty()).then(|| words::shares(&shares)),
        overrides: super::count(state.segment_overrides.len()),
        differs: cell.differs(),
        how: words::how(cell, there, reference),
        last_change: cell
            .last_change
            .as_ref()
            .map(|change| words::last_change(change, now, clock)),
        staged: matches!(cell.edit, Some(EditState::Staged)),
        conflict: matches!(cell.edit, Some(EditState::Conflicted { .. })),
        revision: revision(state),
    }
}
