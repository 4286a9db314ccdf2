//! A snapshot file comes in while everybody else goes on.

use halyard_mirror::{Import, Mirror, MirrorError, MirrorKey, MomentFilter, STRETCH_MOMENTS};

use crate::history_accidents::day;
use crate::import_samples::{
    COLLEAGUE, MOMENTS, colleague, expect_imported, furnish_with_a_past, moment, read, rows, timeline,
    write_file,
};
use crate::samples::{edit, environment, id, open_ready};

async fn begun(mirror: &Mirror) -> Import {
    mirror
        .begin_import(&colleague(), &[environment("staging")])
        .await
        .unwrap()
}

/// Nothing of what comes in is in any list.
async fn expect_unseen(mirror: &Mirror) {
    let connections = mirror.connections().await.unwrap();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].id, id("shop"));
    assert_eq!(mirror.connection(&id(COLLEAGUE)).await.unwrap(), None);
    let all = MomentFilter {
        limit: 10_000,
        ..MomentFilter::default()
    };
    let moments = mirror.moments(&all).await.unwrap();
    assert_eq!(moments.len(), timeline(mirror, "shop").await.len());
    assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
}

#[tokio::test]
async fn others_read_and_write_while_a_file_comes_in() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish_with_a_past(&mirror).await;
    let past = timeline(&mirror, "shop").await.len();
    let moments = read(write_file((1..=MOMENTS).map(moment)));
    let mut import = begun(&mirror).await;
    let mut written = 0;
    for stretch in moments.chunks(STRETCH_MOMENTS) {
        import.add(stretch.to_vec()).await.unwrap();
        written += 1;
        // Each of these would wait in vain if the import held the only writer.
        mirror
            .save_edit(&edit(&format!("e{written}"), "shop", "flag_2", written))
            .await
            .unwrap();
        mirror
            .store_snapshot(&id("shop"), &day(50_000 + written))
            .await
            .unwrap();
        expect_unseen(&mirror).await;
        // Another process leaves what is not finished alone, and begins nothing itself.
        let other = open_ready(directory.path()).await;
        expect_unseen(&other).await;
        let refused = other.begin_import(&colleague(), &[]).await.err();
        assert!(matches!(refused, Some(MirrorError::Busy)), "{refused:?}");
        other.close().await;
    }
    assert!(written > 2, "the file comes in several stretches");
    import.finish().await.unwrap();
    expect_imported(&mirror).await;
    assert_eq!(
        timeline(&mirror, "shop").await.len() as i64,
        past as i64 + written,
        "what was refreshed meanwhile is there"
    );
    assert_eq!(mirror.open_edits(None).await.unwrap().len() as i64, 1 + written);
    assert_eq!(mirror.check_history().await.unwrap(), []);
    mirror.close().await;
}

#[tokio::test]
async fn the_file_is_encrypted_while_another_comes_in() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish_with_a_past(&mirror).await;
    let moments = read(write_file((1..=MOMENTS).map(moment)));
    let (first, second) = moments.split_at(90);
    let mut import = begun(&mirror).await;
    import.add(first.to_vec()).await.unwrap();
    let key = MirrorKey::generate().unwrap();
    mirror.encrypt(&key).await.unwrap();
    import.add(second.to_vec()).await.unwrap();
    expect_unseen(&mirror).await;
    import.finish().await.unwrap();
    expect_imported(&mirror).await;
    mirror.close().await;
    let (mirror, _) = Mirror::open(directory.path(), Some(&key)).await.unwrap();
    expect_imported(&mirror).await;
    assert_eq!(mirror.check_history().await.unwrap(), []);
    mirror.close().await;
}

#[tokio::test]
async fn an_import_that_is_given_up_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish_with_a_past(&mirror).await;
    let before = rows(directory.path()).await;
    let moments = read(write_file((1..=MOMENTS).map(moment)));

    let mut import = begun(&mirror).await;
    import.add(moments[..100].to_vec()).await.unwrap();
    assert_ne!(rows(directory.path()).await, before);
    import.abandon().await.unwrap();
    assert_eq!(rows(directory.path()).await, before, "abandoned");

    begun(&mirror).await.finish().await.unwrap();
    assert_eq!(rows(directory.path()).await, before, "without any moment");

    let mut other = moments[0].clone();
    other.moment.connection = id("shop");
    let mut import = begun(&mirror).await;
    let refused = import.add(vec![moments[0].clone(), other]).await;
    assert!(matches!(refused, Err(MirrorError::Missing)), "{refused:?}");
    import.abandon().await.unwrap();
    assert_eq!(rows(directory.path()).await, before, "of another connection");

    let mut import = begun(&mirror).await;
    import.add(moments[..100].to_vec()).await.unwrap();
    drop(import);
    expect_unseen(&mirror).await;
    let mut import = begun(&mirror).await;
    import.add(moments).await.unwrap();
    import.finish().await.unwrap();
    expect_imported(&mirror).await;
    mirror.delete_connection(&id(COLLEAGUE)).await.unwrap();
    assert_eq!(rows(directory.path()).await, before, "what was dropped is gone");

    let mut import = begun(&mirror).await;
    import.add(read(write_file((1..=9).map(moment)))).await.unwrap();
    drop(import);
    mirror.close().await;
    let mirror = open_ready(directory.path()).await;
    assert_eq!(
        rows(directory.path()).await,
        before,
        "removed at the next opening"
    );
    mirror.close().await;
}
