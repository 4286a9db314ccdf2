//! A keychain that is locked, and one that is unlocked again.

use halyard_console::{
    ConsoleError, Event, KeyHome,
    secret::{KeyStoreState, SecretError},
};

use crate::bench::{Bench, Path, Place};

/// A console that has just started on a mirror with a connection.
async fn restarted(failure: Option<SecretError>) -> (Bench, Place) {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    bench.keys.fail_with(failure);
    (bench.restarted(), place)
}

fn locked() -> SecretError {
    SecretError::Locked {
        reason: "locked".into(),
    }
}

#[tokio::test]
async fn a_locked_keychain_is_asked_once_by_what_runs_by_itself() {
    let (bench, place) = restarted(Some(locked())).await;
    bench.clock.advance(3_600_000);
    for _ in 0..5 {
        assert_eq!(bench.console.due().await.unwrap(), []);
        assert_eq!(bench.console.key_home(&place.connection).await, KeyHome::Missing);
    }
    assert_eq!(bench.keys.asked(), 1);
    // Somebody who asks for a refresh may be asked for a password.
    for asked in 2..4 {
        let refused = bench.refresh(&place).await;
        assert!(matches!(refused, Err(ConsoleError::Secret(error)) if error == locked()));
        assert_eq!(bench.keys.asked(), asked);
    }
    assert_eq!(
        bench.console.probe_key_store().await,
        KeyStoreState::Failing(locked())
    );
    assert_eq!(bench.console.due().await.unwrap(), []);
    assert_eq!(bench.keys.asked(), 3);

    bench.keys.fail_with(None);
    let mut events = bench.console.events();
    assert_eq!(bench.console.probe_key_store().await, KeyStoreState::Ready);
    assert_eq!(events.try_recv().unwrap(), Event::App);
    assert_eq!(bench.console.key_home(&place.connection).await, KeyHome::Keychain);
    assert_eq!(bench.console.due().await.unwrap().len(), 1);
    bench.refresh(&place).await.unwrap();
    assert_eq!(bench.keys.asked(), 4, "then never again");
}

#[tokio::test]
async fn one_person_is_asked_once_for_many_calls() {
    let (bench, place) = restarted(None).await;
    let console = &bench.console;
    let id = &place.connection;
    let (one, two, three) = tokio::join!(console.key_home(id), console.key_home(id), console.key_home(id));
    assert_eq!([one, two, three], [KeyHome::Keychain; 3]);
    assert_eq!(bench.keys.asked(), 1);
}

#[tokio::test]
async fn a_key_that_is_nowhere_is_said() {
    let (bench, place) = restarted(None).await;
    bench.keys.lose();
    assert!(matches!(bench.refresh(&place).await, Err(ConsoleError::NoKey)));
    let facts = bench
        .console
        .environment(&place.connection, &place.environment)
        .await
        .unwrap();
    assert!(facts.status.last_failure.unwrap().contains("key"));
    assert!(facts.snapshot.is_some(), "the mirror stays readable");
    assert_eq!(bench.console.due().await.unwrap(), []);
}

#[tokio::test]
async fn a_connection_is_forgotten_though_the_keychain_is_locked() {
    let (bench, place) = restarted(Some(locked())).await;
    bench.console.forget_connection(&place.connection).await.unwrap();
    assert_eq!(bench.console.connections().await.unwrap(), []);
}

#[tokio::test]
async fn a_list_does_not_wait_for_a_person() {
    let (bench, place) = restarted(Some(locked())).await;
    let mut events = bench.console.events();
    let asking = bench.keys.hold().await;
    for _ in 0..3 {
        assert_eq!(bench.console.key_home(&place.connection).await, KeyHome::Keychain);
    }
    assert_eq!(bench.keys.asked(), 1, "one question for all of them");
    drop(asking);
    assert_eq!(events.recv().await.unwrap(), Event::App);
    assert_eq!(bench.console.key_home(&place.connection).await, KeyHome::Missing);
    assert_eq!(bench.keys.asked(), 1);
}
