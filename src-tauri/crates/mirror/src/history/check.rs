//! Looking at every part of the history.

use std::collections::{BTreeSet, HashMap};

use halyard_model::MomentId;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::DamagedPart;
use super::body::Decoder;
use super::list::{KINDS, List};
use super::row::{COLUMNS, MomentRow};
use super::seal::Roots;
use super::span::{KnownLists, Span};
use crate::Result;

const BODIES_AT_ONCE: i64 = 2_000;

/// Everything that is damaged, each named once, with the first moment that
/// holds it.
pub(super) async fn check(connection: &mut SqliteConnection) -> Result<Vec<DamagedPart>> {
    let damaged = damaged_bodies(connection).await?;
    let timelines: Vec<i64> = sqlx::query_scalar("SELECT id FROM timelines ORDER BY id")
        .fetch_all(&mut *connection)
        .await?;
    let mut found = Vec::new();
    for timeline in timelines {
        check_timeline(connection, timeline, &damaged, &mut found).await?;
    }
    Ok(found)
}

/// The bodies whose bytes do not give the text that they are named by.
async fn damaged_bodies(connection: &mut SqliteConnection) -> Result<BTreeSet<i64>> {
    let mut damaged = BTreeSet::new();
    let mut after = i64::MIN;
    loop {
        let rows = sqlx::query(
            "SELECT bodies.id, bodies.hash, bodies.codec, bodies.bytes, bodies.base,
                    bases.hash AS base_hash, bases.codec AS base_codec, bases.bytes AS base_bytes
             FROM bodies LEFT JOIN bodies AS bases ON bases.id = bodies.base
             WHERE bodies.id > ? ORDER BY bodies.id LIMIT ?",
        )
        .bind(after)
        .bind(BODIES_AT_ONCE)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(damaged);
        };
        after = last.try_get("id")?;
        for row in &rows {
            if !is_whole(row) {
                damaged.insert(row.try_get("id")?);
            }
        }
    }
}

fn is_whole(row: &SqliteRow) -> bool {
    let read = || {
        let base = match row.try_get::<Option<i64>, _>("base").ok()? {
            Some(_) => Some(Decoder::new().decode(
                row.try_get("base_hash").ok()?,
                row.try_get("base_codec").ok()?,
                row.try_get("base_bytes").ok()?,
                None,
            )?),
            None => None,
        };
        Decoder::new().decode(
            row.try_get("hash").ok()?,
            row.try_get("codec").ok()?,
            row.try_get("bytes").ok()?,
            base.as_deref(),
        )
    };
    read().is_some()
}

async fn check_timeline(
    connection: &mut SqliteConnection,
    timeline: i64,
    damaged: &BTreeSet<i64>,
    found: &mut Vec<DamagedPart>,
) -> Result<()> {
    let query = format!("SELECT {COLUMNS} FROM moments WHERE timeline_id = ? ORDER BY id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(timeline)
        .fetch_all(&mut *connection)
        .await?;
    let mut moments = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: i64 = row.try_get("id")?;
        let read = MomentRow::read(row)
            .ok()
            .filter(|read| read.is_whole() && read.record().is_ok());
        if read.is_none() {
            found.push(DamagedPart {
                moment: MomentId(id),
                what: super::MOMENT_ITSELF.into(),
            });
        }
        moments.push((id, row.try_get::<Vec<u8>, _>("roots").unwrap_or_default()));
    }
    let rows = sqlx::query(
        "SELECT spans.id, list, key, occurrence, place, label, aside, body, seal, first, last, bodies.hash
         FROM spans LEFT JOIN bodies ON bodies.id = spans.body
         WHERE timeline_id = ? ORDER BY first",
    )
    .bind(timeline)
    .fetch_all(connection)
    .await?;
    let mut sums = Sums::over(moments.len());
    let mut lists = KnownLists::default();
    let mut named = HashMap::new();
    for row in &rows {
        let (first, last): (i64, i64) = (row.try_get("first")?, row.try_get("last")?);
        let from = moments.partition_point(|(id, _)| *id < first);
        let to = moments.partition_point(|(id, _)| *id <= last);
        let Some((moment, _)) = moments.get(from).filter(|_| from < to) else {
            continue;
        };
        let trouble = match Span::read(row, &mut lists) {
            Ok(span) => {
                sums.add(&span, from, to);
                let whole = span.seal == span.expected_seal() && !damaged.contains(&span.body);
                (!whole).then(|| (span.body, span.name()))
            }
            Err(name) => Some((row.try_get("body")?, name)),
        };
        if let Some((body, what)) = trouble {
            named.entry((body, what)).or_insert(*moment);
        }
    }
    let mut named: Vec<_> = named
        .into_iter()
        .map(|((_, what), moment)| (moment, what))
        .collect();
    named.extend(sums.missed(&moments));
    named.sort();
    named.dedup();
    found.extend(named.into_iter().map(|(moment, what)| DamagedPart {
        moment: MomentId(moment),
        what,
    }));
    Ok(())
}

/// What each span adds to the roots of the moments it holds in: at its first,
/// and taken away again behind its last.
struct Sums(Vec<[i64; KINDS]>);

impl Sums {
    fn over(moments: usize) -> Sums {
        Sums(vec![[0; KINDS]; moments + 1])
    }

    fn add(&mut self, span: &Span, from: usize, to: usize) {
        let mut alone = Roots::default();
        alone.add(&span.list, span.seal);
        let kind = span.list.kind();
        let seal = alone.of(kind);
        self.0[from][kind] = self.0[from][kind].wrapping_add(seal);
        self.0[to][kind] = self.0[to][kind].wrapping_sub(seal);
    }

    /// The kinds of list of which some part was lost, with the first moment of
    /// each time that one is missing.
    fn missed(&self, moments: &[(i64, Vec<u8>)]) -> Vec<(i64, String)> {
        let mut found = Vec::new();
        let mut sums = [0_i64; KINDS];
        let mut missing = [false; KINDS];
        for ((id, roots), steps) in moments.iter().zip(&self.0) {
            for (sum, step) in sums.iter_mut().zip(steps) {
                *sum = sum.wrapping_add(*step);
            }
            let differing = Roots::from_sums(sums).differing(roots);
            for (kind, was_missing) in missing.iter_mut().enumerate() {
                let is_missing = differing.contains(&kind);
                if is_missing && !*was_missing {
                    found.push((*id, List::kind_name(kind).to_owned()));
                }
                *was_missing = is_missing;
            }
        }
        found
    }
}
