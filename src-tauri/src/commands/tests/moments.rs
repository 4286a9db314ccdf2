//! The timeline, previews of the past and the matrix, in the window's words.

use halyard_model::ChangeSetId;
use halyard_sandbox::{Effect, Fault, MayaEdit};

use super::{staging::request, *};
use crate::{
    commands::{
        changes::{changes_of, stage_all},
        flags::flags_of,
        impact::{impact_of, of_change_set},
        matrix::matrix_of,
        moments::{take_snapshot_of, timeline_of},
    },
    convert::{compare::surface_in, moment::at_in},
};

fn whole(site: &(ConnectionId, EnvironmentKey)) -> TimelineRequest {
    TimelineRequest {
        connection: site.0.0.clone(),
        environments: vec![site.1.0.clone()],
        pinned_only: false,
        before: None,
        limit: 50,
    }
}

async fn maya_turns_on(demo: &Demo, flag: &str) {
    let edit = MayaEdit {
        environment: "Production".into(),
        flag: flag.into(),
        enabled: Some(true),
        ..MayaEdit::default()
    };
    demo.app.edit_demo_as_maya(&edit).await;
}

#[tokio::test]
async fn the_past_is_told_and_previewed() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    maya_turns_on(&demo, "express_checkout_wallets").await;
    demo.app.console.refresh(&site.0, &site.1).await.unwrap();
    let shown = timeline_of(&demo.app, whole(&site)).await.unwrap();
    let titles: Vec<&str> = shown.moments.iter().map(|moment| moment.title.as_str()).collect();
    assert_eq!(titles, ["express_checkout_wallets", "First snapshot"]);
    let newest = &shown.moments[0];
    assert_eq!(newest.parts, ["express_checkout_wallets changed"]);
    assert_eq!((newest.added, newest.changed, newest.removed), (0, 1, 0));
    assert!(newest.current && !shown.moments[1].current && shown.next.is_none());
    assert_eq!(
        (newest.environment_name.as_str(), newest.mark),
        ("Production", MarkView::Production)
    );
    assert_eq!(newest.source, "Read from Flagsmith by a refresh.");
    assert!(
        shown.summary.starts_with("2 snapshots, ") && shown.summary.ends_with(" MB. Kept 90 days"),
        "{}",
        shown.summary
    );
    assert!(shown.damaged.is_empty());

    let is_on = |shown: &PreviewView| {
        let row = shown
            .rows
            .iter()
            .find(|row| row.flag == "express_checkout_wallets");
        row.unwrap().enabled
    };
    let now = demo.preview(&lena(&site, Vec::new())).await;
    assert_eq!(
        (is_on(&now), now.source.as_str()),
        (Some(true), "The mirror of Production")
    );
    let past = PreviewRequest {
        moment: Some(shown.moments[1].id.clone()),
        ..lena(&site, Vec::new())
    };
    let then = demo.preview(&past).await;
    assert_eq!(is_on(&then), Some(false));
    assert!(
        then.source.starts_with("Production as it was on "),
        "{}",
        then.source
    );

    let asked = CompareInput {
        preview: preview_input(&demo.app, &past).await.unwrap(),
        surface: surface_in(SurfaceView::FlagsApi),
    };
    let refused = WireError::from(demo.app.console.compare(asked).await.unwrap_err());
    assert_eq!(refused.field.as_deref(), Some("moment"));
    let unknown = PreviewRequest {
        moment: Some("yesterday".into()),
        ..past
    };
    let refused = preview_of(&demo.app, &unknown).await.unwrap_err();
    assert_eq!(refused.sentence, "Halyard could not find the snapshot.");
}

#[tokio::test]
async fn what_is_typed_is_weighed_against_the_past() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let first = timeline_of(&demo.app, whole(&site)).await.unwrap().moments[0]
        .id
        .clone();
    let made = MayaEdit {
        environment: "Production".into(),
        flag: "made_by_maya".into(),
        created: true,
        enabled: Some(true),
        ..MayaEdit::default()
    };
    demo.app.edit_demo_as_maya(&made).await;
    maya_turns_on(&demo, "express_checkout_wallets").await;
    demo.app.console.refresh(&site.0, &site.1).await.unwrap();
    let off = |flag: &str| DraftEditView {
        subject: SubjectView::FlagState { flag: flag.into() },
        changes: vec![FieldEdit {
            field: "enabled".into(),
            to: FieldInput::Toggle { on: false },
        }],
    };
    let ask = async |flag: &str, moment: Option<&String>| {
        let request = ImpactRequest {
            connection: site.0.0.clone(),
            environment: site.1.0.clone(),
            flag: flag.into(),
            moment: moment.cloned(),
            change_set: None,
            edits: vec![off(flag)],
        };
        impact_of(&demo.app, request).await.unwrap()
    };
    let wallets = "express_checkout_wallets";
    let now = ask(wallets, None).await;
    assert!(now.shares.flips > 0 && now.then.is_none(), "{}", now.sentence);
    let then = ask(wallets, Some(&first)).await;
    assert_eq!(then.shares.flips, 0, "{}", then.sentence);
    let past = then.then.unwrap();
    assert_eq!(past.moment, first);
    assert!(
        past.source.starts_with("Production as it was on ") && past.source.ends_with(" ago, plus 1 edit"),
        "{}",
        past.source
    );
    assert_eq!(
        past.caution,
        "Nothing is sent to the past: what is published changes Production as it is now."
    );
    let lacking = ask("made_by_maya", Some(&first)).await;
    assert!(lacking.missing && lacking.shares.now.is_empty());
    assert_eq!(
        lacking.sentence,
        "made_by_maya was not in Production then, so it gave nobody anything."
    );
    assert_eq!(
        lacking.notes,
        ["What is typed for made_by_maya is not counted: the flag was not there then."]
    );

    let turned = ("enabled", FieldInput::Toggle { on: false });
    let staged = request(&demo, &site, off("made_by_maya").subject, vec![turned]).await;
    stage_all(&demo.app, vec![staged]).await.unwrap();
    let set = changes_of(&demo.app, &site.0).await.unwrap().open[0].id.clone();
    let at = at_in(Some(&first)).unwrap();
    let weighed = of_change_set(&demo.app, &ChangeSetId(set), &site.1, at)
        .await
        .unwrap();
    assert_eq!(weighed.changed, 0);
    assert_eq!(
        weighed.notes,
        ["made_by_maya is not counted: the flag was not there then."]
    );
    assert!(weighed.then.unwrap().source.ends_with(" ago, plus 1 edit"));
}

#[tokio::test]
async fn a_snapshot_is_taken_and_what_was_seen_last_is_offered() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let take = async |name: &str| {
        let (connection, environment) = (site.0.0.clone(), site.1.0.clone());
        take_snapshot_of(&demo.app, connection, environment, Some(name.into())).await
    };
    let taken = take("Before search rollout").await.unwrap();
    assert_eq!(
        (taken.title.as_str(), taken.current),
        ("Before search rollout", true)
    );
    let kept = TimelineRequest {
        pinned_only: true,
        ..whole(&site)
    };
    assert_eq!(timeline_of(&demo.app, kept).await.unwrap().moments, [taken]);
    demo.app.add_demo_fault(Fault::of(Effect::Refuse)).await;
    let refused = take("Offline").await.unwrap_err();
    let next = refused.next_step.unwrap();
    assert!(next.contains("Or pin what was seen last, on "), "{next}");
}

#[tokio::test]
async fn the_matrix_says_what_differs_and_how() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let environments = demo.app.console.environments(&site.0).await.unwrap();
    let staging = environments
        .iter()
        .find(|one| one.environment.name == "Staging")
        .unwrap();
    let staging = staging.environment.key.clone();
    demo.app.console.refresh(&site.0, &staging).await.unwrap();
    let request = MatrixRequest {
        connection: site.0.0.clone(),
        environments: vec![site.1.0.clone(), staging.0.clone()],
        reference: None,
    };
    let shown = matrix_of(&demo.app, request).await.unwrap();
    assert_eq!(shown.reference, site.1.0);
    let names: Vec<&str> = shown.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Staging", "Production"]);
    assert_eq!(shown.columns[1].mark, MarkView::Production);
    assert!(shown.columns[1].protected && !shown.columns[0].protected);
    let cell = |flag: &str, column: usize| -> &MatrixCellView {
        let row = shown.rows.iter().find(|row| row.flag == flag).unwrap();
        row.cells[column].as_ref().unwrap()
    };
    let how = |flag: &str| cell(flag, 0).how.as_deref().unwrap_or_default();
    assert!(how("express_checkout_wallets").starts_with("On here, off in Production."));
    assert_eq!(
        how("free_shipping_threshold"),
        "39 here, 49 in Production. 2 overrides in both."
    );
    assert_eq!(cell("new_checkout", 1).weights.as_deref(), Some("60 / 30 / 10"));
    assert!(
        shown
            .rows
            .iter()
            .all(|row| row.cells[1].as_ref().unwrap().how.is_none())
    );
    let differing = shown
        .rows
        .iter()
        .filter(|row| row.cells[0].as_ref().unwrap().differs)
        .count();
    assert_eq!(shown.differing as usize, differing);

    // The table of flags tells the same flags apart.
    let listed = flags_of(&demo.app, site.0.0.clone(), site.1.0.clone(), Some(staging.0))
        .await
        .unwrap();
    let apart = |row: &&FlagRowView| !row.drift.as_ref().unwrap().same;
    let in_table: Vec<&str> = listed
        .flags
        .iter()
        .filter(apart)
        .map(|row| row.key.as_str())
        .collect();
    let rows = shown.rows.iter().filter(|row| row.differs);
    assert_eq!(in_table, rows.map(|row| row.flag.as_str()).collect::<Vec<_>>());
}
