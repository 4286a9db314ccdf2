//! Nouns to store.

use std::path::Path;

use halyard_mirror::{Mirror, Opened};
use halyard_model::{
    Change, Connection, ConnectionId, EdgeProxy, Edit, EditId, Endpoint, Environment, EnvironmentKey, Flag,
    FlagKey, FlagKind, FlagState, FlagValue, FlagsmithAuth, FlagsmithEndpoint, Named, Protection, Segment,
    SegmentOverride, Snapshot, Subject, Tag, Timestamp, Variant, Version,
};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection as _};

pub(crate) fn id(name: &str) -> ConnectionId {
    ConnectionId(name.into())
}

pub(crate) fn key(name: &str) -> EnvironmentKey {
    EnvironmentKey(name.into())
}

pub(crate) fn flag_key(name: &str) -> FlagKey {
    FlagKey(name.into())
}

pub(crate) fn connection(name: &str) -> Connection {
    Connection {
        id: id(name),
        name: format!("Shop {name}"),
        endpoint: Endpoint::Flagsmith(FlagsmithEndpoint {
            admin_base: "https://flags.example/api/v1/".into(),
            flags_base: None,
            edge_proxies: vec![EdgeProxy::at("http://127.0.0.1:8000/api/v1/")],
            ca_bundle: None,
            auth: FlagsmithAuth::OrganisationKey,
        }),
        organisation: Some(Named {
            id: "1".into(),
            name: "Acme".into(),
        }),
        project: Named {
            id: "7".into(),
            name: "Store".into(),
        },
        demo: false,
    }
}

pub(crate) fn environment(name: &str) -> Environment {
    Environment {
        key: key(name),
        remote_id: format!("id of {name}"),
        name: name.to_uppercase(),
        versioned: true,
        requires_change_requests: false,
        edge_identities: false,
        protection: Protection::suggested_for(name),
    }
}

/// A flag with something in every member.
pub(crate) fn flag(name: &str) -> Flag {
    let variant = Variant {
        id: "3".into(),
        key: Some("red".into()),
        value: FlagValue(json!("red")),
        weight: 33.3,
    };
    Flag {
        key: flag_key(name),
        remote_id: "12".into(),
        description: Some("Überschrift 🎈".into()),
        kind: FlagKind::Multivariate,
        tags: vec![Tag {
            label: "checkout".into(),
            color: Some("#FF0000".into()),
        }],
        owners: vec!["maya@example.com".into()],
        archived: false,
        server_only: true,
        created_at: Some(Timestamp(1_700_000_000_000)),
        identity_overrides: Some(4),
        notes: Vec::new(),
        state: FlagState {
            enabled: true,
            value: FlagValue(json!({"slots": [1, 2.5, null, "x"]})),
            variants: vec![variant.clone()],
            segment_overrides: vec![SegmentOverride {
                segment_id: "9".into(),
                segment_name: "Germany".into(),
                priority: Some(0),
                enabled: false,
                value: FlagValue(json!("de")),
                variants: vec![variant],
            }],
            targeting: Some(json!({"rules": []})),
            version: Some(Version::Uuid("a-b-c".into())),
            updated_at: Some(Timestamp(1_700_000_000_001)),
        },
    }
}

pub(crate) fn segment(name: &str) -> Segment {
    Segment {
        remote_id: "9".into(),
        name: name.into(),
        description: None,
    }
}

/// A snapshot of these flags, all of it following from its arguments.
pub(crate) fn snapshot(environment: &str, flags: &[&str], fetched_at: i64) -> Snapshot {
    Snapshot {
        environment: key(environment),
        fetched_at: Timestamp(fetched_at),
        document: json!({"flags": flags, "identity_overrides": []}).to_string(),
        document_updated_at: Some(Timestamp(fetched_at - 1)),
        flags: flags.iter().map(|name| flag(name)).collect(),
        segments: vec![segment("Germany"), segment("Staff")],
    }
}

pub(crate) fn edit(name: &str, connection: &str, flag: &str, created_at: i64) -> Edit {
    let base = self::flag(flag).state;
    let change = Change {
        enabled: Some(false),
        value: Some(FlagValue(json!("Größe \"XL\"\n🎈"))),
    };
    let wish = change.applied_to(&base).into();
    Edit::new(
        EditId(name.into()),
        (id(connection), key("staging")),
        Subject::state_of(&flag_key(flag)),
        (Some(base.into()), Some(wish)),
        Timestamp(created_at),
    )
}

/// A mirror in memory with the connection `shop`, which has two environments.
pub(crate) async fn furnished() -> Mirror {
    let mirror = Mirror::in_memory().await.unwrap();
    furnish(&mirror).await;
    mirror
}

pub(crate) async fn furnish(mirror: &Mirror) {
    mirror
        .save_connection(
            &connection("shop"),
            &[environment("staging"), environment("production")],
        )
        .await
        .unwrap();
}

/// Opens the mirror in `directory` and expects nothing to be wrong with it.
pub(crate) async fn open_ready(directory: &Path) -> Mirror {
    let (mirror, opened) = Mirror::open(directory, None).await.unwrap();
    assert_eq!(opened, Opened::Ready);
    mirror
}

/// The database itself, for what the mirror has no door to.
pub(crate) async fn raw(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

/// Runs one statement in the database itself.
pub(crate) async fn run_raw(file: &Path, statement: &'static str) {
    let mut connection = raw(file).await;
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
