//! Writing a moment: what differs from the moment before gets new spans.

use std::collections::HashMap;
use std::sync::Arc;

use halyard_model::{Author, ConnectionId, MomentSource, Snapshot, Timestamp};
use sqlx::Transaction;
use sqlx::sqlite::{Sqlite, SqliteConnection};

use super::OpenedMoment;
use super::body::{Hash, hash_of};
use super::list::List;
use super::order::{Placed, place};
use super::parts::{Part, normalised, records, split};
use super::row::{COLUMNS, MomentRow, Record};
use super::seal::Roots;
use super::span::{self, Span};
use super::store::{NewBody, store_bodies};
use super::touched::{Difference, Fate, Present, Touches, note, touches};
use crate::{MirrorError, Result};

/// A clock that says an earlier time than this before the last one, in
/// milliseconds, was set back; by less, two collections overlapped.
const OVERLAP_MILLIS: i64 = 5 * 60 * 1000;

/// What a moment is to be, besides its content.
pub(super) struct Arrival<'a> {
    pub(super) source: MomentSource,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    /// None for the time at which the moment before was last seen.
    pub(super) before: Option<Timestamp>,
    pub(super) name: Option<&'a str>,
    pub(super) pinned: bool,
    pub(super) authors: &'a [Author],
}

/// A fetched snapshot: a moment where it differs from the newest one, which
/// was else seen once more.
pub(crate) async fn write_fetched(
    transaction: &mut Transaction<'_, Sqlite>,
    connection: &ConnectionId,
    snapshot: &Snapshot,
) -> Result<()> {
    let arrival = Arrival {
        source: MomentSource::Refresh,
        first_seen: snapshot.fetched_at,
        last_seen: snapshot.fetched_at,
        before: None,
        name: None,
        pinned: false,
        authors: &[],
    };
    let timeline = timeline_of(transaction, connection, snapshot).await?;
    let newest = newest_of(transaction, timeline).await?;
    let document = normalised(&snapshot.document);
    let compared = Compared::with_held(transaction, timeline, &document, snapshot).await?;
    match newest {
        Some(newest) if compared.is_same() => seen_again(transaction, newest, snapshot.fetched_at).await,
        newest => {
            compared
                .write(
                    transaction,
                    timeline,
                    newest.as_ref(),
                    &arrival,
                    snapshot,
                    &document,
                )
                .await
        }
    }
}

/// A snapshot that holds what the mirror held already. Gives false where that
/// is no moment yet, as after the history came to be.
pub(crate) async fn write_seen_again(
    transaction: &mut Transaction<'_, Sqlite>,
    connection: &ConnectionId,
    snapshot: &Snapshot,
) -> Result<bool> {
    let timeline = timeline_of(transaction, connection, snapshot).await?;
    let Some(newest) = newest_of(transaction, timeline).await? else {
        return Ok(false);
    };
    seen_again(transaction, newest, snapshot.fetched_at).await?;
    Ok(true)
}

/// A moment that was given whole, behind those that are there.
pub(crate) async fn write_given(
    transaction: &mut Transaction<'_, Sqlite>,
    given: &OpenedMoment,
) -> Result<()> {
    let OpenedMoment { moment, snapshot, .. } = given;
    let arrival = Arrival {
        source: MomentSource::File,
        first_seen: moment.first_seen,
        last_seen: moment.last_seen,
        before: moment.before,
        name: moment.name.as_deref(),
        pinned: moment.pinned,
        authors: &moment.authors,
    };
    let timeline = timeline_of(transaction, &moment.connection, snapshot).await?;
    let newest = newest_of(transaction, timeline).await?;
    let document = normalised(&snapshot.document);
    let compared = Compared::with_held(transaction, timeline, &document, snapshot).await?;
    compared
        .write(
            transaction,
            timeline,
            newest.as_ref(),
            &arrival,
            snapshot,
            &document,
        )
        .await
}

async fn timeline_of(
    transaction: &mut SqliteConnection,
    connection: &ConnectionId,
    snapshot: &Snapshot,
) -> Result<i64> {
    let known =
        sqlx::query_scalar("SELECT id FROM timelines WHERE connection_id = ? AND environment_key = ?")
            .bind(&connection.0)
            .bind(&snapshot.environment.0)
            .fetch_optional(&mut *transaction)
            .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    Ok(sqlx::query_scalar(
        "INSERT INTO timelines (connection_id, environment_key) VALUES (?, ?) RETURNING id",
    )
    .bind(&connection.0)
    .bind(&snapshot.environment.0)
    .fetch_one(transaction)
    .await?)
}

async fn newest_of(transaction: &mut SqliteConnection, timeline: i64) -> Result<Option<MomentRow>> {
    let query = format!("SELECT {COLUMNS} FROM moments WHERE timeline_id = ? ORDER BY id DESC LIMIT 1");
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(timeline)
        .fetch_optional(transaction)
        .await?;
    row.as_ref().map(MomentRow::read).transpose()
}

/// Moves the end of a moment. Where the clock was set back since, the moment
/// is cut to what the clock of now can vouch for.
async fn seen_again(transaction: &mut SqliteConnection, mut newest: MomentRow, at: Timestamp) -> Result<()> {
    let was_whole = newest.is_whole();
    if at.0 >= newest.last_seen.saturating_sub(OVERLAP_MILLIS) {
        newest.last_seen = newest.last_seen.max(at.0);
    } else {
        newest.last_seen = at.0;
        newest.first_seen = newest.first_seen.min(at.0);
        newest.before = newest.before.map(|before| before.min(at.0));
    }
    newest.update(was_whole, transaction).await
}

/// A snapshot beside the spans that go on.
struct Compared<'a> {
    held: Vec<Span>,
    parts: Vec<Part<'a>>,
    hashes: Vec<Hash>,
    stamp: Option<String>,
    /// For each part which span held its place before, and its place.
    placed: Vec<Placed>,
    /// The spans whose part is gone.
    gone: Vec<usize>,
    /// Spans that an accident altered, by identifier.
    altered: Vec<i64>,
}

impl<'a> Compared<'a> {
    async fn with_held(
        transaction: &mut SqliteConnection,
        timeline: i64,
        document: &'a str,
        snapshot: &'a Snapshot,
    ) -> Result<Compared<'a>> {
        let (held, altered) = span::going_on(transaction, timeline).await?;
        let mut split = split(document);
        split.parts.extend(records(snapshot)?);
        let hashes = split.parts.iter().map(|part| hash_of(&part.text)).collect();
        let (placed, gone) = align(&held, &split.parts);
        Ok(Compared {
            held,
            parts: split.parts,
            hashes,
            stamp: split.stamp,
            placed,
            gone,
            altered,
        })
    }

    fn before(&self, index: usize) -> Option<&Span> {
        self.placed[index].before.map(|before| &self.held[before])
    }

    fn is_same(&self) -> bool {
        let stays = |index: usize| {
            !self.placed[index].moved
                && self
                    .before(index)
                    .is_some_and(|before| before.hash == self.hashes[index])
        };
        self.gone.is_empty() && self.altered.is_empty() && (0..self.parts.len()).all(stays)
    }

    async fn write(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        timeline: i64,
        newest: Option<&MomentRow>,
        arrival: &Arrival<'_>,
        snapshot: &Snapshot,
        document: &str,
    ) -> Result<()> {
        let mut row = MomentRow::new(timeline, arrival.source, (arrival.first_seen, arrival.last_seen));
        row.id = next_id(transaction).await?;
        row.before = match (arrival.before, newest) {
            (Some(before), _) => Some(before.0),
            (None, Some(newest)) => Some(newest.last_seen.min(arrival.first_seen.0)),
            (None, None) => None,
        };
        row.name = arrival.name.map(str::to_owned);
        row.pinned = arrival.pinned;
        let touches = newest.is_some().then(|| self.touches());
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        row.set_record(&Record {
            document_updated_at: snapshot.document_updated_at,
            stamp: self.stamp.clone(),
            touched: touches.as_ref().map(Touches::first).unwrap_or_default(),
            counts: touches.as_ref().map(|touches| touches.counts).unwrap_or_default(),
            authors: arrival.authors.to_vec(),
            flag_count: count(snapshot.flags.len()),
            segment_count: count(snapshot.segments.len()),
            document_bytes: document.len() as u64,
        })?;
        let (spans, ended) = self.spans(transaction).await?;
        let mut roots = Roots::default();
        for span in &spans {
            roots.add(&span.list, span.seal);
        }
        row.roots = roots.written();
        row.insert(transaction).await?;
        let last = newest.map_or(row.id, |newest| newest.id);
        span::close(transaction, &ended, last).await?;
        let begun: Vec<&Span> = spans.iter().filter(|span| span.id.is_none()).collect();
        span::open(transaction, timeline, row.id, &begun).await?;
        write_touched_flags(transaction, row.id, touches.as_ref()).await
    }

    /// All spans of the new moment, and the identifiers of those that end.
    async fn spans(&self, transaction: &mut Transaction<'_, Sqlite>) -> Result<(Vec<Span>, Vec<i64>)> {
        let mut ended = self.altered.clone();
        ended.extend(self.gone.iter().filter_map(|index| self.held[*index].id));
        let mut wanted = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            let before = self.before(index);
            if before.is_none_or(|before| before.hash != self.hashes[index]) {
                wanted.push(NewBody {
                    hash: self.hashes[index],
                    text: &part.text,
                    instead_of: before.map(|before| before.body),
                });
            }
        }
        let bodies = store_bodies(transaction, &wanted).await?;
        let mut spans = Vec::with_capacity(self.parts.len());
        for (index, part) in self.parts.iter().enumerate() {
            let before = self.before(index);
            let stays = before.filter(|before| {
                before.hash == self.hashes[index] && before.place == self.placed[index].place
            });
            if let Some(stays) = stays {
                spans.push(stays.clone());
                continue;
            }
            ended.extend(before.and_then(|before| before.id));
            let body = bodies
                .get(&self.hashes[index])
                .copied()
                .or(before.map(|before| before.body))
                .ok_or(MirrorError::Missing)?;
            spans.push(self.new_span(part, index, body));
        }
        Ok((spans, ended))
    }

    fn new_span(&self, part: &Part<'_>, index: usize, body: i64) -> Span {
        let mut span = Span {
            id: None,
            list: part.list.clone(),
            key: part.key.clone().into_owned(),
            occurrence: part.occurrence,
            place: self.placed[index].place,
            label: part.label.as_ref().map(|label| label.clone().into_owned()),
            aside: part.aside.clone(),
            body,
            hash: self.hashes[index],
            seal: 0,
        };
        span.seal = span.expected_seal();
        span
    }

    fn touches(&self) -> Touches {
        let (mut before, mut after) = (Present::default(), Present::default());
        for span in &self.held {
            note(&mut before, &span.list, &span.key);
        }
        let mut differences = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            note(&mut after, &part.list, &part.key);
            let same = self
                .before(index)
                .is_some_and(|before| before.hash == self.hashes[index]);
            if same && !self.placed[index].moved {
                continue;
            }
            differences.push(Difference {
                list: &part.list,
                key: &part.key,
                label: part.label.as_deref(),
                fate: if same { Fate::Moved } else { Fate::Differs },
            });
        }
        // Behind those that are there: a name that is still used is the newer one.
        let gone = self.gone.iter().map(|index| &self.held[*index]);
        differences.extend(gone.map(|span| Difference {
            list: &span.list,
            key: &span.key,
            label: span.label.as_deref(),
            fate: Fate::Differs,
        }));
        touches(&differences, &before, &after)
    }
}

/// For each part what held its place, list by list; and the spans left over.
fn align(held: &[Span], parts: &[Part<'_>]) -> (Vec<Placed>, Vec<usize>) {
    let mut lists: HashMap<&Arc<List>, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (index, span) in held.iter().enumerate() {
        lists.entry(&span.list).or_default().0.push(index);
    }
    for (index, part) in parts.iter().enumerate() {
        lists.entry(&part.list).or_default().1.push(index);
    }
    let mut placed = vec![
        Placed {
            before: None,
            place: 0,
            moved: false
        };
        parts.len()
    ];
    let mut stayed = vec![false; held.len()];
    for (before, now) in lists.values() {
        let known: Vec<_> = before
            .iter()
            .map(|index| (held[*index].identity(), held[*index].place))
            .collect();
        let keys: Vec<_> = now
            .iter()
            .map(|index| (&*parts[*index].key, parts[*index].occurrence))
            .collect();
        for (index, mut found) in now.iter().zip(place(&known, &keys)) {
            found.before = found.before.map(|found| before[found]);
            if let Some(found) = found.before {
                stayed[found] = true;
            }
            placed[*index] = found;
        }
    }
    let gone = stayed
        .iter()
        .enumerate()
        .filter_map(|(index, stayed)| (!stayed).then_some(index))
        .collect();
    (placed, gone)
}

async fn next_id(transaction: &mut SqliteConnection) -> Result<i64> {
    let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'moments'")
        .fetch_optional(transaction)
        .await?;
    Ok(last.unwrap_or(0) + 1)
}

pub(super) async fn write_touched_flags(
    transaction: &mut Transaction<'_, Sqlite>,
    moment: i64,
    touches: Option<&Touches>,
) -> Result<()> {
    let Some(touches) = touches.filter(|touches| !touches.flags.is_empty()) else {
        return Ok(());
    };
    sqlx::query("INSERT INTO touched_flags (moment_id, flag_key) SELECT ?, value FROM json_each(?)")
        .bind(moment)
        .bind(crate::record::encode(&touches.flags)?)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
