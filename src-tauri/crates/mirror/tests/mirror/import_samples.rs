//! A snapshot file to bring in, a mirror it comes into, and what is in that.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use halyard_mirror::file::{FileHeader, FileReader, FileWriter, Kept};
use halyard_mirror::{Mirror, MomentFilter, OpenedMoment};
use halyard_model::{
    Connection, Environment, Moment, MomentId, MomentSource, Protection, Service, Snapshot, Timestamp,
    TouchedCounts,
};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::history_accidents::{DAY, day};
use crate::samples::{connection, edit, environment, furnish, id, key, raw};

/// Moments of the file.
pub(crate) const MOMENTS: i64 = 200;
/// The day of the first one: files hold no times before 2001.
pub(crate) const FIRST: i64 = 20_000;
pub(crate) const COLLEAGUE: &str = "colleague";
pub(crate) fn header() -> FileHeader {
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
        moments: 10_000,
        identities: Kept::Kept,
        authors: Kept::Kept,
    }
}

pub(crate) fn moment(number: i64) -> OpenedMoment {
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

pub(crate) fn write_file(moments: impl Iterator<Item = OpenedMoment>) -> Vec<u8> {
    let mut writer = FileWriter::new(Vec::new(), header(), None).unwrap();
    for moment in moments {
        writer.add(&moment).unwrap();
    }
    writer.finish().unwrap()
}

pub(crate) fn read(file: Vec<u8>) -> Vec<OpenedMoment> {
    let mut reader = FileReader::open(Cursor::new(file), None).unwrap();
    let mut moments = Vec::new();
    loop {
        let stretch = reader.next_stretch().unwrap();
        if stretch.is_empty() {
            return moments;
        }
        moments.extend(stretch);
        for opened in &mut moments {
            opened.moment.connection = id(COLLEAGUE);
        }
    }
}

pub(crate) fn colleague() -> Connection {
    connection(COLLEAGUE)
}

/// Every row of every table, as SQLite writes it down.
pub(crate) async fn rows(directory: &Path) -> BTreeMap<String, Vec<String>> {
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
pub(crate) async fn furnish_with_a_past(mirror: &Mirror) {
    furnish(mirror).await;
    for number in 1..=12 {
        mirror.store_snapshot(&id("shop"), &day(number)).await.unwrap();
    }
    mirror.store_snapshot(&id("shop"), &day(FIRST - 1)).await.unwrap();
    mirror.save_edit(&edit("e", "shop", "flag_1", 1)).await.unwrap();
    mirror.save_setting("theme", "dark").await.unwrap();
}

pub(crate) async fn timeline(mirror: &Mirror, name: &str) -> Vec<Moment> {
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
pub(crate) async fn expect_imported(mirror: &Mirror) {
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
