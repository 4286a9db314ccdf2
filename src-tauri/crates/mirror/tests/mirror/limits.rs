//! Server readings, allowances and daily counts.

use halyard_mirror::{DAYS_KEPT, Mirror, MirrorError, SERVER_READINGS_KEPT};
use halyard_model::Timestamp;
use serde_json::{Value, json};

use crate::samples::{connection, environment, furnished, id, key};

async fn readings(mirror: &Mirror) -> Vec<i64> {
    mirror.server_readings(&id("shop")).await.unwrap()
}

#[tokio::test]
async fn the_newest_readings_of_a_server_stay() {
    let mirror = furnished().await;
    mirror
        .save_connection(&connection("other"), &[environment("staging")])
        .await
        .unwrap();
    mirror
        .record_server_reading(&id("other"), Timestamp(5), &5)
        .await
        .unwrap();
    let kept = i64::from(SERVER_READINGS_KEPT);
    for at in 0..kept + 5 {
        mirror
            .record_server_reading(&id("shop"), Timestamp(at), &at)
            .await
            .unwrap();
    }
    let newest_first: Vec<i64> = (5..kept + 5).rev().collect();
    assert_eq!(readings(&mirror).await, newest_first);
    let other: Vec<i64> = mirror.server_readings(&id("other")).await.unwrap();
    assert_eq!(other, [5], "each connection has its own");

    // The clock was set back: what claims to be newer is not.
    mirror
        .record_server_reading(&id("shop"), Timestamp(7), &-7)
        .await
        .unwrap();
    assert_eq!(readings(&mirror).await, [-7, 6, 5]);

    mirror
        .record_server_reading(&id("nobody"), Timestamp(1), &1)
        .await
        .unwrap();
    assert_eq!(
        mirror.server_readings::<i64>(&id("nobody")).await.unwrap(),
        Vec::<i64>::new()
    );
    mirror.delete_connection(&id("shop")).await.unwrap();
    assert_eq!(readings(&mirror).await, Vec::<i64>::new());
}

#[tokio::test]
async fn allowances_are_replaced_and_go_with_their_environment() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    for flags in [1, 2] {
        mirror
            .save_allowances(&shop, &staging, &json!({"flags": flags}))
            .await
            .unwrap();
    }
    let kept: Vec<Value> = mirror.allowances(&shop).await.unwrap();
    assert_eq!(kept, [json!({"flags": 2})]);
    let refused = mirror.save_allowances(&shop, &key("gone"), &1).await;
    assert!(matches!(refused, Err(MirrorError::Missing)), "{refused:?}");
    mirror
        .replace_environments(&shop, &[environment("production")])
        .await
        .unwrap();
    assert_eq!(
        mirror.allowances::<Value>(&shop).await.unwrap(),
        Vec::<Value>::new()
    );
}

#[tokio::test]
async fn a_day_has_one_row_and_the_newest_days_stay() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    let kept = i64::from(DAYS_KEPT);
    for day in 0..kept + 3 {
        for part in ["morning", "evening"] {
            mirror
                .save_daily_counts(&shop, &staging, day, &format!("{part} {day}"))
                .await
                .unwrap();
        }
    }
    let days: Vec<(i64, String)> = mirror.daily_counts(&shop, &staging).await.unwrap();
    assert_eq!(days.len(), DAYS_KEPT as usize);
    assert_eq!(days[0], (kept + 2, format!("evening {}", kept + 2)));
    assert_eq!(days.last(), Some(&(3, "evening 3".into())));
    mirror
        .save_daily_counts(&shop, &staging, 4, "anew")
        .await
        .unwrap();
    let days: Vec<(i64, String)> = mirror.daily_counts(&shop, &staging).await.unwrap();
    assert_eq!(days, [(4, "anew".to_owned()), (3, "evening 3".to_owned())]);
    let other = mirror.daily_counts::<String>(&shop, &key("production")).await;
    assert_eq!(other.unwrap(), Vec::<(i64, String)>::new());
}
