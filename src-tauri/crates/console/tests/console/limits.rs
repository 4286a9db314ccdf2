//! How much of the services' limits is used, and by whose word.

use halyard_console::{
    Check, EnvironmentLimits, Event, LimitFacts, LimitKind, LimitLevel, LimitSource, Urgency,
};
use halyard_sandbox::{Effect, Fault};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Path, Place},
    fakes::BEGINNING,
};

const DAY: i64 = 86_400_000;

async fn limits(bench: &Bench, place: &Place) -> EnvironmentLimits {
    bench
        .console
        .environment_limits(&place.connection, &place.environment)
        .await
        .unwrap()
}

async fn limit(bench: &Bench, place: &Place, kind: LimitKind) -> LimitFacts {
    let all = limits(bench, place).await.limits;
    all.into_iter().find(|limit| limit.kind == kind).unwrap()
}

/// Asks the service for its own numbers.
async fn ask(bench: &Bench, place: &Place) {
    let check = Check::Allowances(place.environment.clone());
    bench
        .console
        .check(&place.connection, &check, Urgency::Background)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_used_is_counted_in_the_snapshot() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let flags = bench
        .console
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    let overrides: usize = flags
        .iter()
        .map(|facts| facts.flag.state.segment_overrides.len())
        .sum();
    let found = limit(&bench, &place, LimitKind::SegmentOverrides).await;
    assert_eq!(found.used, Some(overrides as u64));
    assert!(found.as_of >= Some(BEGINNING));
    let most = flags
        .iter()
        .map(|facts| facts.flag.state.segment_overrides.len())
        .max();
    assert_eq!(Some(found.heaviest[0].amount), most.map(|most| most as u64));
    assert_eq!(found.heaviest.len(), 3);
    let heaviest: Vec<u64> = found.heaviest.iter().map(|one| one.amount).collect();
    assert!(heaviest.is_sorted_by(|one, other| one >= other), "{heaviest:?}");

    let document = bench
        .mirror
        .document(&place.connection, &place.environment)
        .await
        .unwrap()
        .unwrap();
    let parsed: Value = serde_json::from_str(&document).unwrap();
    let segments = parsed["project"]["segments"].as_array().unwrap();
    let size = limit(&bench, &place, LimitKind::DocumentBytes).await;
    assert_eq!(size.used, Some(document.len() as u64));
    assert_eq!(
        (size.limit, size.source),
        (None, LimitSource::Unlimited),
        "of a server of one's own nothing is documented"
    );
    let count = limit(&bench, &place, LimitKind::Segments).await;
    assert_eq!(count.used, Some(segments.len() as u64));
    // Conditions are the only objects in a document with an operator.
    let most = segments
        .iter()
        .map(|segment| segment["rules"].to_string().matches("\"operator\":").count())
        .max();
    let conditions = limit(&bench, &place, LimitKind::Conditions).await;
    assert_eq!(conditions.used, most.map(|most| most as u64));
    assert_eq!(conditions.used, Some(conditions.heaviest[0].amount));

    bench.maya_edits("image_cdn_host", json!("x".repeat(18_000)));
    bench.refresh(&place).await.unwrap();
    let value = limit(&bench, &place, LimitKind::ValueBytes).await;
    assert_eq!((value.used, value.limit), (Some(18_000), Some(20_000)));
    assert_eq!(value.heaviest[0].name, "image_cdn_host");
    assert_eq!(value.level(), Some(LimitLevel::Near));
}

#[tokio::test]
async fn the_services_own_number_counts_before_the_documented_one() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let before = limit(&bench, &place, LimitKind::Flags).await;
    assert_eq!(
        (before.used, before.limit, before.source, before.level()),
        (Some(128), Some(1_000), LimitSource::Documented, None)
    );
    bench.fault(Fault::of(Effect::ProjectLimits {
        features: Some(150),
        segments: None,
        segment_overrides: Some(10),
    }));
    ask(&bench, &place).await;
    let flags = limit(&bench, &place, LimitKind::Flags).await;
    assert_eq!((flags.limit, flags.level()), (Some(150), Some(LimitLevel::Near)));
    let LimitSource::Told { at } = flags.source else {
        panic!("{:?}", flags.source)
    };
    assert!(at > BEGINNING);
    let segments = limit(&bench, &place, LimitKind::Segments).await;
    assert_eq!(
        (segments.limit, segments.source),
        (Some(500), LimitSource::Documented)
    );
    let overrides = limit(&bench, &place, LimitKind::SegmentOverrides).await;
    assert_eq!(overrides.level(), Some(LimitLevel::Reached));

    // A service that tells no more leaves the last copy, with its age.
    bench.fault(Fault::of(Effect::Refuse).on(bench.path.surface()));
    bench.clock.advance(60_000);
    ask(&bench, &place).await;
    assert_eq!(
        limit(&bench, &place, LimitKind::Flags).await.source,
        LimitSource::Told { at }
    );
    let bench = bench.restarted();
    assert_eq!(limit(&bench, &place, LimitKind::Flags).await, flags);
}

#[tokio::test]
async fn usage_that_is_not_told_is_unknown_and_never_zero() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let month = |bench: &Bench| {
        let (console, place) = (bench.console.clone(), place.clone());
        async move {
            let all = console
                .environment_limits(&place.connection, &place.environment)
                .await
                .unwrap();
            let month = all
                .limits
                .into_iter()
                .find(|one| one.kind == LimitKind::MonthlyCalls);
            let month = month.unwrap();
            (month.used, month.limit, month.level(), all.plan, all.blocked)
        }
    };
    assert_eq!(
        month(&bench).await,
        (None, None, None, None, Some(false)),
        "not asked yet; the document tells that flags are served"
    );
    ask(&bench, &place).await;
    assert_eq!(
        month(&bench).await,
        (None, Some(50_000), None, Some("free".into()), Some(false))
    );
    let usage = |calls, allowance, plan: Option<&str>| {
        bench.sandbox.faults().clear();
        bench.fault(Fault::of(Effect::Usage {
            calls,
            allowance,
            plan: plan.map(str::to_owned),
        }));
    };
    usage(Some(45_000), Some(50_000), Some("startup"));
    ask(&bench, &place).await;
    assert_eq!(
        month(&bench).await,
        (
            Some(45_000),
            Some(50_000),
            Some(LimitLevel::Near),
            Some("startup".into()),
            Some(false)
        )
    );
    usage(None, None, None);
    bench.fault(Fault::of(Effect::ServingBlocked));
    ask(&bench, &place).await;
    bench.refresh(&place).await.unwrap();
    assert_eq!(month(&bench).await, (None, None, None, None, Some(true)));
    let told = limit(&bench, &place, LimitKind::MonthlyCalls).await;
    assert_eq!(told.source, LimitSource::Untold);
}

#[tokio::test]
async fn days_make_a_trend_and_each_has_one_row() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let held = limit(&bench, &place, LimitKind::ValueBytes).await;
    assert_eq!(held.trend, None, "the first day");
    bench.maya_edits("image_cdn_host", json!("y".repeat(700)));
    bench.clock.advance(3_600_000);
    bench.refresh(&place).await.unwrap();
    let same_day = limit(&bench, &place, LimitKind::ValueBytes).await;
    assert_eq!((same_day.used, same_day.trend), (Some(700), None));

    bench.clock.advance(3 * DAY);
    bench.refresh(&place).await.unwrap();
    assert_eq!(
        limit(&bench, &place, LimitKind::ValueBytes).await.trend,
        None,
        "as much as then"
    );
    bench.maya_edits("image_cdn_host", json!("z".repeat(900)));
    bench.refresh(&place).await.unwrap();
    let after = limit(&bench, &place, LimitKind::ValueBytes).await;
    let trend = after.trend.unwrap();
    assert_eq!((after.used, trend.before, trend.days), (Some(900), 700, 3));
    let days: Vec<(i64, Value)> = bench
        .mirror
        .daily_counts(&place.connection, &place.environment)
        .await
        .unwrap();
    assert_eq!(days.len(), 2);
}

/// What was counted of a snapshot that another refresh replaced meanwhile, as
/// when Halyard was ended between storing and counting, is counted again.
#[tokio::test]
async fn a_count_that_was_cut_off_is_made_up_for() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let days: Vec<(i64, Value)> = bench
        .mirror
        .daily_counts(&place.connection, &place.environment)
        .await
        .unwrap();
    let (day, mut older) = days[0].clone();
    older["of"] = json!(BEGINNING.0 - 60_000);
    older["amounts"]["flags"]["used"] = json!(7);
    bench
        .mirror
        .save_daily_counts(&place.connection, &place.environment, day, &older)
        .await
        .unwrap();
    assert_eq!(limit(&bench, &place, LimitKind::Flags).await.used, Some(7));
    bench.refresh(&place).await.unwrap();
    assert_eq!(limit(&bench, &place, LimitKind::Flags).await.used, Some(128));
}

#[tokio::test]
async fn edgeflags_has_limits_of_its_own() {
    let (bench, place) = Bench::connected(Path::EdgeFlags).await;
    ask(&bench, &place).await;
    let all = limits(&bench, &place).await;
    let kinds: Vec<LimitKind> = all.limits.iter().map(|limit| limit.kind).collect();
    assert_eq!(
        kinds,
        [
            LimitKind::DefinitionBytes,
            LimitKind::Flags,
            LimitKind::Segments,
            LimitKind::Conditions,
            LimitKind::MonthlyCalls
        ]
    );
    let definition = &all.limits[0];
    assert_eq!(
        (definition.limit, definition.source),
        (Some(1_048_576), LimitSource::Documented)
    );
    assert_eq!(definition.used, Some(definition.heaviest[0].amount));
    let flags = &all.limits[1];
    assert!(flags.used > Some(0), "{flags:?}");
    assert_eq!((flags.limit, flags.source), (None, LimitSource::Unlimited));
    let month = &all.limits[4];
    assert_eq!(
        (month.used, month.limit, month.source),
        (None, None, LimitSource::Untold)
    );

    bench.maya_edits("image_cdn_host", json!("x".repeat(900_000)));
    bench.refresh(&place).await.unwrap();
    let definition = limit(&bench, &place, LimitKind::DefinitionBytes).await;
    assert_eq!(definition.heaviest[0].name, "image_cdn_host");
    assert_eq!(definition.level(), Some(LimitLevel::Near));
}

#[tokio::test]
async fn the_window_is_told_when_numbers_change_and_only_then() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    ask(&bench, &place).await;
    let mut events = bench.console.events();
    let told = Event::Health {
        connection: place.connection.clone(),
    };
    let mut was_told = || {
        let mut was_told = false;
        while let Ok(event) = events.try_recv() {
            was_told |= event == told;
        }
        was_told
    };
    ask(&bench, &place).await;
    assert!(!was_told(), "nothing is new");
    bench.fault(Fault::of(Effect::ProjectLimits {
        features: Some(150),
        segments: None,
        segment_overrides: None,
    }));
    ask(&bench, &place).await;
    assert!(was_told());
}
