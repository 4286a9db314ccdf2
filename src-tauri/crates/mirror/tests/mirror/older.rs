//! Files and records of earlier versions.

use halyard_mirror::Persona;
use halyard_model::{
    Connection, ConnectionId, Edit, EditState, Environment, FetchStatus, FieldPath, Flag, Segment,
};
use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, Row};

use crate::samples::{furnish, id, key, open_ready, raw, run_raw};

static MIGRATIONS: Migrator = sqlx::migrate!();

async fn applied(directory: &std::path::Path) -> Vec<i64> {
    let mut file = raw(&directory.join("mirror.sqlite")).await;
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&mut file)
        .await
        .unwrap();
    file.close().await.unwrap();
    rows.iter().map(|row| row.get("version")).collect()
}

#[tokio::test]
async fn migrations_run_once_from_nothing_and_from_every_earlier_version() {
    let all: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    for earlier in std::iter::once(None).chain(all.iter().copied().map(Some)) {
        let directory = tempfile::tempdir().unwrap();
        if let Some(version) = earlier {
            let mut file = raw(&directory.path().join("mirror.sqlite")).await;
            MIGRATIONS.run_to(version, &mut file).await.unwrap();
            file.close().await.unwrap();
        }
        for _ in 0..2 {
            let mirror = open_ready(directory.path()).await;
            furnish(&mirror).await;
            mirror.close().await;
            assert_eq!(applied(directory.path()).await, all, "from {earlier:?}");
        }
    }
}

#[tokio::test]
async fn a_database_without_tables_becomes_a_mirror() {
    let directory = tempfile::tempdir().unwrap();
    run_raw(&directory.path().join("mirror.sqlite"), "PRAGMA user_version = 1").await;
    furnish(&open_ready(directory.path()).await).await;
}

#[tokio::test]
async fn a_start_that_was_cut_off_leaves_nothing_in_the_way() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["mirror.sqlite-unfinished", "mirror.sqlite-unfinished-wal"] {
        std::fs::write(directory.path().join(name), b"half a mirror").unwrap();
    }
    open_ready(directory.path()).await.close().await;
    let mut names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["mirror.lock", "mirror.sqlite"]);
}

/// The records as the first version wrote them. They are in people's files:
/// where one of these can no longer be read, the change to the noun needs
/// `#[serde(default)]` or a migration, never a change here.
const FIRST: [&str; 9] = [
    r#"INSERT INTO connections VALUES ('shop', 1, '{"id":"shop","name":"Shop","endpoint":{"service":"flagsmith","admin_base":"https://flags.example/api/v1/","flags_base":null,"edge_proxies":[],"auth":"user_token"},"organisation":{"id":"1","name":"Acme"},"project":{"id":"7","name":"Store"},"demo":false}')"#,
    r#"INSERT INTO connections VALUES ('edge', 2, '{"id":"edge","name":"Edge","endpoint":{"service":"edge_flags","base":"https://edgeflags.example"},"organisation":null,"project":{"id":"p","name":"P"},"demo":true}')"#,
    r#"INSERT INTO environments VALUES ('shop', 'staging', 0, '"type_name"', '{"key":"staging","remote_id":"3","name":"Staging","versioned":true,"requires_change_requests":false,"edge_identities":false,"protection":"none"}')"#,
    r#"INSERT INTO snapshots VALUES (1, 'shop', 'staging', 100, NULL, 1, 1, 2, NULL, '{}')"#,
    r##"INSERT INTO flags VALUES (1, 0, 'a', NULL, '{"key":"a","remote_id":"12","description":null,"kind":"multivariate","tags":[{"label":"x","color":"#FF0000"}],"owners":["maya"],"archived":false,"server_only":false,"created_at":1700000000000,"identity_overrides":4,"notes":["base_disabled"],"state":{"enabled":true,"value":"v","variants":[{"id":"3","key":null,"value":1,"weight":33.3}],"segment_overrides":[{"segment_id":"9","segment_name":"G","priority":0,"enabled":false,"value":null,"variants":[]}],"targeting":null,"version":{"kind":"uuid","value":"u"},"updated_at":null}}')"##,
    r#"INSERT INTO segments VALUES (1, 0, 'G', '{"remote_id":"9","name":"G","description":null}')"#,
    r#"INSERT INTO fetch_status VALUES ('shop', 'staging', '{"checked_at":100,"changed_at":100,"failures":1,"failing_since":200,"last_failure":"refused","unreachable":true,"retry_at":null}')"#,
    r#"INSERT INTO edits VALUES ('e', 'shop', 'staging', 'a', 1, 2, 'conflicted', '{"state":"conflicted","theirs":{"enabled":false,"value":null,"variants":[],"segment_overrides":[],"targeting":null,"version":{"kind":"number","value":4},"updated_at":5},"already_sent":true}', '{"enabled":true,"value":"v","variants":[],"segment_overrides":[],"targeting":null,"version":null,"updated_at":null}', '{"enabled":false,"value":null}')"#,
    r#"INSERT INTO personas VALUES ('p', 'shop', 'Lena', 'u_1', '[["plan","beta"]]')"#,
];

/// The last version whose edits knew only a flag and a change.
const BEFORE_CHANGE_SETS: i64 = 20_261_121_154_000;

#[tokio::test]
async fn the_records_of_the_first_version_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = raw(&directory.path().join("mirror.sqlite")).await;
    MIGRATIONS.run_to(BEFORE_CHANGE_SETS, &mut file).await.unwrap();
    file.close().await.unwrap();
    for statement in FIRST {
        run_raw(&directory.path().join("mirror.sqlite"), statement).await;
    }
    let mirror = open_ready(directory.path()).await;
    assert_eq!(mirror.unreadable_rows().await.unwrap(), []);

    let (shop, staging) = (id("shop"), key("staging"));
    let connections: Vec<Connection> = mirror.connections().await.unwrap();
    assert_eq!(connections[1].id, ConnectionId("edge".into()));
    let environments: Vec<Environment> = mirror.environments(&shop).await.unwrap();
    assert_eq!(environments[0].protection, halyard_model::Protection::TypeName);
    let flags: Vec<Flag> = mirror.flags(&shop, &staging).await.unwrap();
    assert_eq!(flags[0].state.variants[0].weight, 33.3);
    let segments: Vec<Segment> = mirror.segments(&shop, &staging).await.unwrap();
    assert_eq!(segments[0].name, "G");
    let status: FetchStatus = mirror.fetch_status(&shop, &staging).await.unwrap();
    assert_eq!(status.last_failure.as_deref(), Some("refused"));
    let edits: Vec<Edit> = mirror.open_edits(Some(&shop)).await.unwrap();
    assert_eq!(edits[0].changes(), [FieldPath::Enabled]);
    assert_eq!(edits[0].flag().unwrap().0, "a");
    let EditState::Conflicted {
        theirs: Some(theirs), ..
    } = &edits[0].state
    else {
        panic!("{:?}", edits[0].state);
    };
    assert!(!theirs.flag_state().unwrap().enabled);
    let personas: Vec<Persona> = mirror.personas(&shop).await.unwrap();
    assert_eq!(personas[0].identity.traits[0], ("plan".to_owned(), json!("beta")));
    mirror.close().await;
}
