//! Killed in the middle of writing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use halyard_mirror::{Mirror, Opened, Stored};
use halyard_model::{Edit, EditId, EditState, FlagState, FlagValue, Snapshot, Timestamp};
use serde_json::{Value, json};

use crate::samples::{edit, flag_key, furnish, id, key, open_ready, snapshot};

const DIRECTORY: &str = "HALYARD_TEST_KILLED";
/// Kills of a process that writes to a mirror with a past.
const KILLS: u32 = 60;
/// Kills of a process that starts from nothing, so that making the file is hit too.
const KILLS_AT_START: u32 = 30;

/// The snapshot of a generation: its size, its document and every flag follow
/// from the number, so that a mixture of two is noticed.
fn generation(number: i64) -> Snapshot {
    let count = 20 + number % 37;
    let names: Vec<String> = (0..count).map(|index| format!("flag_{index:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut snapshot = snapshot("staging", &names, number);
    snapshot.document =
        json!({"generation": number, "padding": "p".repeat(50_000 + count as usize)}).to_string();
    for flag in &mut snapshot.flags {
        flag.state.value = FlagValue(json!(number));
    }
    snapshot
}

fn edit_of(number: i64) -> Edit {
    let mut edit = edit(&format!("edit {number}"), "shop", "flag_001", number);
    let value = FlagValue(json!(format!("{number} ").repeat(2_000)));
    edit.base = Some(FlagState::plain(true, value).into());
    edit
}

/// Run again by the tests below, and killed: writes and says what it has written.
#[tokio::test]
#[ignore = "a part of other tests"]
async fn write_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        println!("skipped: nothing of its own");
        return;
    };
    let mirror = open_ready(Path::new(&directory)).await;
    furnish(&mirror).await;
    let shop = id("shop");
    let first = newest(&mirror).await.map_or(1, |newest| newest + 1);
    for number in first.. {
        let mut edit = edit_of(number);
        mirror.save_edit(&edit).await.unwrap();
        mirror
            .set_edit_state(&edit.id, &EditState::Sent, Timestamp(number))
            .await
            .unwrap();
        let snapshot = generation(number);
        assert_eq!(
            mirror.store_snapshot(&shop, &snapshot).await.unwrap(),
            Stored::Changed
        );
        println!("\nwritten {number}");
        let mut alone = snapshot.flags[1].clone();
        alone.state.value = FlagValue(json!(["alone", number]));
        mirror
            .store_flag(&shop, &snapshot.environment, &alone, Timestamp(number))
            .await
            .unwrap();
        edit.state = EditState::Unknown {
            reason: "u".repeat(5_000),
        };
        mirror
            .set_edit_state(&edit.id, &edit.state, Timestamp(number))
            .await
            .unwrap();
    }
}

async fn newest(mirror: &Mirror) -> Option<i64> {
    let document = mirror.document(&id("shop"), &key("staging")).await.unwrap()?;
    let document: Value = serde_json::from_str(&document).unwrap();
    document["generation"].as_i64()
}

fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "killed::write_until_killed",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Enough randomness to spread the kills; the seed is printed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        println!("seed {seed}");
        Random(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Reads what the child says until it has said `lines` things; the last number
/// it reported written.
fn listen(child: &mut Child, lines: u64) -> i64 {
    let mut last = 0;
    let mut heard = 0;
    let mut output = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    while heard < lines {
        let line = output
            .next()
            .expect("the child writes until it is killed")
            .unwrap();
        if let Some(number) = line.strip_prefix("written ") {
            last = number.parse().unwrap();
            heard += 1;
        }
    }
    last
}

/// Everything a reader could see is one generation, whole; nothing that was
/// reported written is lost. Gives the generation.
async fn expect_whole(directory: &Path, written: i64) -> i64 {
    let mirror = open_ready(directory).await;
    let (shop, staging) = (id("shop"), key("staging"));
    assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
    let Some(number) = newest(&mirror).await else {
        assert_eq!(written, 0, "a snapshot that was written is gone");
        assert_eq!(mirror.flags(&shop, &staging).await.unwrap(), []);
        mirror.close().await;
        return 0;
    };
    assert!(number >= written, "{written} was written, {number} is there");
    let mut expected = generation(number);
    let facts = mirror.snapshot_facts(&shop, &staging).await.unwrap().unwrap();
    let flags = mirror.flags(&shop, &staging).await.unwrap();
    assert_eq!(facts.flag_count as usize, flags.len());
    assert_eq!(facts.document_bytes as usize, expected.document.len());
    assert_eq!(
        mirror.document(&shop, &staging).await.unwrap().as_ref(),
        Some(&expected.document)
    );
    assert_eq!(mirror.segments(&shop, &staging).await.unwrap(), expected.segments);
    let alone = FlagValue(json!(["alone", number]));
    let stored_alone = flags[1].state.value == alone;
    if stored_alone {
        expected.flags[1].state.value = alone;
    }
    assert_eq!(flags, expected.flags);
    expect_whole_edits(&mirror, number, stored_alone).await;
    if !stored_alone {
        let again = mirror.store_snapshot(&shop, &expected).await.unwrap();
        assert_eq!(again, Stored::Unchanged, "the hash is that of what is there");
    }
    mirror.close().await;
    number
}

/// One edit for each generation in order, and at most one for the next.
async fn expect_whole_edits(mirror: &Mirror, newest: i64, stored_alone: bool) {
    let edits = mirror
        .edits_for_flag(&id("shop"), &key("staging"), &flag_key("flag_001"))
        .await
        .unwrap();
    for (number, edit) in (1..).zip(&edits) {
        let mut expected = edit_of(number);
        expected.state = edit.state.clone();
        assert_eq!(*edit, expected);
        let settled = matches!(&edit.state, EditState::Unknown { reason } if reason.len() == 5_000);
        let begun = matches!(edit.state, EditState::Pending | EditState::Sent);
        assert!(settled || begun, "edit {number}: {:?}", edit.state);
        if settled {
            assert!(
                number < newest || (number == newest && stored_alone),
                "edit {number} of {newest}"
            );
        }
    }
    let count = edits.len() as i64;
    assert!(
        count == newest || count == newest + 1,
        "{count} edits for {newest} snapshots"
    );
    assert_eq!(
        mirror
            .edit(&EditId(format!("edit {newest}")))
            .await
            .unwrap()
            .is_some(),
        newest > 0
    );
}

#[tokio::test]
async fn killed_while_writing_it_holds_the_last_whole_state() {
    let directory = tempfile::tempdir().unwrap();
    let mut random = Random::new();
    let mut newest = 0;
    for _ in 0..KILLS {
        let mut child = start(directory.path());
        let written = listen(&mut child, 1 + random.below(6));
        // Somewhere in what comes next.
        std::thread::sleep(Duration::from_micros(random.below(25_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        newest = expect_whole(directory.path(), written).await;
    }
    println!("killed {KILLS} times, {newest} snapshots written");
}

#[tokio::test]
async fn killed_while_starting_it_starts_again() {
    let mut random = Random::new();
    let (mut without_file, mut without_snapshot) = (0, 0);
    for _ in 0..KILLS_AT_START {
        let directory = tempfile::tempdir().unwrap();
        let mut child = start(directory.path());
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        without_file += u32::from(!directory.path().join("mirror.sqlite").exists());
        let (mirror, opened) = Mirror::open(directory.path(), None).await.unwrap();
        assert_eq!(opened, Opened::Ready);
        mirror.close().await;
        without_snapshot += u32::from(expect_whole(directory.path(), 0).await == 0);
    }
    println!(
        "killed {KILLS_AT_START} times: {without_file} without a file, {without_snapshot} without a snapshot"
    );
}
