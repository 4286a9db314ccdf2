//! A full disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use halyard_mirror::{Mirror, MirrorError};
use halyard_model::{Snapshot, Timestamp};

use crate::samples::{edit, furnish, id, key, open_ready, snapshot};

/// A small disk of its own, gone with the value.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mounted_at(path: &Path) -> Option<SmallDisk> {
        SmallDisk::of(path, "2m")
    }

    /// Of a size as `mount` takes it.
    pub(crate) fn of(path: &Path, size: &str) -> Option<SmallDisk> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "halyard-test"])
            .arg(path)
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| SmallDisk(path.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: in a test that failed the mirror's threads may still have its files open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn with_document(document: String, fetched_at: i64) -> Snapshot {
    Snapshot {
        document,
        ..snapshot("staging", &["a"], fetched_at)
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mounted_at(directory.path()) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    // Given back at the end: the filler may find nothing left to fill.
    let room = directory.path().join("room");
    std::fs::write(&room, vec![0_u8; 200_000]).unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    let held = snapshot("staging", &["a", "b"], 100);
    mirror.store_snapshot(&id("shop"), &held).await.unwrap();
    mirror.save_edit(&edit("e", "shop", "a", 1)).await.unwrap();

    let too_large = with_document("x".repeat(4_000_000), 200);
    for attempt in 0..3 {
        let answer = mirror.store_snapshot(&id("shop"), &too_large).await;
        assert!(
            matches!(answer, Err(MirrorError::Full)),
            "attempt {attempt}: {answer:?}"
        );
        expect_held(&mirror, &held).await;
    }
    mirror
        .set_edit_state(
            &edit("e", "shop", "a", 1).id,
            &halyard_model::EditState::Sent,
            Timestamp(2),
        )
        .await
        .expect("what still fits is still written");

    // Filled to the last byte by something else.
    let filler = directory.path().join("filler");
    let _ = std::fs::write(&filler, vec![0_u8; 4_000_000]);
    let mut refused = false;
    for number in 0..2_000 {
        match mirror
            .save_edit(&edit(&format!("e{number}"), "shop", "a", 3))
            .await
        {
            Ok(()) => {}
            Err(MirrorError::Full) => {
                refused = true;
                break;
            }
            Err(error) => panic!("edit {number}: {error:?}"),
        }
    }
    assert!(refused, "the disk did get full");
    let kept = mirror.open_edits(None).await.unwrap().len();
    expect_held(&mirror, &held).await;

    std::fs::remove_file(filler).unwrap();
    std::fs::remove_file(room).unwrap();
    mirror
        .save_setting("theme", "dark")
        .await
        .expect("with room again, writing goes on");
    mirror.close().await;
    let mirror = open_ready(directory.path()).await;
    expect_held(&mirror, &held).await;
    assert_eq!(mirror.open_edits(None).await.unwrap().len(), kept);
    mirror.close().await;
    drop(disk);
}

async fn expect_held(mirror: &Mirror, held: &Snapshot) {
    let (shop, staging) = (id("shop"), key("staging"));
    assert_eq!(mirror.flags(&shop, &staging).await.unwrap(), held.flags);
    assert_eq!(
        mirror.document(&shop, &staging).await.unwrap().as_ref(),
        Some(&held.document)
    );
}

/// No room for even an empty mirror: said so, and the next start with room works.
#[tokio::test]
async fn a_disk_that_is_full_from_the_start_is_said_to_be_so() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mounted_at(directory.path()) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let filler = directory.path().join("filler");
    let _ = std::fs::write(&filler, vec![0_u8; 4_000_000]);
    let answer = Mirror::open(directory.path(), None).await;
    assert!(matches!(answer, Err(MirrorError::Full)), "{answer:?}");
    std::fs::remove_file(filler).unwrap();
    open_ready(directory.path()).await.close().await;
    drop(disk);
}

/// Even reading needs a little room, for the index shared between readers.
#[tokio::test]
async fn a_disk_that_got_full_between_two_starts_is_said_to_be_so() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mounted_at(directory.path()) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    mirror.close().await;
    let filler = directory.path().join("filler");
    let _ = std::fs::write(&filler, vec![0_u8; 4_000_000]);
    let answer = Mirror::open(directory.path(), None).await;
    assert!(matches!(answer, Err(MirrorError::Full)), "{answer:?}");
    std::fs::remove_file(filler).unwrap();
    let mirror = open_ready(directory.path()).await;
    assert_eq!(mirror.connections().await.unwrap().len(), 1);
    mirror.close().await;
    drop(disk);
}
