//! Changes that were followed.

use halyard_mirror::{KeptPropagation, Mirror, MirrorError, PROPAGATIONS_KEPT, PropagationId};
use halyard_model::{Lane, LaneCause, LaneState, Surface, Timestamp};

use crate::samples::{flag_key, furnish, furnished, id, key, open_ready, run_raw};

fn check(name: &str, environment: &str) -> KeptPropagation {
    KeptPropagation {
        id: PropagationId(name.into()),
        connection: id("shop"),
        environment: key(environment),
        flag: flag_key("a"),
        published_at: Timestamp(100),
        running: true,
        lanes: vec![Lane::to(Surface::Admin), Lane::to(Surface::EdgeProxy("p".into()))],
    }
}

async fn names(mirror: &Mirror, environment: &str) -> Vec<String> {
    let kept = mirror
        .propagations(&id("shop"), &key(environment), 1_000)
        .await
        .unwrap();
    kept.into_iter().map(|check| check.id.0).collect()
}

#[tokio::test]
async fn checks_come_back_as_they_were_left_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    let mut one = check("1", "staging");
    for each in [&one, &check("2", "staging"), &check("3", "production")] {
        mirror.save_propagation(each).await.unwrap();
    }
    one.running = false;
    one.lanes[0].state = LaneState::Served;
    one.lanes[0].took_millis = Some(412);
    one.lanes[1].state = LaneState::Late;
    one.lanes[1].without_millis = Some(40_000);
    one.lanes[1].cause = Some(LaneCause::Queue { waiting: 37 });
    mirror.save_propagation(&one).await.unwrap();
    mirror.close().await;

    let mirror = open_ready(directory.path()).await;
    let kept = mirror
        .propagations(&id("shop"), &key("staging"), 10)
        .await
        .unwrap();
    assert_eq!(kept, [check("2", "staging"), one]);
    let first = mirror
        .propagations(&id("shop"), &key("staging"), 1)
        .await
        .unwrap();
    assert_eq!(first, [check("2", "staging")]);
    assert_eq!(names(&mirror, "production").await, ["3"]);
    mirror.close().await;
}

#[tokio::test]
async fn the_newest_are_kept_and_they_go_with_their_environment() {
    let mirror = furnished().await;
    let last = PROPAGATIONS_KEPT + 5;
    for number in 0..=last {
        let environment = if number % 2 == 0 { "staging" } else { "production" };
        mirror
            .save_propagation(&check(&number.to_string(), environment))
            .await
            .unwrap();
    }
    let (staging, production) = (
        names(&mirror, "staging").await,
        names(&mirror, "production").await,
    );
    assert_eq!(staging.len() + production.len(), PROPAGATIONS_KEPT as usize);
    assert_eq!(production[0], last.to_string());
    assert_eq!(staging.last().unwrap(), "6");

    let gone = mirror.save_propagation(&check("x", "nowhere")).await;
    assert!(matches!(gone, Err(MirrorError::Missing)), "{gone:?}");
    mirror.delete_connection(&id("shop")).await.unwrap();
    assert_eq!(names(&mirror, "staging").await, [""; 0]);
}

#[tokio::test]
async fn one_that_cannot_be_read_hides_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    mirror.save_propagation(&check("1", "staging")).await.unwrap();
    mirror.save_propagation(&check("2", "staging")).await.unwrap();
    mirror.close().await;
    let file = directory.path().join("mirror.sqlite");
    run_raw(&file, "UPDATE propagations SET lanes = '[' WHERE id = '2'").await;
    let mirror = open_ready(directory.path()).await;
    assert_eq!(names(&mirror, "staging").await, ["1"]);
    let unreadable = mirror.unreadable_rows().await.unwrap();
    assert_eq!(
        (unreadable[0].table, unreadable[0].name.as_str()),
        ("propagations", "2")
    );
    mirror.close().await;
}
