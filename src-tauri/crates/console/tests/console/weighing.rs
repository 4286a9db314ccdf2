//! What a change set, or one state in place of another, would do to a sample.

use halyard_console::{
    ChangeSetImpact, ConsoleError, Draft, DraftOrigin, Estimated, ImpactFacts, ImpactInput, LeftOutReason,
    PersonaInput,
};
use halyard_model::{
    Change, ChangeSet, ChangeSetId, ChangeSetState, Edit, EditId, EditState, FlagDefinition, FlagKey,
    FlagState, FlagValue, IdentityRef, IdentityState, RuleKind, SegmentCondition, SegmentDefinition,
    SegmentKey, SegmentOverride, SegmentRule, Subject, SubjectState, Timestamp,
};
use serde_json::json;

use crate::bench::{Bench, Path, Place, value};

/// A change set of edits that are thrown together.
pub struct Set<'b> {
    bench: &'b Bench,
    place: &'b Place,
    pub id: ChangeSetId,
    count: u32,
}

impl<'b> Set<'b> {
    pub async fn new(bench: &'b Bench, place: &'b Place, name: &str) -> Set<'b> {
        let set = ChangeSet {
            id: ChangeSetId(name.into()),
            connection: place.connection.clone(),
            name: name.into(),
            state: ChangeSetState::Open,
            created_at: Timestamp(1),
            changed_at: Timestamp(1),
            undoes: None,
        };
        bench.mirror.save_change_set(&set).await.unwrap();
        Set {
            bench,
            place,
            id: set.id,
            count: 0,
        }
    }

    pub async fn stage(
        &mut self,
        subject: Subject,
        base: Option<SubjectState>,
        wish: Option<SubjectState>,
    ) -> EditId {
        let state = EditState::Staged;
        self.stage_as(subject, base, wish, |edit| edit.state = state)
            .await
    }

    async fn stage_as(
        &mut self,
        subject: Subject,
        base: Option<SubjectState>,
        wish: Option<SubjectState>,
        change: impl FnOnce(&mut Edit),
    ) -> EditId {
        let id = EditId(format!("{} {}", self.id.0, self.count));
        let site = (self.place.connection.clone(), self.place.environment.clone());
        let mut edit = Edit::new(id.clone(), site, subject, (base, wish), Timestamp(1));
        edit.change_set = Some(self.id.clone());
        edit.position = self.count;
        change(&mut edit);
        self.bench.mirror.save_edit(&edit).await.unwrap();
        self.count += 1;
        id
    }

    /// Stages what a change makes of a flag as the mirror has it.
    pub async fn stage_state(&mut self, flag: &str, change: impl FnOnce(&mut FlagState)) -> EditId {
        let base = self.bench.shown(self.place, flag).await.flag.state;
        let mut wish = base.clone();
        change(&mut wish);
        let subject = Subject::state_of(&FlagKey(flag.into()));
        self.stage(subject, Some(base.into()), Some(wish.into())).await
    }

    async fn impact(&self) -> ChangeSetImpact {
        let (console, environment) = (&self.bench.console, &self.place.environment);
        console
            .change_set_impact(&self.id, environment, None)
            .await
            .unwrap()
    }
}

async fn production(bench: &Bench, place: &Place) -> Place {
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    production
}

async fn weighed(
    bench: &Bench,
    place: &Place,
    flag: &str,
    set: Option<&ChangeSetId>,
    edits: Vec<Draft>,
) -> ImpactFacts {
    let input = ImpactInput {
        at: None,
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        flag: FlagKey(flag.into()),
        change_set: set.cloned(),
        edits,
    };
    bench.console.impact(input).await.unwrap()
}

fn of(impact: &ChangeSetImpact, flag: &str) -> Option<u64> {
    let found = impact.flags.iter().find(|(key, _)| key.0 == flag);
    found.map(|(_, changed)| *changed)
}

fn everybody_in(country: &str) -> SegmentDefinition {
    SegmentDefinition {
        name: format!("Everybody in {country}"),
        description: None,
        rules: vec![SegmentRule {
            kind: RuleKind::All,
            conditions: Vec::new(),
            rules: vec![SegmentRule {
                kind: RuleKind::All,
                conditions: vec![SegmentCondition {
                    operator: "EQUAL".into(),
                    property: Some("country".into()),
                    value: json!(country),
                }],
                rules: Vec::new(),
            }],
        }],
        version: None,
    }
}

#[tokio::test]
async fn a_change_set_is_weighed_as_a_whole_and_edit_by_edit() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let mut set = Set::new(&bench, &place, "warm-up").await;
    let (threshold, checkout) = ("free_shipping_threshold", "guest_checkout");
    let first = set
        .stage_state(threshold, |state| state.value = FlagValue(json!(45)))
        .await;
    let second = set
        .stage_state(checkout, |state| state.enabled = !state.enabled)
        .await;
    let impact = set.impact().await;
    assert_eq!(impact.notes.left_out, []);
    assert_eq!(impact.sampled, impact.sample.identities());
    // Both flags alone, as the flag's own page weighs them.
    let alone = weighed(
        &bench,
        &place,
        threshold,
        None,
        vec![Draft::of_flag(&FlagKey(threshold.into()), &value(json!(45)))],
    )
    .await;
    let by_edit = |impact: &ChangeSetImpact, id: &EditId| {
        let found = impact.edits.iter().find(|(edit, _)| edit == id);
        found.map(|(_, changed)| *changed)
    };
    assert!(alone.shares.flips > 0);
    assert_eq!(of(&impact, threshold), Some(alone.shares.flips));
    assert_eq!(by_edit(&impact, &first), Some(alone.shares.flips));
    assert_eq!(of(&impact, checkout), by_edit(&impact, &second));
    assert_eq!(impact.changed, impact.sampled, "everybody sees the toggle");
    let through_set = weighed(&bench, &place, threshold, Some(&set.id), Vec::new()).await;
    assert_eq!(through_set.shares.flips, alone.shares.flips);
    assert!(through_set.shares.edited);

    // An edit counts for what it does beside those before it: here nothing.
    let again = set
        .stage_state(threshold, |state| state.value = FlagValue(json!(45)))
        .await;
    // One that is not ticked, one that is sent, and one of another environment count for nothing.
    let flag = Subject::state_of(&FlagKey("new_checkout".into()));
    let held = bench.shown(&place, "new_checkout").await.flag.state;
    let mut wish = held.clone();
    wish.enabled = !wish.enabled;
    for change in [
        (|edit: &mut Edit| (edit.state, edit.ticked) = (EditState::Staged, false)) as fn(&mut Edit),
        |edit| edit.state = EditState::Confirmed,
        |edit| {
            edit.state = EditState::Staged;
            edit.environment.0 = "another".into();
        },
    ] {
        let (base, wish) = (held.clone().into(), wish.clone().into());
        set.stage_as(flag.clone(), Some(base), Some(wish), change).await;
    }
    let impact = set.impact().await;
    assert_eq!(by_edit(&impact, &again), Some(0));
    assert_eq!((impact.edits.len(), of(&impact, "new_checkout")), (3, None));
    assert_eq!(set.impact().await, impact, "the same again");
}

#[tokio::test]
async fn what_a_change_set_makes_counts_from_then_on() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let mut set = Set::new(&bench, &place, "new things").await;
    let definition = FlagDefinition {
        enabled: true,
        value: FlagValue(json!("a")),
        ..FlagDefinition::default()
    };
    let flag = FlagKey("made_here".into());
    let subject = Subject::Flag { flag: flag.clone() };
    let wish = SubjectState::Flag(definition);
    // Staged while another environment was in view: it holds here, too.
    let made = set
        .stage_as(subject, None, Some(wish), |edit| {
            edit.state = EditState::Staged;
            edit.environment.0 = "another".into();
        })
        .await;
    let segment = SegmentKey::to_be_made("Everybody in DE");
    let subject = Subject::Segment {
        segment: segment.clone(),
    };
    let wish = SubjectState::Segment(everybody_in("DE"));
    let with_segment = set.stage(subject, None, Some(wish)).await;
    let impact = set.impact().await;
    assert_eq!(
        (impact.changed, impact.edits.clone()),
        (0, vec![(made, 0), (with_segment, 0)])
    );
    assert_eq!(of(&impact, &flag.0), Some(0));

    let base = FlagState::plain(true, FlagValue(json!("a")));
    let mut wish = base.clone();
    wish.segment_overrides.push(SegmentOverride {
        segment_id: segment.0.clone(),
        segment_name: "Everybody in DE".into(),
        priority: None,
        enabled: true,
        value: FlagValue(json!("b")),
        variants: Vec::new(),
    });
    let with_override = set
        .stage(Subject::state_of(&flag), Some(base.into()), Some(wish.into()))
        .await;
    let impact = set.impact().await;
    let counted = of(&impact, &flag.0).unwrap();
    assert!(
        (1..impact.sampled).contains(&counted),
        "{counted} of {}",
        impact.sampled
    );
    assert_eq!(impact.edits.last(), Some(&(with_override, counted)));
    assert_eq!((impact.changed, &impact.notes.left_out), (counted, &Vec::new()));

    // Whoever loses a flag sees that.
    let gone = Subject::Flag {
        flag: FlagKey("stock_low_badge".into()),
    };
    let base = SubjectState::Flag(FlagDefinition::default());
    set.stage(gone, Some(base), None).await;
    // And what rests on it comes too late.
    let late = set
        .stage_state("stock_low_badge", |state| state.enabled = false)
        .await;
    let impact = set.impact().await;
    assert_eq!(of(&impact, "stock_low_badge"), Some(impact.sampled));
    let left_out = &impact.notes.left_out[0];
    assert_eq!(
        (&left_out.of, &left_out.why),
        (&DraftOrigin::Staged(late), &LeftOutReason::FlagMissing)
    );
}

/// In whatever order they are staged, what makes a segment or a flag comes
/// before what rests on it.
#[tokio::test]
async fn what_rests_on_a_later_edit_is_counted() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let mut set = Set::new(&bench, &place, "the wrong way round").await;
    let (flag, segment) = (
        FlagKey("made_late".into()),
        SegmentKey::to_be_made("Everybody in DE"),
    );
    let base = FlagState::plain(true, FlagValue(json!("a")));
    let mut wish = base.clone();
    wish.segment_overrides.push(SegmentOverride {
        segment_id: segment.0.clone(),
        segment_name: "Everybody in DE".into(),
        priority: None,
        enabled: true,
        value: FlagValue(json!("b")),
        variants: Vec::new(),
    });
    let over = set
        .stage(Subject::state_of(&flag), Some(base.into()), Some(wish.into()))
        .await;
    let definition = FlagDefinition {
        enabled: true,
        value: FlagValue(json!("a")),
        ..FlagDefinition::default()
    };
    let subject = Subject::Flag { flag: flag.clone() };
    let made = set
        .stage(subject, None, Some(SubjectState::Flag(definition)))
        .await;
    let subject = Subject::Segment { segment };
    let wish = SubjectState::Segment(everybody_in("DE"));
    let with_segment = set.stage(subject, None, Some(wish)).await;
    let impact = set.impact().await;
    assert_eq!(impact.notes.left_out, []);
    let counted = of(&impact, &flag.0).unwrap();
    assert!(counted > 0 && counted < impact.sampled, "{counted}");
    // In the order of the set all the same.
    assert_eq!(impact.edits, [(over, counted), (made, 0), (with_segment, 0)]);
}

/// An identity's own state, and a flag as a whole, in place of another.
#[tokio::test]
async fn any_subject_of_a_flag_is_weighed_in_place_of_another() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let flag = FlagKey("free_shipping_threshold".into());
    let who = "u_48213";
    let own = |value: i64| {
        SubjectState::IdentityOverride(IdentityState {
            enabled: true,
            value: FlagValue(json!(value)),
            variants: Vec::new(),
        })
    };
    let subject = Subject::IdentityOverride {
        flag: flag.clone(),
        identity: who.into(),
    };
    let of_flag = Subject::Flag { flag: flag.clone() };
    let definition = || SubjectState::Flag(FlagDefinition::default());
    let persona = PersonaInput {
        id: None,
        name: "She".into(),
        identity: IdentityRef {
            identifier: who.into(),
            traits: vec![("country".into(), json!("FR"))],
        },
    };
    bench
        .console
        .save_persona(&place.connection, persona)
        .await
        .unwrap();
    let everybody = weighed(&bench, &place, &flag.0, None, Vec::new())
        .await
        .sample
        .identities();
    // The mirror holds no such override: neither side is what it holds.
    let cases = [
        (&subject, Some(own(1)), Some(own(2)), 1),
        (&subject, Some(own(2)), Some(own(2)), 0),
        (&subject, Some(own(1)), None, 1),
        (&subject, None, Some(own(2)), 1),
        (&subject, None, None, 0),
        (&of_flag, Some(definition()), None, everybody),
        (&of_flag, Some(definition()), Some(definition()), 0),
    ];
    for (at, (subject, before, after, expected)) in cases.into_iter().enumerate() {
        let (connection, environment) = (&place.connection, &place.environment);
        let found = bench
            .console
            .subject_impact(connection, environment, subject, (before, after))
            .await
            .unwrap();
        assert_eq!((at, found.shares.flips), (at, expected));
        assert_eq!((at, &found.notes.left_out), (at, &Vec::new()));
    }
    let nowhere = Subject::Traits { identity: who.into() };
    let refused = bench
        .console
        .subject_impact(&place.connection, &place.environment, &nowhere, (None, None))
        .await;
    assert!(
        matches!(refused, Err(ConsoleError::Gone { what: "the flag" })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn buckets_of_what_is_not_made_yet_are_called_an_estimate() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let mut set = Set::new(&bench, &place, "estimates").await;
    let mut segment = everybody_in("DE");
    segment.rules[0].rules[0].conditions[0] = SegmentCondition {
        operator: "PERCENTAGE_SPLIT".into(),
        property: None,
        value: json!("50"),
    };
    let key = SegmentKey::to_be_made(&segment.name);
    let subject = Subject::Segment { segment: key.clone() };
    set.stage(subject, None, Some(SubjectState::Segment(segment)))
        .await;
    let flag = FlagKey("new_checkout".into());
    set.stage_state(&flag.0, |state| {
        let variants = state.variants.clone();
        state.segment_overrides.insert(
            0,
            SegmentOverride {
                segment_id: key.0.clone(),
                segment_name: "Everybody in DE".into(),
                priority: None,
                enabled: true,
                value: FlagValue(json!("x")),
                variants,
            },
        );
    })
    .await;
    let impact = set.impact().await;
    assert_eq!(impact.notes.left_out, []);
    assert_eq!(
        impact.notes.estimated,
        [Estimated::Segment(key.clone()), Estimated::Override(flag, key)]
    );
}

#[tokio::test]
async fn traits_that_an_edit_changes_count_for_their_identity() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let flag = "free_shipping_threshold";
    let plain = weighed(&bench, &place, flag, None, Vec::new()).await;
    let mut set = Set::new(&bench, &place, "moving").await;
    let traits = |country: &str| SubjectState::Traits([("country".to_owned(), json!(country))].into());
    let subject = |who: &str| Subject::Traits { identity: who.into() };
    let moved = set
        .stage(subject("mover"), Some(traits("FR")), Some(traits("DE")))
        .await;
    let back = set
        .stage(subject("mover"), Some(traits("DE")), Some(traits("FR")))
        .await;
    let stays = set
        .stage(subject("other"), Some(traits("DE")), Some(traits("DE")))
        .await;
    let impact = set.impact().await;
    assert_eq!(impact.sampled, plain.sample.identities() + 2);
    assert_eq!(impact.edits, [(moved.clone(), 1), (back, 1), (stays, 0)]);
    assert_eq!(
        (impact.changed, impact.flags),
        (0, Vec::new()),
        "back where they were"
    );

    let mut set = Set::new(&bench, &place, "moving for good").await;
    set.stage(subject("mover"), Some(traits("FR")), Some(traits("DE")))
        .await;
    let impact = set.impact().await;
    assert_eq!((impact.changed, of(&impact, flag)), (1, Some(1)));

    // A persona of the sample moves in an impact, too, and in a preview.
    let persona = PersonaInput {
        id: None,
        name: "Mover".into(),
        identity: IdentityRef {
            identifier: "mover".into(),
            traits: vec![("country".into(), json!("FR"))],
        },
    };
    bench
        .console
        .save_persona(&place.connection, persona)
        .await
        .unwrap();
    let moved = weighed(&bench, &place, flag, Some(&set.id), Vec::new()).await;
    assert_eq!((moved.shares.flips, moved.shares.edited), (1, false));
    assert_eq!(set.impact().await.sampled, moved.sample.identities(), "once");
}

#[tokio::test]
async fn one_state_is_weighed_in_place_of_another() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = production(&bench, &place).await;
    let flag = FlagKey("free_shipping_threshold".into());
    let held = bench.shown(&place, &flag.0).await.flag.state;
    let ask = async |before: Option<&FlagState>, after: Option<&FlagState>| {
        let (connection, environment) = (&place.connection, &place.environment);
        let (before, after) = (before.cloned(), after.cloned());
        bench
            .console
            .state_impact(connection, environment, &flag, before, after)
            .await
    };
    // What is live by now, though not in the mirror.
    let theirs = value(json!(45)).applied_to(&held);
    let mut merged = theirs.clone();
    merged.segment_overrides.reverse();
    merged
        .segment_overrides
        .retain(|own| own.segment_name != "Germany");
    let same = ask(Some(&theirs), Some(&theirs)).await.unwrap();
    assert_eq!(
        (same.shares.flips, same.shares.after.as_ref()),
        (0, Some(&same.shares.now))
    );
    let mirrored = ask(Some(&held), Some(&theirs)).await.unwrap();
    let draft = Draft::of_flag(&flag, &value(json!(45)));
    let drafted = weighed(&bench, &place, &flag.0, None, vec![draft]).await;
    assert_eq!(mirrored.shares, drafted.shares);
    let merged = ask(Some(&theirs), Some(&merged)).await.unwrap();
    assert_eq!(
        (merged.shares.moves.len(), &merged.notes.left_out),
        (1, &Vec::new())
    );
    let one = &merged.shares.moves[0];
    assert_eq!((&one.from.value.0, &one.to.value.0), (&json!(39), &json!(45)));

    let gone = ask(Some(&theirs), None).await.unwrap();
    assert_eq!(gone.shares.flips, gone.sample.identities());
    assert_eq!(gone.shares.moves[0].to_rule, halyard_console::DecidedBy::Nobody);
    assert!(matches!(
        ask(None, None).await,
        Err(ConsoleError::Gone { what: "the flag" })
    ));
    let other = FlagKey("not_made_yet".into());
    let plain = FlagState::plain(false, FlagValue(json!(1)));
    let on = Change::toggle(true).applied_to(&plain);
    let made = bench
        .console
        .state_impact(
            &place.connection,
            &place.environment,
            &other,
            Some(plain),
            Some(on),
        )
        .await
        .unwrap();
    assert_eq!(made.shares.flips, made.sample.identities());
}

#[tokio::test]
async fn a_service_that_evaluates_by_itself_is_not_weighed() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    let set = Set::new(&bench, &place, "remote").await;
    let console = &bench.console;
    let refused = console.change_set_impact(&set.id, &place.environment, None).await;
    assert!(matches!(refused, Err(ConsoleError::RemoteOnly)));
    let flag = FlagKey("guest_checkout".into());
    let refused = console
        .state_impact(&place.connection, &place.environment, &flag, None, None)
        .await;
    assert!(matches!(refused, Err(ConsoleError::RemoteOnly)));
    let unknown = ChangeSetId("unknown".into());
    let refused = console
        .change_set_impact(&unknown, &place.environment, None)
        .await;
    assert!(matches!(refused, Err(ConsoleError::Gone { .. })));
}
