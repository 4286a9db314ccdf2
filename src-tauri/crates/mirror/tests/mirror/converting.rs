//! Encrypting a mirror in use, and making it a plain one again: whatever
//! happens meanwhile, there is one whole file.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use halyard_mirror::{Mirror, MirrorError, MirrorKey, Opened, Stored};
use halyard_model::{Edit, Snapshot, Timestamp};

use crate::full::SmallDisk;
use crate::killed::Random;
use crate::samples::{edit, furnish, id, key as environment_key, open_ready, run_raw, snapshot};

const DIRECTORY: &str = "HALYARD_TEST_CONVERTED";
const KEY: &str = "HALYARD_TEST_CONVERTED_KEY";
/// Kills of a process that does nothing but convert.
const KILLS: u32 = 60;
/// In the content of every mirror here.
const PLANTED: &str = "planted-Zq7Wm3Kd9fT2";

fn file(directory: &Path) -> PathBuf {
    directory.join("mirror.sqlite")
}

/// A snapshot with many flags, and with what is planted in its document.
fn held(flags: usize) -> Snapshot {
    let names: Vec<String> = (0..flags).map(|number| format!("flag_{number:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut held = snapshot("staging", &names, 100);
    held.document = format!(
        "{{\"planted\":\"{PLANTED}\",\"padding\":\"{}\"}}",
        "p".repeat(flags * 900)
    );
    held
}

fn kept_edit() -> Edit {
    edit("e", "shop", "flag_0001", 1)
}

async fn fill(mirror: &Mirror, flags: usize) {
    furnish(mirror).await;
    mirror.store_snapshot(&id("shop"), &held(flags)).await.unwrap();
    mirror.save_edit(&kept_edit()).await.unwrap();
}

/// Everything is there, and what is there can be written to.
async fn expect_whole(mirror: &Mirror, flags: usize) {
    let (shop, staging) = (id("shop"), environment_key("staging"));
    let expected = held(flags);
    assert_eq!(mirror.flags(&shop, &staging).await.unwrap(), expected.flags);
    assert_eq!(mirror.segments(&shop, &staging).await.unwrap(), expected.segments);
    assert!(mirror.document(&shop, &staging).await.unwrap() == Some(expected.document.clone()));
    assert_eq!(mirror.open_edits(None).await.unwrap(), [kept_edit()]);
    assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
    mirror.save_setting("written", "afterwards").await.unwrap();
    let again = mirror.store_snapshot(&shop, &expected).await.unwrap();
    assert_eq!(again, Stored::Unchanged);
}

/// The names in a directory that hold what was planted.
fn plain_text_in(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes
            .windows(PLANTED.len())
            .any(|window| window == PLANTED.as_bytes())
        {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn there_and_back_it_holds_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 300).await;
    let clone = mirror.clone();
    assert!(
        !plain_text_in(directory.path()).is_empty(),
        "the search finds what is there"
    );
    let key = MirrorKey::generate().unwrap();
    for round in 0..2 {
        mirror.encrypt(&key).await.unwrap();
        assert_eq!(mirror.encrypted_with().await.unwrap(), Some(key.id()));
        expect_whole(&clone, 300).await;
        assert_eq!(
            plain_text_in(directory.path()),
            Vec::<String>::new(),
            "round {round}"
        );
        mirror.encrypt(&key).await.unwrap();
        mirror.close().await;
        assert_eq!(names_in(directory.path()), ["mirror.lock", "mirror.sqlite"]);
        assert_eq!(
            plain_text_in(directory.path()),
            Vec::<String>::new(),
            "round {round}, closed"
        );

        let (again, opened) = Mirror::open(directory.path(), Some(&key)).await.unwrap();
        assert_eq!(opened, Opened::Ready);
        expect_whole(&again, 300).await;
        again.decrypt().await.unwrap();
        assert_eq!(again.encrypted_with().await.unwrap(), None);
        expect_whole(&again, 300).await;
        again.decrypt().await.unwrap();
        again.close().await;
        expect_whole(&open_ready(directory.path()).await, 300).await;
        if round == 0 {
            break;
        }
    }
}

/// With another key, everything is written once more.
#[tokio::test]
async fn a_key_can_be_exchanged() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (MirrorKey::generate().unwrap(), MirrorKey::generate().unwrap());
    let (mirror, _) = Mirror::open(directory.path(), Some(&old)).await.unwrap();
    fill(&mirror, 20).await;
    mirror.encrypt(&new).await.unwrap();
    expect_whole(&mirror, 20).await;
    mirror.close().await;
    let refused = Mirror::open(directory.path(), Some(&old)).await;
    assert!(matches!(refused, Err(MirrorError::Locked(_))), "{refused:?}");
    let (mirror, _) = Mirror::open(directory.path(), Some(&new)).await.unwrap();
    expect_whole(&mirror, 20).await;
}

/// The blocks of the old file, as far as another name for it still shows them.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_a_backup_shares_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let backup = tempfile::tempdir_in(directory.path().parent().unwrap()).unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 20).await;
    mirror.close().await;
    let shared = backup.path().join("mirror.sqlite");
    fs::hard_link(file(directory.path()), &shared).unwrap();
    let before = fs::read(&shared).unwrap();
    let mirror = open_ready(directory.path()).await;
    mirror.encrypt(&MirrorKey::generate().unwrap()).await.unwrap();
    assert!(fs::read(&shared).unwrap() == before);
    mirror.close().await;
}

/// Somebody holds the old file open, which is how its blocks can still be seen.
#[cfg(unix)]
#[tokio::test]
async fn the_plain_file_is_overwritten_when_it_is_given_up() {
    use std::io::Read as _;
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 20).await;
    mirror.close().await;
    let mut watched = fs::File::open(file(directory.path())).unwrap();
    let mirror = open_ready(directory.path()).await;
    mirror.encrypt(&MirrorKey::generate().unwrap()).await.unwrap();
    mirror.close().await;
    let mut left = Vec::new();
    watched.read_to_end(&mut left).unwrap();
    assert!(left.len() > 10_000 && left.iter().all(|byte| *byte == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_and_writes_meanwhile_waits_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 60).await;
    let key = MirrorKey::generate().unwrap();
    let writer = mirror.clone();
    let writing = tokio::spawn(async move {
        let mut written = 0_u32;
        while written < 100 {
            writer
                .save_setting(&format!("setting {written}"), "x")
                .await
                .unwrap();
            assert_eq!(
                writer
                    .flags(&id("shop"), &environment_key("staging"))
                    .await
                    .unwrap()
                    .len(),
                60
            );
            written += 1;
        }
    });
    let mut conversions = 0;
    while !writing.is_finished() {
        mirror.encrypt(&key).await.unwrap();
        mirror.decrypt().await.unwrap();
        conversions += 2;
    }
    writing.await.unwrap();
    for number in 0..100 {
        let kept: Option<String> = mirror.setting(&format!("setting {number}")).await.unwrap();
        assert_eq!(kept.as_deref(), Some("x"), "{number}");
    }
    assert!(conversions > 1, "{conversions} conversions");
    mirror.close().await;
}

#[tokio::test]
async fn while_another_uses_the_file_nothing_is_converted() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 20).await;
    let key = MirrorKey::generate().unwrap();

    let other = open_ready(directory.path()).await;
    let refused = mirror.encrypt(&key).await;
    assert!(matches!(refused, Err(MirrorError::Busy)), "{refused:?}");
    expect_whole(&mirror, 20).await;
    expect_whole(&other, 20).await;
    other.close().await;
    drop(other);

    // Some other program, which knows nothing of the lock.
    let raw = crate::samples::raw(&file(directory.path())).await;
    let mut raw = raw;
    sqlx::query("SELECT count(*) FROM flags")
        .execute(&mut raw)
        .await
        .unwrap();
    let refused = mirror.encrypt(&key).await;
    assert!(matches!(refused, Err(MirrorError::Busy)), "{refused:?}");
    expect_whole(&mirror, 20).await;
    sqlx::Connection::close(raw).await.unwrap();

    mirror.encrypt(&key).await.unwrap();
    expect_whole(&mirror, 20).await;
    assert!(!directory.path().join("mirror.sqlite-converting").exists());
    mirror.close().await;
}

#[tokio::test]
async fn rows_that_nobody_can_read_are_converted_too() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 20).await;
    mirror.close().await;
    run_raw(
        &file(directory.path()),
        "UPDATE flags SET record = CAST(x'7bff' AS TEXT) WHERE ordinal = 8",
    )
    .await;
    let mirror = open_ready(directory.path()).await;
    let before = mirror.unreadable_rows().await.unwrap();
    assert_eq!(before.len(), 1);
    mirror.encrypt(&MirrorKey::generate().unwrap()).await.unwrap();
    assert_eq!(mirror.unreadable_rows().await.unwrap(), before);
    mirror.close().await;
}

#[tokio::test]
async fn what_a_conversion_left_that_was_cut_off_goes_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 20).await;
    mirror.close().await;
    for name in ["mirror.sqlite-converting", "mirror.sqlite-converting-journal"] {
        fs::write(directory.path().join(name), PLANTED).unwrap();
    }
    let (mirror, opened) = Mirror::open(directory.path(), None).await.unwrap();
    assert_eq!(opened, Opened::Unconverted);
    expect_whole(&mirror, 20).await;
    mirror.close().await;
    assert_eq!(names_in(directory.path()), ["mirror.lock", "mirror.sqlite"]);

    // Where the file itself is gone, the other may be all there is.
    fs::rename(
        file(directory.path()),
        directory.path().join("mirror.sqlite-converting"),
    )
    .unwrap();
    open_ready(directory.path()).await.close().await;
    assert!(directory.path().join("mirror.sqlite-converting").exists());
}

#[tokio::test]
async fn without_room_for_both_the_file_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mounted_at(directory.path()) else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 80).await;
    let room = directory.path().join("room");
    let key = MirrorKey::generate().unwrap();
    let (mut refused, mut done) = (0, 0);
    for left_kib in (0..1_400_usize).step_by(60) {
        // All that there is, less what is to be left.
        let mut filler = vec![0_u8; 2 << 20];
        let _ = fs::write(&room, &filler);
        let taken = fs::metadata(&room).unwrap().len() as usize;
        filler.truncate(taken.saturating_sub(left_kib << 10));
        fs::write(&room, &filler).unwrap();

        let is_plain = mirror.encrypted_with().await.unwrap().is_none();
        let answer = match is_plain {
            true => mirror.encrypt(&key).await,
            false => mirror.decrypt().await,
        };
        match answer {
            Ok(()) => done += 1,
            Err(MirrorError::Full) => {
                refused += 1;
                assert_eq!(mirror.encrypted_with().await.unwrap().is_none(), is_plain);
            }
            Err(error) => panic!("{left_kib} KiB: {error:?}"),
        }
        fs::remove_file(&room).unwrap();
        expect_whole(&mirror, 80).await;
    }
    assert!(refused > 2 && done > 2, "{refused} refused, {done} done");
    println!("{refused} times refused for want of room, {done} times done");
    mirror.close().await;
    drop(disk);
}

/// Run again by the test below, and killed: converts to and fro.
#[tokio::test]
#[ignore = "a part of another test"]
async fn convert_until_killed() {
    let (Ok(directory), Ok(key)) = (std::env::var(DIRECTORY), std::env::var(KEY)) else {
        println!("skipped: nothing of its own");
        return;
    };
    let key = MirrorKey::parse(&key).unwrap();
    let (mirror, _) = Mirror::open(Path::new(&directory), Some(&key)).await.unwrap();
    println!("\nopen");
    for number in 0.. {
        // So that there is something to fold in.
        mirror.save_setting("turn", &format!("{number}")).await.unwrap();
        match mirror.encrypted_with().await.unwrap() {
            None => mirror.encrypt(&key).await.unwrap(),
            Some(_) => mirror.decrypt().await.unwrap(),
        }
        mirror
            .set_edit_state(&kept_edit().id, &kept_edit().state, Timestamp(1))
            .await
            .unwrap();
    }
}

fn start(directory: &Path, key: &MirrorKey) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "converting::convert_until_killed",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .env(KEY, key.expose())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn killed_while_converting_there_is_one_whole_file() {
    let directory = tempfile::tempdir().unwrap();
    let key = MirrorKey::generate().unwrap();
    let mirror = open_ready(directory.path()).await;
    fill(&mirror, 120).await;
    mirror.close().await;
    let mut random = Random::new();
    let (mut encrypted, mut cut_off) = (0, 0);
    for _ in 0..KILLS {
        let mut child = start(directory.path(), &key);
        let mut said = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        while said
            .next()
            .expect("the child converts until it is killed")
            .unwrap()
            != "open"
        {}
        std::thread::sleep(Duration::from_micros(random.below(400_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let needed = Mirror::key_needed(directory.path()).unwrap();
        encrypted += u32::from(needed.is_some());
        let (mirror, opened) = Mirror::open(directory.path(), Some(&key)).await.unwrap();
        assert!(
            matches!(opened, Opened::Ready | Opened::Unconverted),
            "{opened:?}"
        );
        cut_off += u32::from(opened == Opened::Unconverted);
        expect_whole(&mirror, 120).await;
        mirror.close().await;
        if needed.is_some() {
            assert_eq!(plain_text_in(directory.path()), Vec::<String>::new());
        }
    }
    println!("killed {KILLS} times: {encrypted} encrypted, {cut_off} cut off while writing");
    assert!(encrypted > 0 && encrypted < KILLS && cut_off > 0);
}
