//! A file with a key: which combinations of file and key open, and what
//! becomes of a file that does not.

use std::fs;
use std::path::{Path, PathBuf};

use halyard_mirror::{KeyTrouble, Mirror, MirrorError, MirrorKey, Opened, SetAsideReason};

use crate::samples::{furnish, id, key as environment_key, open_ready, snapshot};

fn file(directory: &Path) -> PathBuf {
    directory.join("mirror.sqlite")
}

/// An encrypted mirror with a snapshot, closed.
async fn filled(directory: &Path, key: &MirrorKey) {
    let (mirror, opened) = Mirror::open(directory, Some(key)).await.unwrap();
    assert_eq!(opened, Opened::Ready);
    furnish(&mirror).await;
    let names: Vec<String> = (0..60).map(|number| format!("flag_{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let held = snapshot("staging", &names, 100);
    mirror.store_snapshot(&id("shop"), &held).await.unwrap();
    mirror.close().await;
}

async fn flags_of(mirror: &Mirror) -> usize {
    let flags = mirror.flags(&id("shop"), &environment_key("staging")).await;
    flags.unwrap().len()
}

fn expect_locked<T: std::fmt::Debug>(answer: Result<T, MirrorError>, trouble: KeyTrouble) {
    match answer {
        Err(MirrorError::Locked(found)) => assert_eq!(found, trouble),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_the_right_key_wrote_only_the_right_key_reads() {
    let directory = tempfile::tempdir().unwrap();
    let (right, other) = (MirrorKey::generate().unwrap(), MirrorKey::generate().unwrap());
    assert_eq!(
        Mirror::key_needed(directory.path()).unwrap(),
        None,
        "nothing is there"
    );
    filled(directory.path(), &right).await;
    let needed = Mirror::key_needed(directory.path()).unwrap();
    assert_eq!(needed, Some(right.id()));

    let before = fs::read(file(directory.path())).unwrap();
    expect_locked(Mirror::open(directory.path(), None).await, KeyTrouble::Missing);
    expect_locked(
        Mirror::open(directory.path(), Some(&other)).await,
        KeyTrouble::Wrong,
    );
    assert!(fs::read(file(directory.path())).unwrap() == before, "not touched");
    let names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "the file and the lock: {names:?}");

    // As it comes back from a keychain.
    let again = MirrorKey::parse(right.expose()).unwrap();
    let (mirror, opened) = Mirror::open(directory.path(), Some(&again)).await.unwrap();
    assert_eq!(opened, Opened::Ready);
    assert_eq!(mirror.encrypted_with().await.unwrap(), Some(right.id()));
    assert_eq!(flags_of(&mirror).await, 60);
    assert!(!format!("{mirror:?} {mirror:#?}").contains(right.expose()));
    mirror.close().await;
}

#[tokio::test]
async fn a_plain_file_opens_as_it_is_whatever_key_is_at_hand() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    mirror.close().await;
    let key = MirrorKey::generate().unwrap();
    let (mirror, opened) = Mirror::open(directory.path(), Some(&key)).await.unwrap();
    assert_eq!(opened, Opened::Ready);
    assert_eq!(mirror.encrypted_with().await.unwrap(), None);
    assert_eq!(mirror.connections().await.unwrap().len(), 1);
    mirror.close().await;
    assert!(
        fs::read(file(directory.path()))
            .unwrap()
            .starts_with(b"SQLite format 3\0")
    );
}

#[tokio::test]
async fn what_stands_in_for_a_locked_file_opens_it_when_the_key_comes() {
    let directory = tempfile::tempdir().unwrap();
    let (right, other) = (MirrorKey::generate().unwrap(), MirrorKey::generate().unwrap());
    filled(directory.path(), &right).await;
    let mirror = Mirror::locked(directory.path(), KeyTrouble::Missing)
        .await
        .unwrap();
    let clone = mirror.clone();
    expect_locked(clone.connections().await, KeyTrouble::Missing);
    expect_locked(clone.save_setting("theme", "dark").await, KeyTrouble::Missing);
    expect_locked(mirror.unlock(Some(&other)).await, KeyTrouble::Wrong);
    expect_locked(clone.connections().await, KeyTrouble::Wrong);
    assert_eq!(mirror.unlock(Some(&right)).await.unwrap(), Opened::Ready);
    assert_eq!(flags_of(&clone).await, 60);
    let again = mirror.unlock(None).await;
    assert_eq!(again.unwrap(), Opened::Ready, "it is open already");
    mirror.close().await;
}

#[tokio::test]
async fn beginning_anew_keeps_the_old_file_under_another_name() {
    let directory = tempfile::tempdir().unwrap();
    let (lost, new) = (MirrorKey::generate().unwrap(), MirrorKey::generate().unwrap());
    filled(directory.path(), &lost).await;
    let before = fs::read(file(directory.path())).unwrap();
    let mirror = Mirror::locked(directory.path(), KeyTrouble::Missing)
        .await
        .unwrap();
    let expected = Opened::SetAside {
        kept_as: directory.path().join("mirror.locked-1.sqlite"),
        why: SetAsideReason::Locked,
    };
    assert_eq!(mirror.begin_anew(Some(&new)).await.unwrap(), expected);
    assert_eq!(mirror.connections().await.unwrap(), []);
    assert_eq!(mirror.encrypted_with().await.unwrap(), Some(new.id()));
    let twice = mirror.begin_anew(Some(&new)).await;
    assert!(
        matches!(twice, Err(MirrorError::Busy)),
        "only what is locked: {twice:?}"
    );
    mirror.close().await;
    let kept = directory.path().join("mirror.locked-1.sqlite");
    assert!(fs::read(&kept).unwrap() == before);

    // With the key found again, it is what it was.
    fs::remove_file(file(directory.path())).unwrap();
    fs::rename(kept, file(directory.path())).unwrap();
    let (mirror, _) = Mirror::open(directory.path(), Some(&lost)).await.unwrap();
    assert_eq!(flags_of(&mirror).await, 60);
    mirror.close().await;
}

/// Where the name of its key is broken, it seems to be another key's file.
#[tokio::test]
async fn a_bit_flipped_anywhere_is_found_and_the_file_kept() {
    let origin = tempfile::tempdir().unwrap();
    let key = MirrorKey::generate().unwrap();
    filled(origin.path(), &key).await;
    let whole = fs::read(file(origin.path())).unwrap();
    let places: Vec<usize> = (0..whole.len())
        .step_by(1_021)
        .chain([3, 12, 16, 4_095])
        .collect();
    let mut unnoticed = Vec::new();
    for place in &places {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        bytes[*place] ^= 0x10;
        fs::write(file(directory.path()), &bytes).unwrap();
        let kept = match Mirror::open(directory.path(), Some(&key)).await {
            Ok((mirror, Opened::SetAside { kept_as, why })) => {
                assert_eq!(why, SetAsideReason::Damaged);
                mirror.close().await;
                kept_as
            }
            Ok((mirror, _)) if *place < 8 => {
                // The mark alone is broken, and the key shows whose it is.
                assert_eq!(flags_of(&mirror).await, 60);
                mirror.close().await;
                continue;
            }
            Ok((mirror, _)) => {
                unnoticed.push(*place);
                mirror.close().await;
                continue;
            }
            Err(MirrorError::Locked(KeyTrouble::Wrong)) => {
                assert!((8..16).contains(place), "{place}");
                file(directory.path())
            }
            Err(error) => panic!("{place}: {error:?}"),
        };
        assert!(fs::read(kept).unwrap() == bytes, "{place}");
    }
    assert!(places.len() > 50, "{} places", places.len());
    assert_eq!(unnoticed, Vec::<usize>::new());
}

#[tokio::test]
async fn a_page_of_another_moment_or_another_file_is_found() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (key, other_key) = (MirrorKey::generate().unwrap(), MirrorKey::generate().unwrap());
    filled(one.path(), &key).await;
    filled(other.path(), &other_key).await;
    let mut mixed = fs::read(file(one.path())).unwrap();
    let foreign = fs::read(file(other.path())).unwrap();
    mixed[4_096 * 5..4_096 * 6].copy_from_slice(&foreign[4_096 * 5..4_096 * 6]);
    fs::write(file(one.path()), &mixed).unwrap();
    let (mirror, opened) = Mirror::open(one.path(), Some(&key)).await.unwrap();
    assert!(matches!(opened, Opened::SetAside { .. }), "{opened:?}");
    mirror.close().await;
}
