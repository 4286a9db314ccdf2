//! What is typed and not sent.

use halyard_mirror::{MirrorError, MirrorKey, Unsent};

use crate::samples::{connection, furnished, id, open_ready};

fn typed(owner: &str, subject: &str, record: &str) -> Unsent {
    Unsent {
        connection: id(owner),
        subject: subject.into(),
        record: record.into(),
    }
}

#[tokio::test]
async fn the_last_that_was_typed_about_a_subject_is_kept_through_restarts_and_encryption() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    mirror.save_connection(&connection("shop"), &[]).await.unwrap();
    let (first, last) = (
        typed("shop", "staging\0a", "{}"),
        typed("shop", "staging\0a", "Größe 🎈"),
    );
    let other = typed("shop", "staging\0b", "[]");
    for unsent in [&first, &other, &last] {
        mirror.keep_unsent(unsent).await.unwrap();
    }
    let key = MirrorKey::generate().unwrap();
    mirror.encrypt(&key).await.unwrap();
    mirror.close().await;
    let (mirror, _) = halyard_mirror::Mirror::open(directory.path(), Some(&key))
        .await
        .unwrap();
    assert_eq!(mirror.unsent().await.unwrap(), [last.clone(), other]);
    mirror.drop_unsent(&id("shop"), "staging\0b").await.unwrap();
    mirror.drop_unsent(&id("shop"), "staging\0b").await.unwrap();
    assert_eq!(mirror.unsent().await.unwrap(), [last]);
    mirror.close().await;
}

#[tokio::test]
async fn it_goes_with_its_connection() {
    let mirror = furnished().await;
    mirror.keep_unsent(&typed("shop", "a", "{}")).await.unwrap();
    let refused = mirror.keep_unsent(&typed("nobody", "a", "{}")).await;
    assert!(matches!(refused, Err(MirrorError::Missing)), "{refused:?}");
    mirror.delete_connection(&id("shop")).await.unwrap();
    assert_eq!(mirror.unsent().await.unwrap(), []);
}
