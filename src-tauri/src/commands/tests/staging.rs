//! Edits from typing to publishing and back, in the window's words.

use std::time::Duration;

use halyard_console::Event;
use halyard_model::ChangeSetId;
use halyard_sandbox::MayaEdit;

use super::*;
use crate::commands::{
    changes::{changes_of, stage_all},
    conflicts::shown_conflict,
    impact::of_change_set,
    subjects::{segment_detail_of, segments_of, subject_fields_of},
};

/// A change of one subject, with the revision that is on screen.
pub(super) async fn request(
    demo: &Demo,
    site: &(ConnectionId, EnvironmentKey),
    subject: SubjectView,
    changes: Vec<(&str, FieldInput)>,
) -> StageRequest {
    let shown = subject_fields_of(&demo.app, site.0.0.clone(), site.1.0.clone(), subject.clone())
        .await
        .unwrap();
    StageRequest {
        connection: site.0.0.clone(),
        environment: site.1.0.clone(),
        subject,
        revision: shown.revision,
        changes: changes
            .into_iter()
            .map(|(field, to)| FieldEdit {
                field: field.into(),
                to,
            })
            .collect(),
        change_set: None,
    }
}

pub(super) fn state(flag: &str) -> SubjectView {
    SubjectView::FlagState { flag: flag.into() }
}

pub(super) fn number(text: &str) -> FieldInput {
    FieldInput::Value {
        value: ValueView {
            kind: ValueKindView::Number,
            text: text.into(),
        },
    }
}

/// A value in short, as the window would read it out.
fn read(view: &FieldValueView) -> String {
    match view {
        FieldValueView::Absent { text }
        | FieldValueView::Toggle { text, .. }
        | FieldValueView::Weights { text, .. }
        | FieldValueView::Override { text, .. }
        | FieldValueView::Text { text }
        | FieldValueView::Json { text } => text.clone(),
        FieldValueView::Value { value } => value.text.clone(),
        FieldValueView::Order { names, .. } => names.join(" > "),
        FieldValueView::Tags { labels, .. } => labels.join(" "),
        FieldValueView::Rules { lines, .. } => lines.join("; "),
    }
}

/// The rows of a change set: `flag, field: before -> after`.
fn rows(set: &ChangeSetView) -> Vec<String> {
    let told = |edit: &EditView| -> Vec<String> {
        let row = |row: &FieldChangeView| {
            let (before, after) = (read(&row.before), read(&row.after));
            format!("{}, {}: {before} -> {after}", edit.name, row.label)
        };
        edit.fields.iter().map(row).collect()
    };
    set.edits.iter().flat_map(told).collect()
}

/// Waits until publishing a change set has come to rest.
async fn at_rest(demo: &Demo, site: &(ConnectionId, EnvironmentKey), id: &ChangeSetId) -> ChangeSetView {
    let mut events = demo.app.console.events();
    let rest = async {
        loop {
            let view = changes_of(&demo.app, &site.0).await.unwrap();
            let found = view
                .open
                .into_iter()
                .chain(view.ended)
                .find(|set| set.id == id.0)
                .unwrap();
            if found.state != ChangeSetStateView::Publishing {
                return found;
            }
            while !matches!(events.recv().await, Ok(Event::Changes { .. }) | Err(_)) {}
        }
    };
    tokio::time::timeout(Duration::from_secs(60), rest).await.unwrap()
}

#[tokio::test]
async fn edits_are_staged_reviewed_published_and_rolled_back() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let set_on = |on| FieldInput::Toggle { on };
    let requests = vec![
        request(
            &demo,
            &site,
            state("free_shipping_threshold"),
            vec![("value", number("39"))],
        )
        .await,
        request(
            &demo,
            &site,
            state("guest_checkout"),
            vec![("enabled", set_on(false))],
        )
        .await,
        request(
            &demo,
            &site,
            SubjectView::Flag {
                flag: "guest_checkout".into(),
            },
            vec![("tag:eu", FieldInput::Set)],
        )
        .await,
    ];
    let staged = stage_all(&demo.app, requests).await.unwrap();
    assert_eq!(staged[2].sentence, "Staged in Draft, with 2 others.");
    let view = changes_of(&demo.app, &site.0).await.unwrap();
    assert_eq!((view.staged, view.conflicts), (3, 0));
    let set = &view.open[0];
    assert_eq!(
        rows(set),
        [
            "free_shipping_threshold, Value: 49 -> 39",
            "guest_checkout, State: On -> Off",
            "guest_checkout, Tags: checkout -> checkout eu",
        ]
    );
    assert_eq!(set.edits[2].fields[0].note.as_deref(), Some("All environments"));
    assert!(set.edits[2].everywhere && set.blocked.is_none());
    // What is not ticked stays behind.
    let tag = halyard_model::EditId(set.edits[2].id.clone());
    demo.app.console.tick(&tag, false).await.unwrap();
    let view = changes_of(&demo.app, &site.0).await.unwrap();
    let set = &view.open[0];
    let asked: Vec<(&str, u32, u32)> = set
        .confirmations
        .iter()
        .map(|one| (one.name.as_str(), one.edits, one.flags))
        .collect();
    assert!(asked.contains(&("Production", 2, 2)), "{asked:?}");

    let confirmed = set
        .confirmations
        .iter()
        .map(|one| (EnvironmentKey(one.environment.clone()), one.name.clone()))
        .collect();
    let id = ChangeSetId(set.id.clone());
    let impact = of_change_set(&demo.app, &id, &site.1, None).await.unwrap();
    let changed: Vec<&str> = impact.flags.iter().map(|one| one.flag.as_str()).collect();
    assert!(
        changed.contains(&"guest_checkout") && impact.changed > 0,
        "{impact:?}"
    );
    assert_eq!((impact.edits.len(), impact.notes.len()), (2, 0));
    demo.app.console.publish(&id, &confirmed).await.unwrap();
    let published = at_rest(&demo, &site, &id).await;
    for edit in published.edits.iter().filter(|edit| edit.ticked) {
        assert!(
            matches!(edit.status, EditStatusView::Sent { .. }),
            "{:?}",
            edit.status
        );
    }
    assert_eq!(
        (published.state, published.can_roll_back),
        (ChangeSetStateView::Published, 2)
    );
    let publishing = published.publishing.as_ref().unwrap();
    assert_eq!(
        (publishing.headline.as_str(), publishing.detail.as_str()),
        (
            "Published",
            "2 of 2 edits are sent and confirmed; nothing is sent twice."
        )
    );

    demo.app.console.roll_back(&id).await.unwrap();
    let view = changes_of(&demo.app, &site.0).await.unwrap();
    let back = view.open.iter().find(|set| set.rolls_back.is_some()).unwrap();
    assert_eq!(back.rolls_back.as_deref(), Some("Draft"));
    assert!(
        rows(back).contains(&"free_shipping_threshold, Value: 39 -> 49".to_owned()),
        "{:?}",
        rows(back)
    );
}

#[tokio::test]
async fn what_is_typed_wrong_names_its_field_and_stages_nothing() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let good = request(
        &demo,
        &site,
        state("guest_checkout"),
        vec![("enabled", FieldInput::Toggle { on: false })],
    )
    .await;
    let bad = request(
        &demo,
        &site,
        state("free_shipping_threshold"),
        vec![("value", number("many"))],
    )
    .await;
    let error = stage_all(&demo.app, vec![good.clone(), bad]).await.unwrap_err();
    assert_eq!(
        (error.field.as_deref(), error.code),
        (Some("value"), crate::error::ErrorCode::Input)
    );
    let stale = StageRequest {
        revision: "other".into(),
        ..good.clone()
    };
    let error = stage_all(&demo.app, vec![good, stale]).await.unwrap_err();
    assert_eq!(error.code, crate::error::ErrorCode::StaleView);
    assert_eq!(changes_of(&demo.app, &site.0).await.unwrap().staged, 0);
}

#[tokio::test]
async fn shares_that_exceed_the_whole_block_publishing() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let shown = subject_fields_of(
        &demo.app,
        site.0.0.clone(),
        site.1.0.clone(),
        state("new_checkout"),
    )
    .await
    .unwrap();
    let weights = shown
        .fields
        .iter()
        .find(|field| field.field == "weights")
        .unwrap();
    let FieldValueView::Weights { rows, text } = &weights.value else {
        panic!("{weights:?}");
    };
    assert_eq!(text, "60 / 30 / 10");
    let typed = rows
        .iter()
        .filter_map(|row| row.id.clone())
        .map(|id| WeightInput {
            id,
            weight: "60".into(),
        })
        .collect();
    let changes = vec![("weights", FieldInput::Weights { rows: typed })];
    let asked = request(&demo, &site, state("new_checkout"), changes).await;
    stage_all(&demo.app, vec![asked]).await.unwrap();
    let view = changes_of(&demo.app, &site.0).await.unwrap();
    let set = &view.open[0];
    assert_eq!(
        set.blocked.as_deref(),
        Some("new_checkout cannot be sent as it is. The shares come to 120%, which is more than 100.")
    );
    let problem = &set.edits[0].problems[0];
    assert_eq!(
        (problem.field.as_deref(), problem.label.as_deref()),
        (Some("weights"), Some("Weights"))
    );
}

#[tokio::test]
async fn somebody_elses_change_is_a_conflict_in_words() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let asked = request(
        &demo,
        &site,
        state("free_shipping_threshold"),
        vec![("value", number("39"))],
    )
    .await;
    let staged = stage_all(&demo.app, vec![asked]).await.unwrap();
    let theirs = MayaEdit {
        environment: "Production".into(),
        flag: "free_shipping_threshold".into(),
        value: Some(serde_json::json!(59)),
        ..MayaEdit::default()
    };
    demo.app.edit_demo_as_maya(&theirs).await;
    demo.app.console.refresh(&site.0, &site.1).await.unwrap();
    let view = changes_of(&demo.app, &site.0).await.unwrap();
    assert_eq!(view.conflicts, 1);
    assert_eq!(
        view.open[0].blocked.as_deref(),
        Some("1 edit is in conflict. Decide it or untick it.")
    );
    let id = halyard_model::EditId(staged[0].edit.clone());
    let shown = shown_conflict(&demo.app, &id, &[]).await.unwrap();
    assert_eq!(
        shown.sentence,
        "Somebody changed free_shipping_threshold after your edit began. Nothing of yours has been sent."
    );
    let row = &shown.fields[0];
    let sides = [&row.base, &row.theirs, &row.mine].map(read);
    assert_eq!(
        (sides.join(" / ").as_str(), row.how),
        ("49 / 59 / 39", MergedHowView::Contested)
    );
    let mine = ChoiceView {
        field: "value".into(),
        side: ChoiceSideView::Mine,
    };
    let shown = shown_conflict(&demo.app, &id, &[mine]).await.unwrap();
    assert_eq!(
        (shown.contested, read(&shown.fields[0].merged).as_str()),
        (0, "39")
    );
}

#[tokio::test]
async fn segments_are_told_with_their_uses() {
    let demo = Demo::new().await;
    let site = demo.production(Service::Flagsmith).await;
    let list = segments_of(&demo.app, site.0.0.clone(), site.1.0.clone())
        .await
        .unwrap();
    let germany = list.segments.iter().find(|row| row.name == "Germany").unwrap();
    assert_eq!(germany.lines, ["country is DE"]);
    assert!(germany.uses > 0 && list.nested && list.operators.len() == 14);
    let detail = segment_detail_of(&demo.app, site.0.0.clone(), site.1.0.clone(), germany.id.clone())
        .await
        .unwrap();
    let used = detail
        .uses
        .iter()
        .find(|used| used.name == "free_shipping_threshold");
    assert_eq!(used.and_then(|used| used.enabled), Some(true));
}
