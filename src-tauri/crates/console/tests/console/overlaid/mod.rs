//! What is laid over a document is what the service makes of it.

mod dice;
mod service;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use halyard_console::{Draft, LocalPreview, Preview, PreviewInput};
use halyard_engine::{Dialect, Engine, Identity, generate_cohort, suggested_ranges};
use halyard_model::{
    ChangeSet, ChangeSetId, ChangeSetState, Edit, EditState, FlagKey, FlagState, IdentityRef, Timestamp,
};
use serde_json::Value;

use crate::bench::{Bench, Path, Place};
use dice::Dice;
use service::Service;
use world::World;

/// How many times edits are thrown, laid over and written.
const ROUNDS: usize = 40;

/// What an identity gets of every flag, and why.
type Results = BTreeMap<String, (bool, Value, Option<String>, String)>;

fn results(engine: &Engine, who: &Identity) -> Result<Results, String> {
    let evaluation = engine.evaluate(who).map_err(|error| error.to_string())?;
    Ok(evaluation
        .flags()
        .map(|flag| {
            let got = (
                flag.enabled,
                flag.value.clone(),
                flag.variant.map(str::to_owned),
                flag.reason.to_string(),
            );
            (flag.name.to_owned(), got)
        })
        .collect())
}

/// Made up from the conditions on either side, and those with overrides.
fn people(engines: &[&Engine], document: &Value) -> Vec<Identity> {
    let cohort = generate_cohort(3, 60, &suggested_ranges(engines));
    let mut people: Vec<Identity> = (0..cohort.len()).filter_map(|row| cohort.identity(row)).collect();
    let owners = document["identity_overrides"].as_array().unwrap();
    people.extend(
        owners
            .iter()
            .map(|one| Identity::new(one["identifier"].as_str().unwrap())),
    );
    people.extend((0..6).map(|number| Identity::new(format!("new-{number}"))));
    people
}

async fn staged(bench: &Bench, place: &Place, edits: &[Edit]) -> ChangeSetId {
    let set = ChangeSet {
        id: ChangeSetId(format!("set of {}", edits[0].id.0)),
        connection: place.connection.clone(),
        name: "Thrown".into(),
        state: ChangeSetState::Open,
        created_at: Timestamp(1),
        changed_at: Timestamp(1),
        undoes: None,
    };
    bench.mirror.save_change_set(&set).await.unwrap();
    for (position, edit) in edits.iter().enumerate() {
        let edit = Edit {
            state: EditState::Staged,
            change_set: Some(set.id.clone()),
            position: u32::try_from(position).unwrap(),
            ..edit.clone()
        };
        bench.mirror.save_edit(&edit).await.unwrap();
    }
    set.id
}

async fn foreseen(
    bench: &Bench,
    place: &Place,
    change_set: Option<ChangeSetId>,
    edits: Vec<Draft>,
) -> LocalPreview {
    let input = PreviewInput {
        at: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        identity: IdentityRef::default(),
        change_set,
        edits,
    };
    match bench.console.preview(input).await.unwrap() {
        Preview::Local(local) => local,
        other => panic!("Flagsmith is evaluated here: {other:?}"),
    }
}

#[tokio::test]
async fn edits_of_every_kind_are_foreseen_as_the_service_carries_them_out() {
    let mut kinds: BTreeSet<&'static str> = BTreeSet::new();
    for (path, seed) in [(Path::FlagsmithV1, 11), (Path::FlagsmithV2, 12)] {
        let (bench, place) = Bench::connected(path).await;
        let mut service = Service::of(&bench, &place).await;
        let mut dice = Dice(seed);
        for round in 0..ROUNDS {
            let site = (place.connection.clone(), place.environment.clone());
            let flags = bench.console.flags(&site.0, &site.1).await.unwrap();
            let states: BTreeMap<FlagKey, FlagState> = flags
                .into_iter()
                .map(|facts| (facts.flag.key, facts.flag.state))
                .collect();
            let before = service.document().await;
            let mut world = World::of(dice, site, states, &before);
            let mut edits = Vec::new();
            for _ in 0..=world.dice.below(5) {
                let (kind, edit) = world.throw();
                kinds.insert(kind);
                edits.push(edit);
            }
            let some = world.dice.below(edits.len() + 1);
            dice = world.dice;
            let typed = edits[some..].iter().map(Draft::of_edit).collect();
            let set = match some {
                0 => None,
                some => Some(staged(&bench, &place, &edits[..some]).await),
            };
            let laid = foreseen(&bench, &place, set, typed).await;
            assert_eq!(laid.notes.left_out, [], "{edits:#?}");

            for edit in &edits {
                service
                    .write(&edit.subject, edit.base.as_ref(), edit.wish.as_ref())
                    .await;
            }
            let document = service.document().await;
            let real = Engine::from_document(&document, Dialect::Server10_2).unwrap();
            for who in people(&[&laid.engine, &real], &document) {
                assert_eq!(
                    results(&laid.engine, &who),
                    results(&real, &who),
                    "{path:?}, round {round}, {who:?} after {edits:#?}"
                );
            }
            let server_only = |engine: &Engine| -> BTreeSet<String> {
                engine.remote().server_only_flags.into_iter().collect()
            };
            assert_eq!(server_only(&laid.engine), server_only(&real), "{edits:#?}");
            bench.refresh(&place).await.unwrap();
        }
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}
