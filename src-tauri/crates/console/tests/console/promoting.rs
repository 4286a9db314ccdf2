//! Two sides beside each other, and what is taken from one to the other.

use std::collections::BTreeSet;

use halyard_console::{CheckWarning, ConsoleError, PromoteInput, SidesFacts, UnknownImpact, sides_json};
use halyard_mirror::MomentFilter;
use halyard_model::{
    Aspect, At, ChangeSetState, Connection, ConnectionId, EditState, FieldPath, Flag, FlagKey, LeftOutWhy,
    Named, Presence, Protection, Segment, SideDifference, Snapshot, Subject, Timestamp, UnmappedKind,
};
use serde_json::{Value, json};

use crate::bench::{Bench, Path, Place, flipped, until};

fn at(place: &Place) -> At {
    At {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        moment: None,
    }
}

fn input(a: &Place, b: &Place, picked: &[&SideDifference]) -> PromoteInput {
    PromoteInput {
        a: at(a),
        b: at(b),
        picked: picked.iter().map(|one| one.id.clone()).collect(),
        change_set: None,
    }
}

async fn compared(bench: &Bench, a: &Place, b: &Place) -> SidesFacts {
    bench.console.compare_sides(&at(a), &at(b)).await.unwrap()
}

fn ids(facts: &SidesFacts) -> BTreeSet<String> {
    facts.sides.differences.iter().map(|one| one.id.clone()).collect()
}

/// The environment that is written freely, and the protected one.
async fn two(path: Path) -> (Bench, Place, Place) {
    let (bench, place) = Bench::connected(path).await;
    let other = bench.place(&place.connection, path.protected()).await;
    bench.refresh(&other).await.unwrap();
    (bench, place, other)
}

/// The first difference of an aspect that both sides have.
fn first(facts: &SidesFacts, aspect: Aspect, presence: Presence) -> Option<&SideDifference> {
    let mut all = facts.sides.differences.iter();
    all.find(|one| (one.aspect, one.presence) == (aspect, presence) && one.blocked.is_none())
}

#[tokio::test]
async fn what_is_ticked_is_equal_once_it_is_published_and_the_rest_is_as_it_was() {
    for path in Path::ALL {
        let (bench, a, b) = two(path).await;
        let before = compared(&bench, &a, &b).await;
        let picked: Vec<&SideDifference> = [
            (Aspect::State, Presence::Changed),
            (Aspect::Value, Presence::Changed),
            (Aspect::Overrides, Presence::Changed),
            (Aspect::Overrides, Presence::OnlyA),
            (Aspect::Overrides, Presence::OnlyB),
            (Aspect::Configs, Presence::Changed),
        ]
        .into_iter()
        .filter_map(|(aspect, presence)| first(&before, aspect, presence))
        .collect();
        assert!(picked.len() >= 2, "{path:?}: {:?}", ids(&before));
        bench.sandbox.clear_journal();
        let input = input(&a, &b, &picked);
        let check = bench.console.check_promotion(&input).await.unwrap();
        let promoted = bench.console.promote(input).await.unwrap();
        assert!(
            bench.sandbox.journal().is_empty(),
            "nothing was asked of the service"
        );
        assert_eq!(check.edits.len(), promoted.edits.len());
        assert_eq!(promoted.left_out, []);
        let (from, to) = (path.environment(), path.protected());
        assert_eq!(promoted.set.name, format!("Promote from {from} to {to}"));
        assert!(promoted.edits.iter().all(|edit| edit.state == EditState::Staged));
        bench.publish(&promoted.set.id).await;
        let done = bench.at_rest(&promoted.set.id).await;
        assert_eq!(
            done.set.state,
            ChangeSetState::Published,
            "{path:?} {:#?}",
            done.edits
        );
        let taken: BTreeSet<String> = picked.iter().map(|one| one.id.clone()).collect();
        let left: BTreeSet<String> = ids(&before).difference(&taken).cloned().collect();
        // The document that tells of identities follows a moment later.
        until(async || {
            bench.refresh(&b).await.unwrap();
            let now = ids(&compared(&bench, &a, &b).await);
            (now.is_disjoint(&taken)).then_some(())
        })
        .await;
        assert_eq!(ids(&compared(&bench, &a, &b).await), left, "{path:?}");
    }
}

#[tokio::test]
async fn an_environment_does_not_differ_from_itself() {
    for path in Path::ALL {
        let (bench, a, _) = two(path).await;
        let facts = compared(&bench, &a, &a).await;
        assert_eq!(facts.sides.differences, []);
        let flags = bench.mirror.flags(&a.connection, &a.environment).await.unwrap();
        assert_eq!(facts.sides.same.flags, flags.len());
    }
}

#[tokio::test]
async fn a_set_takes_more_and_what_is_there_is_amended() {
    let (bench, a, b) = two(Path::FlagsmithV2).await;
    let facts = compared(&bench, &a, &b).await;
    let flags = facts
        .sides
        .differences
        .iter()
        .filter(|one| one.presence == Presence::Changed);
    let of_flag = |one: &&SideDifference| matches!(one.subject, Subject::FlagState { .. });
    let picked: Vec<&SideDifference> = flags.filter(of_flag).take(2).collect();
    let first = bench.console.promote(input(&a, &b, &picked[..1])).await.unwrap();
    let again = PromoteInput {
        change_set: Some(first.set.id.clone()),
        ..input(&a, &b, &picked)
    };
    let second = bench.console.promote(again).await.unwrap();
    assert_eq!(second.set.id, first.set.id);
    let set = bench.set(&first.set.id).await;
    let subjects: BTreeSet<&Subject> = set.edits.iter().map(|facts| &facts.edit.subject).collect();
    assert_eq!(subjects.len(), set.edits.len(), "one edit for each subject");
    let positions: BTreeSet<u32> = set.edits.iter().map(|facts| facts.edit.position).collect();
    assert_eq!(positions.len(), set.edits.len());
}

#[tokio::test]
async fn what_takes_no_edits_is_refused_and_nothing_is_staged() {
    let (bench, a, b) = two(Path::FlagsmithV1).await;
    let facts = compared(&bench, &a, &b).await;
    let input = input(&a, &b, &[&facts.sides.differences[0]]);
    let (connection, environment) = (&b.connection, &b.environment);
    bench
        .console
        .set_protection(connection, environment, Protection::ReadOnly)
        .await
        .unwrap();
    let refused = bench.console.promote(input.clone()).await;
    assert!(
        matches!(refused, Err(ConsoleError::ReadOnly { .. })),
        "{refused:?}"
    );
    let refused = bench.console.check_promotion(&input).await;
    assert!(matches!(refused, Err(ConsoleError::ReadOnly { .. })));
    bench
        .console
        .set_protection(connection, environment, Protection::None)
        .await
        .unwrap();
    let gone = PromoteInput {
        picked: vec!["no such difference".into()],
        ..input
    };
    let refused = bench.console.promote(gone).await;
    assert!(matches!(refused, Err(ConsoleError::Input { .. })), "{refused:?}");
    assert!(bench.mirror.change_sets(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_flag_goes_back_to_a_moment_and_a_moment_itself_is_not_changed() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        let filter = MomentFilter {
            environments: vec![(place.connection.clone(), place.environment.clone())],
            limit: 10,
            ..MomentFilter::default()
        };
        let moments = bench.mirror.moments(&filter).await.unwrap();
        let then = At {
            moment: Some(moments.last().unwrap().id),
            ..at(&place)
        };
        for flag in ["guest_checkout", "gift_wrapping"] {
            let change = flipped(&bench.shown(&place, flag).await);
            bench.edit(&place, flag, change).await.unwrap();
        }
        bench.refresh(&place).await.unwrap();
        let now = at(&place);
        let changed = bench.console.compare_sides(&then, &now).await.unwrap();
        assert_eq!(
            changed.sides.differences.len(),
            2,
            "{path:?}: {:?}",
            ids(&changed)
        );
        assert_eq!(changed.sides.count(Aspect::State), 2);

        let back = PromoteInput {
            a: now.clone(),
            b: then.clone(),
            picked: ids(&changed).into_iter().collect(),
            change_set: None,
        };
        let refused = bench.console.promote(back).await;
        assert!(
            matches!(refused, Err(ConsoleError::ReadOnly { .. })),
            "{refused:?}"
        );

        let flag = FlagKey("guest_checkout".into());
        let restored = bench
            .console
            .restore(then.moment.unwrap(), Some(&flag))
            .await
            .unwrap();
        assert_eq!(restored.set.name, "Restore guest_checkout");
        assert_eq!(restored.edits.len(), 1);
        bench.publish(&restored.set.id).await;
        let done = bench.at_rest(&restored.set.id).await;
        assert_eq!(done.set.state, ChangeSetState::Published, "{path:?}");
        bench.refresh(&place).await.unwrap();
        let left = bench.console.compare_sides(&then, &now).await.unwrap();
        let left: Vec<_> = left
            .sides
            .differences
            .iter()
            .map(|one| one.subject.clone())
            .collect();
        assert_eq!(left, [Subject::state_of(&FlagKey("gift_wrapping".into()))]);
        let whole = bench.console.restore(then.moment.unwrap(), None).await.unwrap();
        assert_eq!(whole.edits.len(), 1);
    }
}

/// Another project in the same mirror: the environment's content under a
/// connection of its own, changed before it is stored.
async fn copied(
    bench: &Bench,
    from: &Place,
    change: impl FnOnce(&mut Vec<Flag>, &mut Vec<Segment>, &mut Value),
) -> Place {
    let mirror = &bench.mirror;
    let mut flags = mirror.flags(&from.connection, &from.environment).await.unwrap();
    let mut segments = mirror
        .segments(&from.connection, &from.environment)
        .await
        .unwrap();
    let text = mirror
        .document(&from.connection, &from.environment)
        .await
        .unwrap()
        .unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    change(&mut flags, &mut segments, &mut document);
    let known = mirror.connection(&from.connection).await.unwrap().unwrap();
    let connection = Connection {
        id: ConnectionId("copy".into()),
        name: "Copy".into(),
        project: Named {
            id: "4711".into(),
            name: "Another".into(),
        },
        ..known
    };
    let environments = mirror.environments(&from.connection).await.unwrap();
    mirror.save_connection(&connection, &environments).await.unwrap();
    let snapshot = Snapshot {
        environment: from.environment.clone(),
        fetched_at: Timestamp(1),
        document: document.to_string(),
        document_updated_at: None,
        flags,
        segments,
    };
    mirror.store_snapshot(&connection.id, &snapshot).await.unwrap();
    Place {
        connection: connection.id,
        environment: from.environment.clone(),
    }
}

/// A flag with options and an override, under names that the target does not
/// have, and with identifiers that mean other things there.
fn renumbered(flags: &mut Vec<Flag>, segments: &mut Vec<Segment>, document: &mut Value) {
    let mut flag = flags
        .iter()
        .find(|flag| !flag.state.variants.is_empty() && !flag.state.segment_overrides.is_empty())
        .expect("a flag with options and overrides")
        .clone();
    flag.key = FlagKey("copied_flag".into());
    let state = &mut flag.state;
    state.enabled = true;
    state.segment_overrides.truncate(1);
    let own = &mut state.segment_overrides[0];
    let (old, new) = (own.segment_id.clone(), "90001");
    own.segment_id = new.into();
    own.segment_name = "Copied people".into();
    own.variants.clone_from(&state.variants);
    for (place, option) in own.variants.iter_mut().enumerate() {
        option.weight = if place == 0 { 70.0 } else { 0.0 };
    }
    let number = |option: &mut halyard_model::Variant| option.id = format!("9{}", option.id);
    own.variants.iter_mut().for_each(number);
    state.variants.iter_mut().for_each(number);
    flags.push(flag);
    flags.sort_by(|one, other| one.key.cmp(&other.key));
    segments.push(Segment {
        remote_id: new.into(),
        name: "Copied people".into(),
        description: None,
    });
    let listed = document["project"]["segments"].as_array_mut().unwrap();
    let mut segment = listed
        .iter()
        .find(|one| one["id"].as_u64() == old.parse().ok())
        .unwrap()
        .clone();
    segment["id"] = json!(90001);
    segment["name"] = json!("Copied people");
    listed.push(segment);
}

#[tokio::test]
async fn a_flag_with_options_and_a_new_segment_comes_from_another_project() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2] {
        let (bench, b) = Bench::connected(path).await;
        let a = copied(&bench, &b, renumbered).await;
        let before = compared(&bench, &a, &b).await;
        let mut made: Vec<&SideDifference> = before.sides.differences.iter().collect();
        made.sort_by_key(|one| one.aspect);
        let told: Vec<_> = made
            .iter()
            .map(|one| (one.aspect, one.presence, before.sides.name(&one.subject)))
            .collect();
        assert_eq!(
            told,
            [
                (Aspect::Flags, Presence::OnlyA, "copied_flag".to_owned()),
                (Aspect::Segments, Presence::OnlyA, "Copied people".to_owned()),
            ]
        );
        let input = input(&a, &b, &made[..1]);
        let check = bench.console.check_promotion(&input).await.unwrap();
        assert_eq!(check.needed, [made[1].id.clone()]);
        assert_eq!(check.problems, []);
        let promoted = bench.console.promote(input).await.unwrap();
        assert_eq!(promoted.edits.len(), 3, "a segment, a flag, its state");
        bench.publish(&promoted.set.id).await;
        let done = bench.at_rest(&promoted.set.id).await;
        let states: Vec<_> = done.edits.iter().map(|facts| &facts.edit.state).collect();
        assert_eq!(done.set.state, ChangeSetState::Published, "{path:?} {states:#?}");
        bench.refresh(&b).await.unwrap();
        let after = compared(&bench, &a, &b).await;
        assert_eq!(after.sides.differences, [], "{path:?}");
    }
}

#[tokio::test]
async fn a_name_that_differs_in_capitals_alone_and_a_full_project_are_told() {
    let (bench, b) = Bench::connected(Path::FlagsmithV2).await;
    let a = copied(&bench, &b, |flags, _, _| {
        let mut flag = flags[0].clone();
        flag.key = FlagKey(flag.key.0.to_uppercase());
        let long = "x".repeat(20_001);
        flag.state.value.0 = json!(long);
        flags.push(flag);
    })
    .await;
    let facts = compared(&bench, &a, &b).await;
    let [one] = facts.sides.differences.as_slice() else {
        panic!("{:?}", ids(&facts));
    };
    let check = bench
        .console
        .check_promotion(&input(&a, &b, &[one]))
        .await
        .unwrap();
    let told = |test: fn(&CheckWarning) -> bool| check.warnings.iter().any(test);
    assert!(told(|one| matches!(one, CheckWarning::SimilarName { .. })));
    assert!(told(|one| matches!(
        one,
        CheckWarning::Limit {
            limit: 20_000,
            would_be: 20_001,
            ..
        }
    )));
}

#[tokio::test]
async fn shares_of_options_that_are_not_there_wait_for_them() {
    let (bench, b) = Bench::connected(Path::FlagsmithV2).await;
    let mut changed = None;
    let a = copied(&bench, &b, |flags, _, _| {
        let flag = flags
            .iter_mut()
            .find(|flag| flag.state.variants.len() > 1)
            .unwrap();
        let variants = &mut flag.state.variants;
        variants[0].weight = 5.0;
        variants[1].weight = 5.0;
        let mut option = variants[0].clone();
        option.id = "99".into();
        option.key = None;
        option.value.0 = json!("another one");
        variants.push(option);
        changed = Some(flag.key.clone());
    })
    .await;
    let flag = changed.unwrap();
    let facts = compared(&bench, &a, &b).await;
    let weights = facts
        .sides
        .differences
        .iter()
        .find(|one| one.field == FieldPath::Weights);
    let weights = weights.unwrap();
    let input = input(&a, &b, &[weights]);
    let check = bench.console.check_promotion(&input).await.unwrap();
    assert_eq!(check.needed.len(), 1, "the option is made first");
    assert_eq!(check.left_out.len(), 1);
    assert_eq!(check.left_out[0].why, LeftOutWhy::OptionsFirst);
    // Published, the option is there, and the shares can follow.
    for step in ["the option", "its share"] {
        let promoted = bench.console.promote(input.clone()).await.unwrap();
        assert_eq!(promoted.edits.len(), 1, "{step}");
        assert_eq!(promoted.edits[0].flag(), Some(&flag));
        bench.publish(&promoted.set.id).await;
        let done = bench.at_rest(&promoted.set.id).await;
        assert_eq!(
            done.set.state,
            ChangeSetState::Published,
            "{step}: {:#?}",
            done.edits
        );
        bench.refresh(&b).await.unwrap();
    }
    let after = compared(&bench, &a, &b).await;
    let left: Vec<_> = after
        .sides
        .differences
        .iter()
        .filter(|one| one.subject.flag() == Some(&flag))
        .collect();
    assert_eq!(left, Vec::<&SideDifference>::new());
}

#[tokio::test]
async fn what_does_not_map_to_the_other_service_is_listed_and_the_rest_is_staged() {
    let (bench, a) = Bench::connected(Path::FlagsmithV2).await;
    let (other, there) = Bench::connected(Path::EdgeFlags).await;
    // The other service's copy comes into the same mirror.
    let connection = other.mirror.connection(&there.connection).await.unwrap().unwrap();
    let environments = other.mirror.environments(&there.connection).await.unwrap();
    let b = Place {
        connection: ConnectionId("edgeflags".into()),
        environment: there.environment.clone(),
    };
    let connection = Connection {
        id: b.connection.clone(),
        ..connection
    };
    bench
        .mirror
        .save_connection(&connection, &environments)
        .await
        .unwrap();
    let document = other
        .mirror
        .document(&there.connection, &there.environment)
        .await
        .unwrap();
    let snapshot = Snapshot {
        environment: there.environment.clone(),
        fetched_at: Timestamp(1),
        document: document.unwrap(),
        document_updated_at: None,
        flags: other
            .mirror
            .flags(&there.connection, &there.environment)
            .await
            .unwrap(),
        segments: other
            .mirror
            .segments(&there.connection, &there.environment)
            .await
            .unwrap(),
    };
    bench
        .mirror
        .store_snapshot(&b.connection, &snapshot)
        .await
        .unwrap();

    let facts = compared(&bench, &a, &b).await;
    let kinds: BTreeSet<UnmappedKind> = facts.sides.unmapped.iter().map(|one| one.kind).collect();
    for kind in [
        UnmappedKind::SegmentOverrides,
        UnmappedKind::Segment,
        UnmappedKind::Config,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} is not in {kinds:?}");
    }
    assert!(
        facts
            .sides
            .differences
            .iter()
            .all(|one| one.aspect != Aspect::Overrides)
    );
    let picked: Vec<&SideDifference> = [
        first(&facts, Aspect::State, Presence::Changed),
        first(&facts, Aspect::Flags, Presence::OnlyA),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(!picked.is_empty());
    let check = bench
        .console
        .check_promotion(&input(&a, &b, &picked))
        .await
        .unwrap();
    assert_eq!(check.impact_unknown, Some(UnknownImpact::RemoteOnly));
    let promoted = bench.console.promote(input(&a, &b, &picked)).await.unwrap();
    assert_eq!(promoted.set.connection, b.connection);
    let overrides =
        |edit: &halyard_model::Edit| edit.changes().iter().any(|field| field.override_of().is_some());
    assert!(!promoted.edits.iter().any(overrides));

    // Written down, the comparison says the same.
    let written: Value = serde_json::from_str(&sides_json(&facts)).unwrap();
    assert_eq!(
        written["differences"].as_array().unwrap().len(),
        facts.sides.differences.len()
    );
    assert_eq!(
        written["unmapped"].as_array().unwrap().len(),
        facts.sides.unmapped.len()
    );
    assert_eq!(written["a"]["environment"], json!("Staging"));
}
