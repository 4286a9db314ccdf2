//! Connections and their environments.

use halyard_mirror::MirrorError;
use halyard_model::{Endpoint, FetchStatus, Protection, Timestamp};

use crate::samples::{connection, edit, environment, flag_key, furnished, id, key, snapshot};

#[tokio::test]
async fn connections_come_back_as_they_were_saved_and_in_the_order_of_making() {
    let mirror = furnished().await;
    let mut edgeflags = connection("another");
    edgeflags.endpoint = Endpoint::EdgeFlags {
        base: "https://edgeflags.example".into(),
        ca_bundle: None,
    };
    edgeflags.organisation = None;
    edgeflags.demo = true;
    mirror.save_connection(&edgeflags, &[]).await.unwrap();

    let mut renamed = connection("shop");
    renamed.name = "Renamed".into();
    mirror.save_connection(&renamed, &[]).await.unwrap();

    assert_eq!(mirror.connections().await.unwrap(), [renamed, edgeflags.clone()]);
    assert_eq!(mirror.connection(&id("another")).await.unwrap(), Some(edgeflags));
    assert_eq!(mirror.connection(&id("nobody")).await.unwrap(), None);
}

#[tokio::test]
async fn environments_keep_the_order_in_which_they_are_given() {
    let mirror = furnished().await;
    for names in [vec!["c", "a", "b"], vec!["b", "c"], vec!["a", "b", "c"], vec![]] {
        let environments: Vec<_> = names.iter().map(|name| environment(name)).collect();
        mirror
            .replace_environments(&id("shop"), &environments)
            .await
            .unwrap();
        assert_eq!(mirror.environments(&id("shop")).await.unwrap(), environments);
    }
}

#[tokio::test]
async fn protection_belongs_to_the_user() {
    let mirror = furnished().await;
    let shop = id("shop");
    let protections = async || -> Vec<Protection> {
        let environments = mirror.environments(&shop).await.unwrap();
        environments
            .iter()
            .map(|environment| environment.protection)
            .collect()
    };
    assert_eq!(protections().await, [Protection::None, Protection::Confirm]);

    mirror
        .set_protection(&shop, &key("production"), Protection::None)
        .await
        .unwrap();
    mirror
        .set_protection(&shop, &key("staging"), Protection::TypeName)
        .await
        .unwrap();
    let mut renamed = environment("production");
    renamed.name = "Live".into();
    mirror
        .save_connection(&connection("shop"), &[environment("staging"), renamed.clone()])
        .await
        .unwrap();
    assert_eq!(
        protections().await,
        [Protection::TypeName, Protection::None],
        "saving again does not take back what the user chose"
    );
    mirror
        .replace_environments(&shop, &[renamed, environment("live")])
        .await
        .unwrap();
    assert_eq!(protections().await, [Protection::None, Protection::Confirm]);
    assert_eq!(mirror.environments(&shop).await.unwrap()[0].name, "Live");

    let unknown = mirror.set_protection(&shop, &key("gone"), Protection::None).await;
    assert!(matches!(unknown, Err(MirrorError::Missing)), "{unknown:?}");
}

#[tokio::test]
async fn an_environment_that_vanished_takes_its_snapshot_along_and_leaves_its_edits() {
    let mirror = furnished().await;
    let (shop, staging) = (id("shop"), key("staging"));
    mirror
        .store_snapshot(&shop, &snapshot("staging", &["a"], 10))
        .await
        .unwrap();
    mirror.save_edit(&edit("e", "shop", "a", 1)).await.unwrap();

    mirror
        .replace_environments(&shop, &[environment("production")])
        .await
        .unwrap();
    assert_eq!(mirror.snapshot_facts(&shop, &staging).await.unwrap(), None);
    assert_eq!(mirror.open_edits(None).await.unwrap().len(), 1);

    mirror
        .replace_environments(&shop, &[environment("staging"), environment("production")])
        .await
        .unwrap();
    assert_eq!(
        mirror.flags(&shop, &staging).await.unwrap(),
        [],
        "the flags of before do not come back with the name"
    );
}

#[tokio::test]
async fn deleting_a_connection_deletes_all_of_it_and_nothing_else() {
    let mirror = furnished().await;
    mirror
        .save_connection(&connection("other"), &[environment("staging")])
        .await
        .unwrap();
    let staging = key("staging");
    for name in ["shop", "other"] {
        mirror
            .store_snapshot(&id(name), &snapshot("staging", &["a"], 10))
            .await
            .unwrap();
        mirror.save_edit(&edit(name, name, "a", 1)).await.unwrap();
        let status = FetchStatus::default().succeeded(Timestamp(10), true);
        mirror
            .save_fetch_status(&id(name), &staging, &status)
            .await
            .unwrap();
    }
    mirror.delete_connection(&id("shop")).await.unwrap();
    mirror.delete_connection(&id("shop")).await.unwrap();

    for (name, left) in [("shop", false), ("other", true)] {
        let id = id(name);
        assert_eq!(mirror.connection(&id).await.unwrap().is_some(), left);
        assert_eq!(!mirror.environments(&id).await.unwrap().is_empty(), left);
        assert_eq!(mirror.document(&id, &staging).await.unwrap().is_some(), left);
        assert_eq!(!mirror.flags(&id, &staging).await.unwrap().is_empty(), left);
        assert_eq!(!mirror.segments(&id, &staging).await.unwrap().is_empty(), left);
        assert_eq!(
            mirror.fetch_status(&id, &staging).await.unwrap() != FetchStatus::default(),
            left
        );
        let edits = mirror
            .edits_for_flag(&id, &staging, &flag_key("a"))
            .await
            .unwrap();
        assert_eq!(!edits.is_empty(), left);
    }
}

/// A refresh may come home after its connection was deleted.
#[tokio::test]
async fn nothing_is_stored_for_what_is_not_there() {
    let mirror = furnished().await;
    let (shop, gone, staging) = (id("shop"), id("gone"), key("staging"));
    let status = FetchStatus::default();
    let answers = [
        mirror
            .store_snapshot(&gone, &snapshot("staging", &["a"], 1))
            .await
            .map(|_| ()),
        mirror
            .store_snapshot(&shop, &snapshot("gone", &["a"], 1))
            .await
            .map(|_| ()),
        mirror.save_fetch_status(&shop, &key("gone"), &status).await,
        mirror
            .store_flag(&shop, &staging, &crate::samples::flag("a"), Timestamp(1))
            .await,
        mirror.save_edit(&edit("e", "gone", "a", 1)).await,
        mirror
            .replace_environments(&gone, &[environment("staging")])
            .await,
    ];
    for (index, answer) in answers.iter().enumerate() {
        assert!(
            matches!(answer, Err(MirrorError::Missing)),
            "write {index}: {answer:?}"
        );
    }
    assert_eq!(
        mirror.connections().await.unwrap().len(),
        1,
        "and the mirror still answers"
    );
}
