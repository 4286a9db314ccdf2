//! Everything that an edit can be about: staged, published, seen in the mirror, led back.

use halyard_console::{LeftoverKind, StageInput};
use halyard_model::{
    ChangeSetId, ChangeSetState, Edit, EditState, FieldChanges, FieldPath, FlagKey, PauseReason, SegmentKey,
    Subject,
};
use halyard_sandbox::{Effect, Fault, Surface};
use serde_json::{Value, json};

use crate::bench::{Bench, Path, Place, until};

const FLAG: &str = "guest_checkout";
const SEGMENT: &str = "night_owls";

fn segment(key: &str) -> Subject {
    Subject::Segment {
        segment: SegmentKey(key.into()),
    }
}

fn changes<const N: usize>(fields: [(&str, Value); N]) -> FieldChanges {
    fields
        .into_iter()
        .map(|(field, value)| (field.parse::<FieldPath>().unwrap(), Some(value)))
        .collect()
}

fn rules(path: Path) -> Value {
    match path {
        Path::EdgeFlags => json!([{"type": "ALL", "rules": [], "conditions": [
            {"operator": "equals", "property": "plan", "value": "gold"}]}]),
        _ => json!([{"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "rules": [], "conditions": [
            {"operator": "EQUAL", "property": "plan", "value": "gold"}]}]}]),
    }
}

async fn stage(bench: &Bench, place: &Place, subject: Subject, changes: FieldChanges) -> Edit {
    let (connection, environment) = (&place.connection, &place.environment);
    let facts = bench
        .console
        .subject(connection, environment, &subject)
        .await
        .unwrap();
    let input = StageInput {
        connection: connection.clone(),
        environment: environment.clone(),
        subject,
        revision: facts.revision,
        changes,
        change_set: None,
    };
    bench.console.stage(input).await.unwrap()
}

/// A whole refresh that begins from now on: one that goes on already may have read before the last write.
async fn refreshed(bench: &Bench, place: &Place) {
    until(async || {
        let busy = bench.console.is_refreshing(&place.connection, &place.environment);
        (!busy).then_some(())
    })
    .await;
    bench.refresh(place).await.unwrap();
}

async fn published(bench: &Bench, set: &ChangeSetId) {
    bench.publish(set).await;
    let facts = bench.at_rest(set).await;
    let states: Vec<_> = facts
        .edits
        .iter()
        .map(|facts| (&facts.edit.subject, &facts.edit.state))
        .collect();
    assert_eq!(
        facts.set.state,
        ChangeSetState::Published,
        "{:?}: {states:#?}",
        bench.path
    );
}

/// The states in the mirror that edits rest on are those the service itself tells, and each comes to the service and
/// back into the mirror.
#[tokio::test]
async fn every_subject_of_flagsmith_goes_there_and_back() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, place) = Bench::connected(path).await;
        let key = SegmentKey::to_be_made(SEGMENT).0;
        let over = |part: &str| format!("{part}:{key}");
        let uses = changes([
            (&over("override"), json!(SEGMENT)),
            (&over("override_enabled"), json!(true)),
            (&over("override_value"), json!("owl")),
        ]);
        let new_flag = FlagKey("night_mode".into());
        // Staged in the worst order.
        let mut edits = vec![stage(&bench, &place, Subject::state_of(&FlagKey(FLAG.into())), uses).await];
        let made = [
            (
                Subject::Flag {
                    flag: new_flag.clone(),
                },
                changes([("description", json!("For owls.")), ("value", json!("dim"))]),
            ),
            (Subject::state_of(&new_flag), changes([("enabled", json!(true))])),
            (
                Subject::Flag {
                    flag: FlagKey(FLAG.into()),
                },
                changes([("description", json!("Said anew."))]),
            ),
            (
                Subject::IdentityOverride {
                    flag: FlagKey(FLAG.into()),
                    identity: "owl-1".into(),
                },
                changes([("enabled", json!(true)), ("value", json!("own"))]),
            ),
            (
                segment(&key),
                changes([("name", json!(SEGMENT)), ("rules", rules(path))]),
            ),
        ];
        for (subject, changes) in made {
            edits.push(stage(&bench, &place, subject, changes).await);
        }
        let set = edits[0].change_set.clone().unwrap();
        published(&bench, &set).await;
        for edit in &edits {
            let row = bench.row(&edit.id).await;
            assert_eq!(
                (&row.state, row.rounds),
                (&EditState::Confirmed, 0),
                "{path:?}: {row:?}"
            );
        }
        refreshed(&bench, &place).await;
        let segments = bench
            .console
            .segments(&place.connection, &place.environment)
            .await
            .unwrap();
        let made = segments.iter().find(|facts| {
            let definition = facts.definition.as_ref();
            definition.is_some_and(|definition| definition.name == SEGMENT)
        });
        let made = made.expect("the segment is in the mirror");
        assert_eq!(made.uses.len(), 1);
        assert_eq!(made.uses[0].flag.0, FLAG);
        assert_eq!(
            serde_json::to_value(&made.definition.as_ref().unwrap().rules).unwrap(),
            rules(path)
        );
        let identities = bench
            .console
            .identity_overrides_of(&place.connection, &place.environment, &FlagKey(FLAG.into()))
            .await
            .unwrap();
        let own = identities.iter().find(|facts| facts.identity == "owl-1").unwrap();
        assert_eq!(own.state.as_ref().unwrap().value.0, json!("own"));
        assert!(bench.shown(&place, "night_mode").await.flag.state.enabled);

        let back = bench.console.roll_back(&set).await.unwrap();
        published(&bench, &back.id).await;
        refreshed(&bench, &place).await;
        let segments = bench
            .mirror
            .segments(&place.connection, &place.environment)
            .await
            .unwrap();
        assert!(segments.iter().all(|one| one.name != SEGMENT));
        let flags = bench
            .mirror
            .flags(&place.connection, &place.environment)
            .await
            .unwrap();
        assert!(flags.iter().all(|flag| flag.key != new_flag));
        let flag = bench.shown(&place, FLAG).await.flag;
        let base = edits[0].base.as_ref().unwrap().flag_state().unwrap();
        assert_eq!(flag.state.segment_overrides, base.segment_overrides);
    }
}

#[tokio::test]
async fn every_subject_of_edgeflags_goes_there_and_back() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let new_flag = FlagKey("night_mode".into());
    let config = Subject::Config {
        key: "owl_hours".into(),
    };
    let subjects = [
        (
            Subject::Flag {
                flag: new_flag.clone(),
            },
            changes([("enabled", json!(true)), ("value", json!("dim"))]),
        ),
        (
            segment(&SegmentKey::to_be_made(SEGMENT).0),
            changes([("name", json!(SEGMENT)), ("rules", rules(Path::EdgeFlags))]),
        ),
        (config.clone(), changes([("value", json!({"from": 22}))])),
    ];
    let mut edits = Vec::new();
    for (subject, changes) in subjects {
        edits.push(stage(&bench, &place, subject, changes).await);
    }
    let set = edits[0].change_set.clone().unwrap();
    published(&bench, &set).await;
    refreshed(&bench, &place).await;
    let (connection, environment) = (&place.connection, &place.environment);
    for (edit, subject) in edits
        .iter()
        .zip([Subject::Flag { flag: new_flag }, segment(SEGMENT), config])
    {
        let facts = bench
            .console
            .subject(connection, environment, &subject)
            .await
            .unwrap();
        assert!(edit.is_met_by(facts.state.as_ref()), "{:?}", facts.state);
    }
    let configs = bench.console.configs(connection, environment).await.unwrap();
    assert!(configs.iter().any(|facts| facts.key == "owl_hours"));
    let back = bench.console.roll_back(&set).await.unwrap();
    published(&bench, &back.id).await;
    refreshed(&bench, &place).await;
    let configs = bench.console.configs(connection, environment).await.unwrap();
    assert!(configs.iter().all(|facts| facts.key != "owl_hours"));
}

/// The answer to making a segment is lost, and the service carries it out after it was made again.
#[tokio::test]
async fn a_late_duplicate_is_found_named_and_removed() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let late = Fault::of(Effect::LateCommit { ms: 6_000 });
    bench.fault(
        late.on(Surface::Flagsmith)
            .method("POST")
            .path("/segments/")
            .times(1),
    );
    let key = SegmentKey::to_be_made(SEGMENT).0;
    let named = changes([("name", json!(SEGMENT)), ("rules", rules(Path::FlagsmithV1))]);
    let edit = stage(&bench, &place, segment(&key), named).await;
    let set = edit.change_set.clone().unwrap();
    bench.publish(&set).await;
    let facts = bench.at_rest(&set).await;
    assert_eq!(facts.set.state, ChangeSetState::Paused(PauseReason::NeedsYou));
    assert!(
        matches!(facts.edits[0].edit.state, EditState::Unknown { .. }),
        "{:?}",
        facts.edits[0].edit.state
    );
    bench.clock.advance(61_000);
    bench.console.read_doubtful().await.unwrap();
    assert!(matches!(bench.row(&edit.id).await.state, EditState::Refused(_)));
    published(&bench, &set).await;

    let found = until(async || {
        bench.console.read_doubtful().await.unwrap();
        let facts = bench.set(&set).await;
        facts.edits[0].leftovers.first().cloned()
    })
    .await;
    assert_eq!(
        (found.kind, found.name.as_str()),
        (LeftoverKind::Duplicate, SEGMENT)
    );
    let left = bench
        .console
        .remove_leftover(&edit.id, &found.handle)
        .await
        .unwrap();
    assert_eq!(left, []);
    assert!(bench.set(&set).await.edits[0].leftovers.is_empty());
    refreshed(&bench, &place).await;
    let segments = bench
        .mirror
        .segments(&place.connection, &place.environment)
        .await
        .unwrap();
    assert_eq!(segments.iter().filter(|one| one.name == SEGMENT).count(), 1);
}
