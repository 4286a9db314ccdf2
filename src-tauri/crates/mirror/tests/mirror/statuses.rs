//! Fetch states and settings.

use halyard_model::{FetchStatus, Timestamp};
use serde_json::json;

use crate::samples::{furnished, id, key};

#[tokio::test]
async fn the_state_of_fetching_is_kept_for_each_environment() {
    let mirror = furnished().await;
    let (shop, staging, production) = (id("shop"), key("staging"), key("production"));
    assert_eq!(
        mirror.fetch_status(&shop, &staging).await.unwrap(),
        FetchStatus::default()
    );

    let fetched = FetchStatus::default().succeeded(Timestamp(10), true);
    let failing = fetched.failed(Timestamp(20), "refused".into(), true, Some(Timestamp(90)));
    mirror.save_fetch_status(&shop, &staging, &fetched).await.unwrap();
    mirror.save_fetch_status(&shop, &staging, &failing).await.unwrap();
    mirror
        .save_fetch_status(&shop, &production, &fetched)
        .await
        .unwrap();
    assert_eq!(mirror.fetch_status(&shop, &staging).await.unwrap(), failing);
    assert_eq!(mirror.fetch_status(&shop, &production).await.unwrap(), fetched);
}

#[tokio::test]
async fn settings_hold_any_value_and_forget_a_shape_that_is_no_longer_asked_for() {
    let mirror = furnished().await;
    assert_eq!(mirror.setting::<String>("theme").await.unwrap(), None);
    mirror.save_setting("theme", "dark").await.unwrap();
    mirror.save_setting("theme", "light").await.unwrap();
    mirror
        .save_setting("personas", &json!([{"identifier": "ada"}]))
        .await
        .unwrap();
    assert_eq!(
        mirror.setting::<String>("theme").await.unwrap().as_deref(),
        Some("light")
    );
    assert_eq!(
        mirror.setting::<serde_json::Value>("personas").await.unwrap(),
        Some(json!([{"identifier": "ada"}]))
    );
    assert_eq!(mirror.setting::<u32>("theme").await.unwrap(), None);
}
