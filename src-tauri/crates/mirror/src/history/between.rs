//! What differs between two moments of an environment, told by their spans
//! alone: no content is read.

use std::collections::{HashMap, HashSet};

use halyard_model::{MomentId, Touched};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::body::Hash;
use super::fetch::{Bodies, fetch};
use super::list::List;
use super::span::Span;
use super::touched::{Difference, Fate, Present, Touches, note, touches};
use crate::Result;

/// What is different in the second of two moments, if they are of the same
/// timeline.
pub(super) async fn touched(
    connection: &mut SqliteConnection,
    from: MomentId,
    to: MomentId,
) -> Result<Option<Vec<Touched>>> {
    let timelines: Vec<i64> = sqlx::query_scalar("SELECT timeline_id FROM moments WHERE id IN (?, ?)")
        .bind(from.0)
        .bind(to.0)
        .fetch_all(&mut *connection)
        .await?;
    let timeline = match *timelines {
        [one] if from == to => one,
        [one, other] if one == other => one,
        _ => return Ok(None),
    };
    Ok(Some(
        touches_between(connection, timeline, (from.0, to.0)).await?.named,
    ))
}

/// What was touched from one moment of a timeline to another.
pub(super) async fn touches_between(
    connection: &mut SqliteConnection,
    timeline: i64,
    (from, to): (i64, i64),
) -> Result<Touches> {
    let before = only_in(connection, timeline, from, to).await?;
    let after = only_in(connection, timeline, to, from).await?;
    let stayed = stayed_beside(connection, timeline, (from, to), &before, &after).await?;
    let (mut there, mut here) = (Present::default(), Present::default());
    for (list, key) in &stayed {
        note(&mut there, list, key);
        note(&mut here, list, key);
    }
    before
        .iter()
        .for_each(|span| note(&mut there, &span.list, &span.key));
    after
        .iter()
        .for_each(|span| note(&mut here, &span.list, &span.key));
    let known: HashMap<_, &Hash> = before.iter().map(|span| (identity(span), &span.hash)).collect();
    let now: HashSet<_> = after.iter().map(identity).collect();
    let came = after
        .iter()
        .map(|span| (span, known.get(&identity(span)) == Some(&&span.hash)));
    let went = before.iter().filter(|span| !now.contains(&identity(span)));
    // Those that went last: a name that is still used is the newer one.
    let differences: Vec<_> = came
        .chain(went.map(|span| (span, false)))
        .map(|(span, same)| Difference {
            list: &span.list,
            key: &span.key,
            label: span.label.as_deref(),
            fate: if same { Fate::Moved } else { Fate::Differs },
        })
        .collect();
    Ok(touches(&differences, &there, &here))
}

fn identity(span: &Span) -> (&List, &str, u32) {
    (&span.list, &span.key, span.occurrence)
}

/// The spans that hold in one moment and not in the other.
async fn only_in(
    connection: &mut SqliteConnection,
    timeline: i64,
    moment: i64,
    other: i64,
) -> Result<Vec<Span>> {
    let condition = "timeline_id = ?1 AND last >= ?2 AND first <= ?2 AND NOT (last >= ?3 AND first <= ?3)";
    let found = fetch(connection, condition, &[timeline, moment, other], Bodies::Named).await?;
    // What cannot be read is named where a moment is opened.
    Ok(found.into_iter().filter_map(|found| found.span.ok()).collect())
}

/// The parts with the keys of those that differ which hold in both moments.
async fn stayed_beside(
    connection: &mut SqliteConnection,
    timeline: i64,
    (from, to): (i64, i64),
    before: &[Span],
    after: &[Span],
) -> Result<Vec<(List, String)>> {
    let keys: HashSet<&str> = before.iter().chain(after).map(|span| span.key.as_str()).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT DISTINCT list, key FROM spans
         WHERE timeline_id = ?1 AND last >= ?3 AND first <= ?2 AND list NOT LIKE 'o/%'
             AND key IN (SELECT value FROM json_each(?4))",
    )
    .bind(timeline)
    .bind(from.min(to))
    .bind(from.max(to))
    .bind(crate::record::encode(&keys)?)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((List::read(row.try_get("list").ok()?)?, row.try_get("key").ok()?)))
        .collect())
}
