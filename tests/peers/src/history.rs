//! The history store over a simulated year, beside what is simplest: the whole document, compressed, as one value in
//! a table; and beside a git repository of the same changes.

#![allow(clippy::print_stdout, reason = "prints what it skips")]

use std::path::Path;
use std::time::Instant;

use halyard_mirror::{Mirror, MomentFilter};
use halyard_model::{
    Connection, ConnectionId, Endpoint, Environment, EnvironmentKey, FlagKey, Moment, MomentId, Named,
    Protection, Snapshot,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::repository::Repository;
use crate::rows::{Row, Samples};
use crate::seeded::Seeded;
use crate::year::{Versioning, Year};

/// How many changes a year has, unless `HALYARD_HISTORY_CHANGES` says otherwise.
const CHANGES: usize = 5_000;

/// How many of the last changes, and how many reads of each kind, are timed.
const TIMED: usize = 100;

/// Most megabytes that the history of the year may take.
const MEGABYTES: f64 = 25.0;

/// Milliseconds that each operation should take at most on an idle machine.
const WRITE_GOAL: f64 = 30.0;
const OPEN_GOAL: f64 = 60.0;
const DIFF_GOAL: f64 = 100.0;
const PAGE_GOAL: f64 = 20.0;

/// Moments of a page of the timeline.
const PAGE: u32 = 50;

const PEER: &str = "SQLite, the document as one zstd value";

/// Measures the year in both ways of keeping flags.
pub fn rows() -> Result<Vec<Row>, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for (name, versioning) in [("in place", Versioning::Off), ("versioned", Versioning::On)] {
        rows.extend(
            runtime
                .block_on(year(name, versioning))
                .map_err(|error| error.to_string())?,
        );
    }
    Ok(rows)
}

type Failure = Box<dyn std::error::Error>;

async fn year(name: &str, versioning: Versioning) -> Result<Vec<Row>, Failure> {
    let changes = match std::env::var("HALYARD_HISTORY_CHANGES") {
        Ok(changes) => changes.parse()?,
        Err(_) => CHANGES,
    };
    let directory = tempfile::tempdir()?;
    let mirror = furnished(&directory.path().join("mirror")).await?;
    let mut peer = Peer::new(&directory.path().join("peer.sqlite")).await?;
    let mut repository = Repository::new(&directory.path().join("repository"))?;
    let mut year = Year::new(versioning);
    let (mut write, mut peer_write, mut naive) = (Samples::default(), Samples::default(), 0);
    for number in 0..=changes {
        if number > 0 {
            year.change();
        }
        let snapshot = year.snapshot();
        let began = Instant::now();
        mirror.store_snapshot(&connection(), &snapshot).await?;
        let took = milliseconds(began);
        if let Some(repository) = repository.as_mut() {
            repository.commit(&year.take_left())?;
        }
        let began = Instant::now();
        let bytes = peer.write(&snapshot.document).await?;
        if number + TIMED > changes {
            write.push(took);
            peer_write.push(milliseconds(began));
        }
        naive += bytes;
    }
    let mut rows = sizes(name, &mirror, naive, repository).await?;
    rows.push(
        Row::of(format!("history/{name}/write a changed snapshot"), &write, "ms")
            .beside(PEER, &peer_write)
            .towards(WRITE_GOAL),
    );
    rows.extend(reads(name, &mirror, &mut peer).await?);
    let expected = year.snapshot();
    verify(&mirror, &expected, changes).await?;
    mirror.close().await;
    Ok(rows)
}

async fn sizes(
    name: &str,
    mirror: &Mirror,
    naive: u64,
    repository: Option<Repository>,
) -> Result<Vec<Row>, Failure> {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let size = mirror.history_size(None).await?;
    let what = format!("history/{name}/size of {} moments", size.moments);
    let mut row = Row::lower(&what, megabytes(size.bytes), "MB")
        .beside_value("each document as one zstd value", megabytes(naive));
    row.limit = Some(MEGABYTES);
    let mut rows = vec![row];
    match repository {
        Some(repository) => rows.push(
            Row::lower(format!("{what}, beside git"), megabytes(size.bytes), "MB").beside_value(
                "a git repository after gc, a file per flag, segment and identity",
                megabytes(repository.bytes()?),
            ),
        ),
        None => println!("  skipped: git is absent, so there is no repository to compare with"),
    }
    Ok(rows)
}

async fn reads(name: &str, mirror: &Mirror, peer: &mut Peer) -> Result<Vec<Row>, Failure> {
    let moments = timeline(mirror, u32::MAX).await?;
    let mut random = Seeded::new(7);
    let (mut open, mut peer_open, mut differ, mut diff) = Default::default();
    let (mut page, mut of_flag, mut at) = <(Samples, Samples, Samples)>::default();
    for _ in 0..TIMED {
        let one = random.below(moments.len());
        let other = random.below(moments.len());
        open_both(mirror, peer, (&moments, one), &mut open, &mut peer_open).await?;
        let began = Instant::now();
        let touched = mirror.touched_between(moments[one].id, moments[other].id).await?;
        push(&mut differ, began);
        touched.ok_or("the moments are of one environment")?;
        for moment in [one, other] {
            opened(mirror, moments[moment].id).await?;
        }
        push(&mut diff, began);
        let began = Instant::now();
        timeline(mirror, PAGE).await?;
        push(&mut page, began);
        let began = Instant::now();
        of_one_flag(mirror, random.below(400)).await?;
        push(&mut of_flag, began);
        let began = Instant::now();
        let time = moments[one].first_seen;
        mirror.moment_at(&connection(), &environment(), time).await?;
        push(&mut at, began);
    }
    let row = |what: &str, samples: &Samples, goal| {
        Row::of(format!("history/{name}/{what}"), samples, "ms").towards(goal)
    };
    Ok(vec![
        row("open any moment", &open, OPEN_GOAL).beside(PEER, &peer_open),
        row("what differs between any two, by their spans", &differ, DIFF_GOAL),
        row("the same, and both opened", &diff, DIFF_GOAL),
        row("first page of the timeline", &page, PAGE_GOAL),
        row("first page of what touched one flag", &of_flag, PAGE_GOAL),
        row("the moment of a time", &at, PAGE_GOAL),
    ])
}

/// A moment, and the same document from the peer: the moments are the newest in front, the peer's values the oldest.
async fn open_both(
    mirror: &Mirror,
    peer: &mut Peer,
    (moments, index): (&[Moment], usize),
    open: &mut Samples,
    peer_open: &mut Samples,
) -> Result<(), Failure> {
    let began = Instant::now();
    let snapshot = opened(mirror, moments[index].id).await?;
    push(open, began);
    let began = Instant::now();
    let document = peer.read((moments.len() - index) as i64).await?;
    push(peer_open, began);
    if without_random(&snapshot.document) != without_random(&document) {
        return Err(format!("moment {index} is not what was written").into());
    }
    Ok(())
}

/// A document as text without the member that the service draws anew; none of it is random here, but it is left out.
fn without_random(document: &str) -> Option<serde_json::Value> {
    let mut document: serde_json::Value = serde_json::from_str(document).ok()?;
    for identity in document["identity_overrides"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        identity.as_object_mut()?.remove("identity_uuid");
    }
    Some(document)
}

async fn opened(mirror: &Mirror, id: MomentId) -> Result<Snapshot, Failure> {
    let opened = mirror.open_moment(id).await?.ok_or("a moment is gone")?;
    if opened.damaged.is_empty() {
        return Ok(opened.snapshot);
    }
    Err(format!("damaged: {:?}", opened.damaged).into())
}

/// The history is whole, and its end is what was stored last.
async fn verify(mirror: &Mirror, expected: &Snapshot, changes: usize) -> Result<(), Failure> {
    let newest = timeline(mirror, 1).await?;
    let newest = newest.first().ok_or("there is no moment")?;
    let opened = opened(mirror, newest.id).await?;
    let began = Instant::now();
    let damaged = mirror.check_history().await?;
    println!(
        "  a check of the whole history: {:.2} s",
        began.elapsed().as_secs_f64()
    );
    if !damaged.is_empty() || opened.flags != expected.flags || opened.segments != expected.segments {
        return Err(format!("after {changes} changes the history is not whole: {damaged:?}").into());
    }
    Ok(())
}

async fn timeline(mirror: &Mirror, limit: u32) -> Result<Vec<Moment>, Failure> {
    let filter = MomentFilter {
        environments: vec![(connection(), environment())],
        limit,
        ..MomentFilter::default()
    };
    Ok(mirror.moments(&filter).await?)
}

async fn of_one_flag(mirror: &Mirror, flag: usize) -> Result<Vec<Moment>, Failure> {
    let filter = MomentFilter {
        environments: vec![(connection(), environment())],
        flag: Some(FlagKey(format!("flag_{flag}"))),
        limit: PAGE,
        ..MomentFilter::default()
    };
    Ok(mirror.moments(&filter).await?)
}

fn push(samples: &mut Samples, began: Instant) {
    samples.push(milliseconds(began));
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

fn connection() -> ConnectionId {
    ConnectionId("measured".into())
}

fn environment() -> EnvironmentKey {
    EnvironmentKey("production".into())
}

async fn furnished(directory: &Path) -> Result<Mirror, Failure> {
    let (mirror, _) = Mirror::open(directory, None).await?;
    let named = |name: &str| Named {
        id: "1".into(),
        name: name.into(),
    };
    let own = Connection {
        id: connection(),
        name: "Measured".into(),
        endpoint: Endpoint::EdgeFlags {
            base: "http://127.0.0.1".into(),
            ca_bundle: None,
        },
        organisation: None,
        project: named("Measured"),
        demo: true,
    };
    let production = Environment {
        key: environment(),
        remote_id: "1".into(),
        name: "Production".into(),
        versioned: true,
        requires_change_requests: false,
        edge_identities: false,
        protection: Protection::Confirm,
    };
    mirror.save_connection(&own, &[production]).await?;
    Ok(mirror)
}

/// A table of compressed documents, written as carefully as the mirror writes.
struct Peer(SqliteConnection);

impl Peer {
    async fn new(path: &Path) -> Result<Self, Failure> {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await?;
        sqlx::query("CREATE TABLE documents (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
            .execute(&mut connection)
            .await?;
        Ok(Self(connection))
    }

    async fn write(&mut self, document: &str) -> Result<u64, Failure> {
        let bytes = zstd::bulk::compress(document.as_bytes(), 3)?;
        let length = bytes.len() as u64;
        let mut transaction = self.0.begin().await?;
        sqlx::query("INSERT INTO documents (bytes) VALUES (?)")
            .bind(bytes)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(length)
    }

    async fn read(&mut self, id: i64) -> Result<String, Failure> {
        let bytes: Vec<u8> = sqlx::query_scalar("SELECT bytes FROM documents WHERE id = ?")
            .bind(id)
            .fetch_one(&mut self.0)
            .await?;
        Ok(String::from_utf8(zstd::bulk::decompress(&bytes, 1 << 28)?)?)
    }
}
