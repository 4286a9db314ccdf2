//! Who made a change, as the audit log tells.

use halyard_console::Outcome;
use halyard_mirror::MomentFilter;
use halyard_model::Moment;
use halyard_sandbox::flagsmith::{AuditLicence, Backlog};
use serde_json::json;

use halyard_console::Clock as _;

use crate::bench::{Bench, Path, Place, edit_of, until, value};

const FLAG: &str = "guest_checkout";
const OTHER: &str = "stock_low_badge";

/// A connected environment whose console has the sandbox's clock, so that what
/// the log says and what the console saw can be compared.
async fn in_time(path: Path) -> (Bench, Place) {
    let (bench, place) = Bench::connected(path).await;
    to_now(&bench);
    bench.refresh(&place).await.unwrap();
    (bench, place)
}

fn to_now(bench: &Bench) {
    let now = jiff::Timestamp::now().as_millisecond();
    bench.clock.advance((now - bench.clock.now().0).max(0));
}

async fn refreshed(bench: &Bench, place: &Place) -> Moment {
    to_now(bench);
    bench.refresh(place).await.unwrap();
    newest(bench, place).await
}

async fn newest(bench: &Bench, place: &Place) -> Moment {
    let wanted = MomentFilter {
        environments: vec![(place.connection.clone(), place.environment.clone())],
        limit: 1,
        ..MomentFilter::default()
    };
    bench.mirror.moments(&wanted).await.unwrap().remove(0)
}

/// The names of those who made the newest moment, once there are any.
async fn makers(bench: &Bench, place: &Place) -> Vec<String> {
    until(async || {
        let moment = newest(bench, place).await;
        let names: Vec<String> = moment.authors.iter().map(|author| author.name.clone()).collect();
        (!names.is_empty()).then_some(names)
    })
    .await
}

fn asked(bench: &Bench) -> usize {
    let journal = bench.sandbox.journal();
    journal.iter().filter(|one| one.target.contains("/audit")).count()
}

#[tokio::test]
async fn a_moment_has_its_author() {
    for path in [Path::FlagsmithV1, Path::FlagsmithV2, Path::EdgeFlags] {
        let (bench, place) = in_time(path).await;
        bench.maya_edits(FLAG, json!("hers"));
        let moment = refreshed(&bench, &place).await;
        assert!(
            moment.touched.iter().any(|one| one.name == FLAG),
            "{path:?}: {moment:?}"
        );
        let names = makers(&bench, &place).await;
        assert_eq!(names.len(), 1, "{path:?}: {names:?}");
        match path {
            Path::EdgeFlags => assert!(names[0].ends_with("..."), "{names:?}"),
            _ => assert!(names[0].starts_with("Maya"), "{names:?}"),
        }
        // Halyard's own edit is signed by itself alone, and not by Maya again.
        let outcome = bench.edit(&place, OTHER, value(json!("mine"))).await.unwrap();
        assert!(matches!(outcome, Outcome::Confirmed { .. }), "{outcome:?}");
        let after = refreshed(&bench, &place).await;
        assert_ne!(after.id, moment.id);
        assert_eq!(makers(&bench, &place).await, ["You, in Halyard"], "{path:?}");
        let what = &newest(&bench, &place).await.authors[0].what;
        assert!(what.starts_with(OTHER) && what.contains("value"), "{what}");
    }
}

#[tokio::test]
async fn a_log_without_a_licence_is_asked_once() {
    let (bench, place) = in_time(Path::FlagsmithV2).await;
    bench.sandbox.flagsmith().license_audit(AuditLicence::Unlicensed);
    for turn in 0..3 {
        bench.maya_edits(FLAG, json!(format!("hers {turn}")));
        let moment = refreshed(&bench, &place).await;
        assert!(moment.authors.is_empty());
        until(async || (asked(&bench) > 0).then_some(())).await;
    }
    // What Halyard did itself is known all the same; by then it was looked.
    bench.edit(&place, OTHER, value(json!("mine"))).await.unwrap();
    refreshed(&bench, &place).await;
    assert_eq!(makers(&bench, &place).await, ["You, in Halyard"]);
    assert_eq!(asked(&bench), 1);
}

#[tokio::test]
async fn an_entry_that_is_late_is_found_by_a_later_refresh() {
    let (bench, place) = in_time(Path::FlagsmithV2).await;
    let flagsmith = bench.sandbox.flagsmith();
    flagsmith.set_backlog(Some(Backlog {
        waiting: 3,
        per_second: 0,
    }));
    bench.maya_edits(FLAG, json!("hers"));
    // The document waits for the queue too; the admin's lists do not.
    let moment = refreshed(&bench, &place).await;
    until(async || (asked(&bench) > 0).then_some(())).await;
    assert!(newest(&bench, &place).await.authors.is_empty());
    flagsmith.set_backlog(None);
    refreshed(&bench, &place).await;
    let names = makers(&bench, &place).await;
    assert!(names[0].starts_with("Maya"), "{names:?} of {moment:?}");
}

#[tokio::test]
async fn the_other_side_of_a_conflict_has_a_name() {
    let (bench, place) = in_time(Path::FlagsmithV2).await;
    to_now(&bench);
    bench.maya_edits(FLAG, json!("hers"));
    let outcome = bench.edit(&place, FLAG, value(json!("mine"))).await.unwrap();
    assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    let id = edit_of(&outcome).id.clone();
    let by = until(async || bench.console.conflict(&id).await.unwrap().by).await;
    assert!(by.starts_with("Maya"), "{by}");
    assert_eq!(asked(&bench), 1);
}
