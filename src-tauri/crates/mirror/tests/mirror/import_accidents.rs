//! Killed while a snapshot file is brought in.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use halyard_mirror::file::{FileHeader, FileReader, FileWriter, Kept};
use halyard_mirror::{Mirror, MomentFilter, OpenedMoment, Result};
use halyard_model::{
    Connection, Environment, Moment, MomentId, MomentSource, Protection, Service, Snapshot, Timestamp,
    TouchedCounts,
};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::history_accidents::{DAY, day};
use crate::killed::Random;
use crate::samples::{connection, edit, environment, furnish, id, key, open_ready, raw};

const DIRECTORY: &str = "HALYARD_TEST_IMPORT_KILLED";
const KILLS: u64 = 30;
/// Moments of the file.
const MOMENTS: i64 = 240;
/// The day of the first one: files hold no times before 2001.
const FIRST: i64 = 20_000;
const COLLEAGUE: &str = "colleague";
/// What the one that is killed says once for each time it brings the file in, beside one line for each moment.
const OTHER_LINES: u64 = 4;

fn header() -> FileHeader {
    FileHeader {
        made_at: Timestamp(30_000 * DAY),
        made_by: "Halyard".into(),
        service: Service::Flagsmith,
        connection: "Acme".into(),
        organisation: None,
        project: "Store".into(),
        environment: Environment {
            remote_id: String::new(),
            protection: Protection::ReadOnly,
            ..environment("staging")
        },
        moments: MOMENTS.unsigned_abs(),
        identities: Kept::Kept,
        authors: Kept::Kept,
    }
}

fn moment(number: i64) -> OpenedMoment {
    let snapshot = day(FIRST + number);
    OpenedMoment {
        moment: Moment {
            id: MomentId(number),
            connection: id(""),
            environment: snapshot.environment.clone(),
            first_seen: snapshot.fetched_at,
            last_seen: Timestamp(snapshot.fetched_at.0 + 1_000),
            before: None,
            source: MomentSource::File,
            document_updated_at: snapshot.document_updated_at,
            name: (number % 50 == 0).then(|| format!("Release {number}")),
            pinned: number % 70 == 0,
            touched: Vec::new(),
            counts: TouchedCounts::default(),
            authors: Vec::new(),
            flag_count: snapshot.flags.len() as u32,
            segment_count: snapshot.segments.len() as u32,
            document_bytes: snapshot.document.len() as u64,
        },
        snapshot,
        damaged: Vec::new(),
    }
}

fn write_file(moments: impl Iterator<Item = OpenedMoment>) -> Vec<u8> {
    let mut writer = FileWriter::new(Vec::new(), header(), None).unwrap();
    for moment in moments {
        writer.add(&moment).unwrap();
    }
    writer.finish().unwrap()
}

/// Brings a file in as the console does, and says how far it is.
async fn bring_in(mirror: &Mirror, file: Vec<u8>, said: impl Fn(&str)) -> Result<()> {
    let mut reader = FileReader::open(Cursor::new(file), None).unwrap();
    let environments = [reader.header().environment.clone()];
    let mut import = mirror.begin_import(&colleague(), &environments).await?;
    said("begun");
    while let Some(found) = reader.next_moment().unwrap() {
        let mut opened = reader.open_moment(&found).unwrap();
        opened.moment.connection = id(COLLEAGUE);
        import.add(opened).await?;
        said("added");
    }
    said("finishing");
    import.finish().await?;
    said("whole");
    Ok(())
}

fn colleague() -> Connection {
    connection(COLLEAGUE)
}

/// Run again by the test below, and killed: brings the file in and deletes it
/// again, over and over.
#[tokio::test]
#[ignore = "a part of another test"]
async fn import_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        println!("skipped: nothing of its own");
        return;
    };
    let directory = PathBuf::from(directory);
    let file = std::fs::read(directory.join("file")).unwrap();
    let mirror = open_ready(&directory).await;
    loop {
        bring_in(&mirror, file.clone(), |line| println!("\n{line}"))
            .await
            .unwrap();
        // What is whole stays until it was looked at.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        mirror.delete_connection(&id(COLLEAGUE)).await.unwrap();
        println!("\ndeleted");
    }
}

fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "import_accidents::import_until_killed",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Hears so many lines; gives the last one.
fn listen(child: &mut Child, wanted: u64) -> String {
    let mut input = child.stdin.as_ref().unwrap();
    let mut heard = String::new();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let said = lines
        .map(std::result::Result::unwrap)
        .filter(|line| ["begun", "added", "finishing", "whole", "deleted"].contains(&line.as_str()));
    for (number, line) in (1..=wanted).zip(said) {
        if line == "whole" && number < wanted {
            writeln!(input).unwrap();
        }
        heard = line;
    }
    heard
}

/// Every row of every table, as SQLite writes it down.
async fn rows(directory: &Path) -> BTreeMap<String, Vec<String>> {
    let mut database = raw(&directory.join("mirror.sqlite")).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let columns: String = sqlx::query_scalar(
            "SELECT group_concat(format('quote(\"%w\")', name), ' || '', '' || ') FROM pragma_table_info(?)",
        )
        .bind(&table)
        .fetch_one(&mut database)
        .await
        .unwrap();
        let rows = sqlx::query_scalar(AssertSqlSafe(format!("SELECT {columns} FROM {table} ORDER BY 1")))
            .fetch_all(&mut database)
            .await
            .unwrap();
        all.insert(table, rows);
    }
    database.close().await.unwrap();
    all
}

/// A mirror with a past of its own, which shares parts with the file.
async fn furnish_with_a_past(mirror: &Mirror) {
    furnish(mirror).await;
    for number in 1..=12 {
        mirror.store_snapshot(&id("shop"), &day(number)).await.unwrap();
    }
    mirror.store_snapshot(&id("shop"), &day(FIRST - 1)).await.unwrap();
    mirror.save_edit(&edit("e", "shop", "flag_1", 1)).await.unwrap();
    mirror.save_setting("theme", "dark").await.unwrap();
}

async fn timeline(mirror: &Mirror, name: &str) -> Vec<Moment> {
    let filter = MomentFilter {
        environments: vec![(id(name), key("staging"))],
        limit: 10_000,
        ..MomentFilter::default()
    };
    let mut moments = mirror.moments(&filter).await.unwrap();
    moments.reverse();
    moments
}

/// All of the file is there, as it was in it.
async fn expect_imported(mirror: &Mirror) {
    let moments = timeline(mirror, COLLEAGUE).await;
    assert_eq!(moments.len() as i64, MOMENTS);
    for (number, found) in (1..).zip(moments) {
        let opened = mirror.open_moment(found.id).await.unwrap().unwrap();
        let expected = moment(number);
        assert_eq!(opened.damaged, []);
        let snapshot = Snapshot {
            fetched_at: expected.moment.last_seen,
            ..expected.snapshot
        };
        assert_eq!(opened.snapshot, snapshot);
        assert_eq!(
            (
                found.first_seen,
                found.last_seen,
                found.name,
                found.pinned,
                found.source
            ),
            (
                expected.moment.first_seen,
                expected.moment.last_seen,
                expected.moment.name,
                expected.moment.pinned,
                MomentSource::File
            )
        );
    }
    let newest = moment(MOMENTS).snapshot;
    let (connection, staging) = (id(COLLEAGUE), key("staging"));
    assert_eq!(mirror.environments(&connection).await.unwrap().len(), 1);
    assert_eq!(
        mirror.document(&connection, &staging).await.unwrap(),
        Some(newest.document)
    );
    assert_eq!(mirror.flags(&connection, &staging).await.unwrap(), newest.flags);
}

#[tokio::test]
async fn killed_while_importing_the_file_is_in_it_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let file = write_file((1..=MOMENTS).map(moment));
    std::fs::write(directory.path().join("file"), &file).unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish_with_a_past(&mirror).await;
    mirror.close().await;
    let before = rows(directory.path()).await;

    let mut random = Random::new();
    let lines = MOMENTS.unsigned_abs() + OTHER_LINES;
    let mut whole = 0;
    for kill in 0..KILLS {
        // Spread over one time and a little, and at each of what comes once.
        let wanted = match kill {
            0 => 1,
            1 => lines - 2,
            2 => lines - 1,
            3 => lines,
            _ => 1 + random.below(lines + lines / 4),
        };
        let mut child = start(directory.path());
        let heard = listen(&mut child, wanted);
        if heard != "whole" {
            // Somewhere in what comes next.
            std::thread::sleep(Duration::from_micros(random.below(6_000)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mirror = open_ready(directory.path()).await;
        let found = mirror.connection(&id(COLLEAGUE)).await.unwrap();
        assert!(
            found.is_some() || heard != "whole",
            "what was said to be whole is there"
        );
        assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
        assert_eq!(mirror.check_history().await.unwrap(), []);
        if let Some(found) = found {
            assert_eq!(found, colleague(), "kill {kill}, after {heard}");
            expect_imported(&mirror).await;
            mirror.delete_connection(&found.id).await.unwrap();
            whole += 1;
        }
        mirror.close().await;
        assert_eq!(
            rows(directory.path()).await,
            before,
            "kill {kill}, after {wanted} lines, at {heard}"
        );
    }
    assert!(whole > 0, "one of them is whole");
    println!(
        "killed {KILLS} times: {whole} whole, {} without it",
        KILLS - whole
    );
}
