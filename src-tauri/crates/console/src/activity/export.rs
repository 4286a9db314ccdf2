//! Requests as text: for a spreadsheet and for programs.

use halyard_model::{ConnectionId, Timestamp};
use halyard_provider::Urgency;
use serde_json::{Value, json};

use super::{ExchangeFacts, kept::class_name};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityFormat {
    /// Comma-separated values by RFC 4180, with a line of names.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

/// The columns, in this order.
const COLUMNS: [&str; 20] = [
    "at",
    "connection",
    "surface",
    "method",
    "origin",
    "path",
    "status",
    "outcome",
    "took_ms",
    "waited_ms",
    "attempt",
    "background",
    "bytes",
    "budget_left",
    "request_id",
    "server_version",
    "clock_ahead_ms",
    "error",
    "cause",
    "next_step",
];

pub(super) fn write(
    rows: &[ExchangeFacts],
    names: &[(ConnectionId, String)],
    format: ActivityFormat,
) -> String {
    match format {
        ActivityFormat::Csv => csv(rows, names),
        ActivityFormat::JsonLines => json_lines(rows, names),
    }
}

fn csv(rows: &[ExchangeFacts], names: &[(ConnectionId, String)]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let mut write = |fields: Vec<String>| writer.write_record(fields);
    let written = write(COLUMNS.map(str::to_owned).to_vec()).and_then(|()| {
        rows.iter()
            .try_for_each(|row| write(cells(row, names).iter().map(field).collect()))
    });
    // Writing into memory fails only where lines differ in length; they do not.
    let bytes = written.ok().and_then(|()| writer.into_inner().ok());
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

fn json_lines(rows: &[ExchangeFacts], names: &[(ConnectionId, String)]) -> String {
    let mut text = String::new();
    for row in rows {
        let members = COLUMNS
            .iter()
            .map(|name| (*name).to_owned())
            .zip(cells(row, names));
        text.push_str(&Value::Object(members.collect()).to_string());
        text.push('\n');
    }
    text
}

fn cells(row: &ExchangeFacts, names: &[(ConnectionId, String)]) -> [Value; 20] {
    let name = row.connection.as_ref().and_then(|id| {
        names
            .iter()
            .find(|(known, _)| known == id)
            .map(|(_, name)| name.as_str())
    });
    let failure = row.failure.as_ref();
    [
        json!(iso(row.at)),
        json!(name),
        json!(class_name(row.class)),
        json!(row.method),
        json!(row.origin),
        json!(row.path),
        json!(row.status),
        json!(row.outcome.name()),
        json!(row.took_millis),
        json!(row.waited_millis),
        json!(row.attempt),
        json!(row.urgency == Urgency::Background),
        json!(row.bytes),
        json!(row.budget_left),
        json!(row.request_id),
        json!(row.server_version),
        json!(row.clock_ahead_millis),
        json!(failure.map(|failure| &failure.sentence)),
        json!(failure.and_then(|failure| failure.cause.as_ref())),
        json!(failure.and_then(|failure| failure.next_step.as_ref())),
    ]
}

/// The text of a field. Spreadsheets take text that begins like a formula for
/// one, and a service's words come from elsewhere: an apostrophe keeps it text.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A moment as RFC 3339 in UTC, with milliseconds.
fn iso(moment: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_millisecond(moment.0).ok()?;
    Some(format!("{moment:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_000_000_123, "2026-11-18T11:06:40.123Z"),
        ] {
            assert_eq!(iso(Timestamp(millis)).as_deref(), Some(text));
        }
    }

    #[test]
    fn formulas_stay_text() {
        for (value, expected) in [
            (json!("plain"), "plain"),
            (json!("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")"),
            (json!("+1"), "'+1"),
            (json!("@a"), "'@a"),
            (json!("-1"), "'-1"),
            (json!("\t=1"), "'\t=1"),
            (json!(-1), "-1"),
            (json!(null), ""),
            (json!(true), "true"),
        ] {
            assert_eq!(field(&value), expected, "{value}");
        }
    }
}
