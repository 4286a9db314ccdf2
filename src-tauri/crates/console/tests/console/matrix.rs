//! Flags beside environments.

use std::collections::BTreeMap;

use halyard_console::{ConsoleError, Matrix, MatrixCell, MatrixInput, revision};
use halyard_model::{Author, Change, Drift, EditState, Flag, FlagKey, FlagValue};
use halyard_sandbox::MayaEdit;
use serde_json::json;

use crate::{
    bench::{Bench, Path, Place},
    history::offline,
};

/// Four environments, of which EU Production was never read.
async fn bench() -> (Bench, [Place; 4]) {
    let (bench, development) = Bench::connected(Path::FlagsmithV1).await;
    let named = async |name: &str| bench.place(&development.connection, name).await;
    let places = [
        development.clone(),
        named("Staging").await,
        named("Production").await,
        named("EU Production").await,
    ];
    for place in &places[1..3] {
        bench.refresh(place).await.unwrap();
    }
    (bench, places)
}

async fn matrix(bench: &Bench, shown: &[&Place], reference: Option<&Place>) -> Matrix {
    let connection = bench.console.connections().await.unwrap().remove(0).id;
    let input = MatrixInput {
        connection,
        environments: shown.iter().map(|place| place.environment.clone()).collect(),
        reference: reference.map(|place| place.environment.clone()),
    };
    offline(bench).matrix(input).await.unwrap()
}

async fn flags(bench: &Bench, place: &Place) -> BTreeMap<FlagKey, Flag> {
    let all = bench
        .console
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    all.into_iter()
        .map(|facts| (facts.flag.key.clone(), facts.flag))
        .collect()
}

fn cell<'m>(matrix: &'m Matrix, flag: &str, column: usize) -> &'m MatrixCell {
    let row = matrix.rows.iter().find(|row| row.flag.0 == flag).unwrap();
    row.cells[column].as_ref().unwrap()
}

#[tokio::test]
async fn cells_are_what_the_environments_have_beside_the_reference() {
    let (bench, places) = bench().await;
    let found = matrix(&bench, &[], None).await;
    let names: Vec<&str> = found
        .columns
        .iter()
        .map(|column| column.facts.environment.name.as_str())
        .collect();
    assert_eq!(names, ["Development", "Staging", "Production", "EU Production"]);
    let reference = found.reference.as_ref().unwrap();
    assert_eq!(
        reference.environment.name, "Production",
        "the first protected one that was read"
    );
    assert_eq!(found.rows.len(), 128);
    assert!(found.rows.is_sorted_by(|one, other| one.flag < other.flag));

    let mut held = Vec::new();
    for place in &places {
        held.push(flags(&bench, place).await);
    }
    let mut differing = 0;
    for row in &found.rows {
        let there = &held[2][&row.flag];
        let mut differs = false;
        for (column, cell) in row.cells[..3].iter().enumerate() {
            let cell = cell.as_ref().unwrap();
            let here = &held[column][&row.flag];
            assert_eq!(cell.flag, *here);
            assert_eq!(cell.drift, Drift::of(&here.state, &there.state));
            assert_eq!(revision(&cell.flag.state), revision(&here.state));
            differs |= cell.differs();
        }
        assert!(row.cells[3].is_none(), "never read");
        assert_eq!(row.differs, differs, "what was never read does not differ");
        differing += u32::from(differs);
    }
    assert_eq!(found.differing, differing);
    assert!((5..128).contains(&differing), "{differing}");
    for (column, held) in found.columns.iter().zip(&held) {
        let on = held.values().filter(|flag| flag.state.enabled).count();
        assert_eq!(column.on as usize, on);
    }
}

#[tokio::test]
async fn the_reference_need_not_be_shown() {
    let (bench, [development, staging, production, eu]) = bench().await;
    let whole = matrix(&bench, &[], Some(&staging)).await;
    let part = matrix(&bench, &[&production, &development], Some(&staging)).await;
    let name = |matrix: &Matrix| matrix.reference.as_ref().unwrap().environment.name.clone();
    assert_eq!(
        (name(&whole).as_str(), name(&part).as_str()),
        ("Staging", "Staging")
    );
    let shown: Vec<&str> = part
        .columns
        .iter()
        .map(|column| column.facts.environment.name.as_str())
        .collect();
    assert_eq!(shown, ["Development", "Production"], "in the connection's order");
    for (row, of_whole) in part.rows.iter().zip(&whole.rows) {
        let drifts = |cells: &[&Option<MatrixCell>]| -> Vec<Drift> {
            cells
                .iter()
                .map(|cell| cell.as_ref().unwrap().drift.clone())
                .collect()
        };
        let expected = [&of_whole.cells[0], &of_whole.cells[2]];
        assert_eq!(drifts(&[&row.cells[0], &row.cells[1]]), drifts(&expected));
    }
    // Nothing is known of one that was never read.
    let alone = matrix(&bench, &[&eu], None).await;
    assert!(alone.reference.is_none() && alone.rows.is_empty() && alone.columns.len() == 1);
    let input = MatrixInput {
        connection: development.connection,
        environments: Vec::new(),
        reference: Some(halyard_model::EnvironmentKey("nowhere".into())),
    };
    let refused = bench.console.matrix(input).await;
    assert!(matches!(refused, Err(ConsoleError::Gone { .. })));
}

#[tokio::test]
async fn a_cell_knows_its_edit_and_its_last_change() {
    let (bench, [development, _, production, _]) = bench().await;
    let flag = "stock_low_badge";
    let change = Change {
        enabled: None,
        value: Some(FlagValue(json!(41))),
    };
    bench.stage(&development, flag, &change).await;
    let edit = MayaEdit {
        environment: "Production".into(),
        ..bench.maya(flag, json!(17))
    };
    bench
        .sandbox
        .faults()
        .edit_as_maya(bench.path.surface(), &edit)
        .unwrap();
    bench.clock.advance(60_000);
    bench.refresh(&production).await.unwrap();

    let found = matrix(&bench, &[], None).await;
    assert!(matches!(cell(&found, flag, 0).edit, Some(EditState::Staged)));
    assert!(cell(&found, flag, 2).edit.is_none());
    assert!(
        cell(&found, flag, 0).drift.value,
        "the drift is the mirror's, not the edit's"
    );
    let newest = bench
        .console
        .newest(&production.connection, &production.environment)
        .await
        .unwrap()
        .unwrap();
    let last = cell(&found, flag, 2).last_change.clone().unwrap();
    assert!(last.by.is_none());
    assert!(
        newest.before.unwrap() < last.at && last.at <= newest.first_seen,
        "{last:?}"
    );

    let author = |name: &str, what: &str, at: i64| Author {
        name: name.into(),
        at: newest.first_seen.plus_millis(-at),
        what: what.into(),
    };
    let authors = [
        author(
            "Jonas Weber",
            "Flag state updated for feature: stock_low_badge",
            500,
        ),
        author(
            "Priya Nair",
            "Flag state updated for feature: stock_low_badge_v2",
            100,
        ),
    ];
    bench.mirror.set_authors(newest.id, &authors).await.unwrap();
    let found = matrix(&bench, &[], None).await;
    let last = cell(&found, flag, 2).last_change.clone().unwrap();
    assert_eq!(
        (last.by.as_deref(), last.at),
        (Some("Jonas Weber"), authors[0].at)
    );
}
