//! Reading a moment: its parts verified and put together.

use std::collections::{HashMap, HashSet};

use halyard_model::{Flag, MomentId, Segment, Snapshot};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::body::Decoder;
use super::fetch::{Bodies, Body, Found, fetch};
use super::list::List;
use super::parts::{Aside, Lists, Piece, join, makeshift};
use super::row::{MOMENTS, MomentRow, read_moment};
use super::seal::Roots;
use super::span::Span;
use super::{DamagedPart, OpenedMoment};
use crate::Result;

/// A moment with its content; nothing where it is not there.
pub(super) async fn open(connection: &mut SqliteConnection, id: MomentId) -> Result<Option<OpenedMoment>> {
    let query = format!("{MOMENTS} WHERE moments.id = ?");
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let moment = read_moment(&row)?;
    let stored = MomentRow::read(&row)?;
    let mut content = Content::read(connection, &stored).await?;
    if !stored.is_whole() {
        content.damaged.insert(0, super::MOMENT_ITSELF.into());
    }
    let stamp = stored.record()?.stamp;
    let Content {
        lists,
        flags,
        segments,
        damaged,
        ..
    } = content;
    let envelope = lists
        .get(&List::Envelope)
        .and_then(|pieces| pieces.first())
        .map_or_else(|| makeshift(&lists), |piece| piece.text.clone());
    let snapshot = Snapshot {
        environment: moment.environment.clone(),
        fetched_at: moment.last_seen,
        document: join(&envelope, stamp.as_deref(), &lists),
        document_updated_at: moment.document_updated_at,
        flags,
        segments,
    };
    let damaged = damaged
        .into_iter()
        .map(|what| DamagedPart { moment: id, what })
        .collect();
    Ok(Some(OpenedMoment {
        moment,
        snapshot,
        damaged,
    }))
}

#[derive(Default)]
struct Content {
    lists: Lists,
    flags: Vec<Flag>,
    segments: Vec<Segment>,
    damaged: Vec<String>,
}

impl Content {
    async fn read(connection: &mut SqliteConnection, moment: &MomentRow) -> Result<Content> {
        let condition = "timeline_id = ?1 AND last >= ?2 AND first <= ?2";
        let numbers = [moment.timeline, moment.id];
        let found = fetch(connection, condition, &numbers, Bodies::Whole).await?;
        let mut content = Content::default();
        let mut found = content.whole_spans(found, &moment.roots);
        found.sort_by_key(|(span, _)| span.place);
        let bases = read_bases(connection, &found).await?;
        let mut decoder = Decoder::new();
        for (span, body) in &found {
            match text_of(&mut decoder, span, body.as_ref(), &bases) {
                Some(text) => content.add(span, text),
                None => content.damaged.push(span.name()),
            }
        }
        Ok(content)
    }

    /// The spans that are what was stored; names the others, and the lists
    /// from which some are missing.
    fn whole_spans(&mut self, found: Vec<Found>, roots: &[u8]) -> Vec<(Span, Option<Body>)> {
        let mut sums = Roots::default();
        let mut whole = Vec::with_capacity(found.len());
        for found in found {
            let span = match found.span {
                Ok(span) => span,
                Err(name) => {
                    self.damaged.push(name);
                    continue;
                }
            };
            sums.add(&span.list, span.seal);
            if span.seal == span.expected_seal() {
                whole.push((span, found.body));
            } else {
                self.damaged.push(span.name());
            }
        }
        let missed = sums.differing(roots);
        self.damaged
            .extend(missed.into_iter().map(|kind| List::kind_name(kind).to_owned()));
        whole
    }

    fn add(&mut self, span: &Span, text: String) {
        let read = match *span.list {
            List::FlagRecords => flag_of(&text, span.aside.as_deref()).map(|flag| self.flags.push(flag)),
            List::SegmentRecords => serde_json::from_str(&text)
                .map(|segment| self.segments.push(segment))
                .map_err(Into::into),
            _ => {
                let piece = Piece {
                    key: span.key.clone(),
                    occurrence: span.occurrence,
                    text,
                };
                self.lists.entry((*span.list).clone()).or_default().push(piece);
                Ok(())
            }
        };
        if read.is_err() {
            self.damaged.push(span.name());
        }
    }
}

fn flag_of(text: &str, aside: Option<&str>) -> Result<Flag> {
    let mut flag: Flag = serde_json::from_str(text)?;
    if let Some(aside) = aside {
        Aside::put_into(&mut flag, aside)?;
    }
    Ok(flag)
}

fn text_of<'a>(
    decoder: &mut Decoder<'a>,
    span: &Span,
    body: Option<&Body>,
    bases: &'a HashMap<i64, String>,
) -> Option<String> {
    let body = body?;
    let base = match body.base {
        Some(base) => Some(bases.get(&base)?.as_str()),
        None => None,
    };
    decoder.decode(&span.hash, body.codec, &body.bytes, base)
}

/// The texts that others were compressed against.
async fn read_bases(
    connection: &mut SqliteConnection,
    found: &[(Span, Option<Body>)],
) -> Result<HashMap<i64, String>> {
    let wanted: HashSet<i64> = found.iter().filter_map(|(_, body)| body.as_ref()?.base).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "SELECT id, hash, codec, bytes FROM bodies WHERE id IN (SELECT value FROM json_each(?)) AND base IS NULL",
    )
    .bind(crate::record::encode(&wanted)?)
    .fetch_all(connection)
    .await?;
    let mut decoder = Decoder::new();
    let mut bases = HashMap::with_capacity(rows.len());
    for row in rows {
        if let Some((id, text)) = base_of(&mut decoder, &row) {
            bases.insert(id, text);
        }
    }
    Ok(bases)
}

fn base_of(decoder: &mut Decoder<'_>, row: &SqliteRow) -> Option<(i64, String)> {
    let text = decoder.decode(
        row.try_get("hash").ok()?,
        row.try_get("codec").ok()?,
        row.try_get("bytes").ok()?,
        None,
    )?;
    Some((row.try_get("id").ok()?, text))
}
