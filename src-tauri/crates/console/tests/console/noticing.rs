//! What is news about protected environments, and what is not.

use halyard_console::{Notice, Notices};
use halyard_model::{FailingKind, Protection, Surface, Trouble};
use halyard_provider::Urgency;
use halyard_sandbox::{Effect, Fault, Surface as Door};

use crate::bench::{Bench, Path, Place};

/// Twice: a look that failed once is no news yet.
async fn look(bench: &Bench, place: &Place) {
    look_once(bench, place).await;
    look_once(bench, place).await;
}

async fn look_once(bench: &Bench, place: &Place) {
    bench
        .console
        .look(
            &place.connection,
            &place.environment,
            &Surface::FlagsApi,
            Urgency::Background,
        )
        .await
        .unwrap();
}

async fn news(bench: &Bench) -> Vec<Notice> {
    bench.console.news().await.unwrap()
}

fn failing() -> Fault {
    Fault::of(Effect::Refuse).on(Door::Flagsmith)
}

/// A protected environment and one that is not, both read.
async fn read() -> (Bench, Place, Place) {
    let (bench, open) = Bench::connected(Path::FlagsmithV1).await;
    let protected = bench.place(&open.connection, bench.path.protected()).await;
    bench.refresh(&protected).await.unwrap();
    for place in [&open, &protected] {
        look(&bench, place).await;
    }
    (bench, open, protected)
}

#[tokio::test]
async fn a_protected_environment_is_told_once_and_others_are_not() {
    let (bench, open, protected) = read().await;
    assert_eq!(news(&bench).await, [], "the start");
    bench.fault(failing());
    look(&bench, &open).await;
    assert_eq!(news(&bench).await, [], "it is not protected");
    look_once(&bench, &protected).await;
    assert_eq!(news(&bench).await, [], "once may be nothing");
    look_once(&bench, &protected).await;
    let told = news(&bench).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].environment, protected.environment);
    assert_eq!(told[0].trouble, Trouble::Failing(FailingKind::Unreachable));
    for _ in 0..5 {
        bench.clock.advance(60_000);
        look(&bench, &protected).await;
        assert_eq!(news(&bench).await, [], "it is the same trouble");
    }
    bench.sandbox.faults().clear();
    look(&bench, &protected).await;
    assert_eq!(news(&bench).await, []);
    bench.clock.advance(11 * 60_000);
    assert_eq!(news(&bench).await, []);
    bench.fault(failing());
    look(&bench, &protected).await;
    assert_eq!(news(&bench).await.len(), 1, "it was well for a while");
}

#[tokio::test]
async fn nothing_is_told_while_notices_are_off_and_nothing_of_it_later() {
    let (bench, _, protected) = read().await;
    assert_eq!(news(&bench).await, [], "the start");
    bench.console.set_notices(Notices::Off).await.unwrap();
    bench.fault(failing());
    look(&bench, &protected).await;
    assert_eq!(news(&bench).await, []);
    bench.console.set_notices(Notices::On).await.unwrap();
    assert_eq!(news(&bench).await, [], "it is old by now");
    let bench = bench.restarted();
    assert_eq!(bench.console.settings().await.unwrap().notices, Notices::On);
}

#[tokio::test]
async fn old_news_and_an_offline_computer_are_no_news() {
    let (bench, open, protected) = read().await;
    bench.fault(failing());
    look(&bench, &protected).await;
    let bench = bench.restarted();
    assert_eq!(news(&bench).await, [], "it was so before the start");
    bench.clock.advance(60_000);
    look(&bench, &protected).await;
    assert_eq!(news(&bench).await, []);

    bench
        .console
        .set_protection(&open.connection, &open.environment, Protection::Confirm)
        .await
        .unwrap();
    bench.refresh(&open).await.unwrap_err();
    look(&bench, &open).await;
    assert_eq!(news(&bench).await, [], "nothing of it answers");
}
