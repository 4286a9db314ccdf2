//! There is no place for a credential.

use std::collections::BTreeSet;

use sqlx::{Connection as _, Row};

use crate::samples::{connection, open_ready, raw};

/// Every column there is. A new one is added here by somebody who has asked
/// whether a credential could end up in it.
const COLUMNS: &[&str] = &[
    "allowances.connection_id",
    "allowances.environment_key",
    "allowances.record",
    "bodies.base",
    "bodies.bytes",
    "bodies.codec",
    "bodies.hash",
    "bodies.id",
    "change_sets.changed_at",
    "change_sets.connection_id",
    "change_sets.created_at",
    "change_sets.id",
    "change_sets.name",
    "change_sets.state",
    "change_sets.undoes",
    "connections.id",
    "connections.ordinal",
    "connections.record",
    "daily_counts.connection_id",
    "daily_counts.day",
    "daily_counts.environment_key",
    "daily_counts.record",
    "edits.attempt",
    "edits.base",
    "edits.change_set_id",
    "edits.changed_at",
    "edits.connection_id",
    "edits.created_at",
    "edits.environment_key",
    "edits.flag_key",
    "edits.id",
    "edits.position",
    "edits.rounds",
    "edits.state",
    "edits.state_name",
    "edits.subject",
    "edits.ticked",
    "edits.undoes",
    "edits.wish",
    "environments.connection_id",
    "environments.key",
    "environments.ordinal",
    "environments.protection",
    "environments.record",
    "exchanges.at",
    "exchanges.class",
    "exchanges.connection_id",
    "exchanges.id",
    "exchanges.outcome",
    "exchanges.record",
    "exchanges.search",
    "fetch_status.connection_id",
    "fetch_status.environment_key",
    "fetch_status.record",
    "flags.fetched_at",
    "flags.key",
    "flags.ordinal",
    "flags.record",
    "flags.snapshot_id",
    "moments.before",
    "moments.first_seen",
    "moments.id",
    "moments.last_seen",
    "moments.name",
    "moments.pinned",
    "moments.record",
    "moments.roots",
    "moments.seal",
    "moments.source",
    "moments.timeline_id",
    "personas.connection_id",
    "personas.id",
    "personas.identifier",
    "personas.name",
    "personas.traits",
    "propagations.connection_id",
    "propagations.environment_key",
    "propagations.flag_key",
    "propagations.id",
    "propagations.lanes",
    "propagations.ordinal",
    "propagations.published_at",
    "propagations.running",
    "provider_status.record",
    "provider_status.url",
    "segments.name",
    "segments.ordinal",
    "segments.record",
    "segments.snapshot_id",
    "server_readings.at",
    "server_readings.connection_id",
    "server_readings.record",
    "settings.name",
    "settings.value",
    "snapshots.connection_id",
    "snapshots.content_hash",
    "snapshots.document",
    "snapshots.document_bytes",
    "snapshots.document_updated_at",
    "snapshots.environment_key",
    "snapshots.fetched_at",
    "snapshots.flag_count",
    "snapshots.id",
    "snapshots.segment_count",
    "spans.aside",
    "spans.body",
    "spans.first",
    "spans.id",
    "spans.key",
    "spans.label",
    "spans.last",
    "spans.list",
    "spans.occurrence",
    "spans.place",
    "spans.seal",
    "spans.timeline_id",
    "sqlite_sequence.name",
    "sqlite_sequence.seq",
    "surface_readings.connection_id",
    "surface_readings.environment_key",
    "surface_readings.record",
    "surface_readings.surface",
    "surface_settings.connection_id",
    "surface_settings.record",
    "timelines.connection_id",
    "timelines.environment_key",
    "timelines.id",
    "touched_flags.flag_key",
    "touched_flags.moment_id",
    // Texts, numbers and rules of flags and segments; a key is typed into a
    // field of its own, which is no subject's.
    "unsent.connection_id",
    "unsent.record",
    "unsent.subject",
];

#[tokio::test]
async fn no_column_is_for_a_credential() {
    let directory = tempfile::tempdir().unwrap();
    open_ready(directory.path()).await.close().await;
    let mut file = raw(&directory.path().join("mirror.sqlite")).await;
    let rows = sqlx::query(
        "SELECT schema.name || '.' || column.name AS name
         FROM sqlite_schema AS schema, pragma_table_info(schema.name) AS column
         WHERE schema.type = 'table' AND schema.name NOT LIKE '\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut file)
    .await
    .unwrap();
    file.close().await.unwrap();
    let found: BTreeSet<String> = rows.iter().map(|row| row.get("name")).collect();
    let known: BTreeSet<String> = COLUMNS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, known);
}

/// The record of a connection is where a credential would be most at home.
#[test]
fn no_member_of_a_connection_is_for_a_credential() {
    let record = serde_json::to_value(connection("shop")).unwrap();
    let members =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(
        members(&record),
        ["id", "name", "endpoint", "organisation", "project", "demo"]
    );
    assert_eq!(
        members(&record["endpoint"]),
        ["service", "admin_base", "flags_base", "edge_proxies", "auth"]
    );
    assert_eq!(
        record["endpoint"]["auth"], "organisation_key",
        "the kind, not the key"
    );
}
