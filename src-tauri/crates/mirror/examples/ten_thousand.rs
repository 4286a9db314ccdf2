//! How long the mirror takes for an environment of ten thousand flags.
//!
//! `cargo run --release -p halyard-mirror --example ten_thousand`

#![allow(clippy::print_stdout, reason = "numbers are what it is for")]

use std::error::Error;
use std::time::Instant;

use halyard_mirror::{Mirror, MirrorError};
use halyard_model::{
    Connection, ConnectionId, Endpoint, Environment, EnvironmentKey, Flag, FlagKey, FlagKind, FlagState,
    FlagValue, Named, Protection, Snapshot, Tag, Timestamp,
};

const FLAGS: usize = 10_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("halyard-ten-thousand-{}", std::process::id()));
    let measured = measure(&directory).await;
    std::fs::remove_dir_all(&directory)?;
    Ok(measured?)
}

async fn measure(directory: &std::path::Path) -> Result<(), MirrorError> {
    let began = Instant::now();
    let (mirror, _) = Mirror::open(directory, None).await?;
    report("open, making the file", began);

    let (connection, environment) = (
        ConnectionId("measured".into()),
        EnvironmentKey("production".into()),
    );
    mirror
        .save_connection(&a_connection(&connection), &[an_environment(&environment)])
        .await?;
    let mut snapshot = a_snapshot(&environment);
    println!(
        "{FLAGS} flags, a document of {} kB",
        snapshot.document.len() / 1000
    );

    let began = Instant::now();
    mirror.store_snapshot(&connection, &snapshot).await?;
    report("store, first time", began);

    snapshot.flags[7].state.enabled = true;
    let began = Instant::now();
    mirror.store_snapshot(&connection, &snapshot).await?;
    report("store, one flag changed", began);

    let began = Instant::now();
    mirror.store_snapshot(&connection, &snapshot).await?;
    report("store, nothing changed", began);

    let began = Instant::now();
    let flags = mirror.flags(&connection, &environment).await?.len();
    report(&format!("read {flags} flags"), began);

    let began = Instant::now();
    let document = mirror
        .document(&connection, &environment)
        .await?
        .unwrap_or_default()
        .len();
    report(&format!("read a document of {} kB", document / 1000), began);

    let began = Instant::now();
    mirror
        .flag(&connection, &environment, &snapshot.flags[FLAGS / 2].key)
        .await?;
    report("read one flag", began);

    let began = Instant::now();
    mirror
        .store_flag(
            &connection,
            &environment,
            &snapshot.flags[FLAGS / 2],
            Timestamp(5),
        )
        .await?;
    report("store one flag", began);

    mirror.close().await;
    let began = Instant::now();
    let (mirror, _) = Mirror::open(directory, None).await?;
    report("open again, with the check of every page", began);
    mirror.close().await;
    Ok(())
}

fn report(what: &str, began: Instant) {
    println!("{:>8.1} ms  {what}", began.elapsed().as_secs_f64() * 1000.0);
}

fn a_connection(id: &ConnectionId) -> Connection {
    Connection {
        id: id.clone(),
        name: "Measured".into(),
        endpoint: Endpoint::EdgeFlags {
            base: "http://127.0.0.1".into(),
            ca_bundle: None,
        },
        organisation: None,
        project: Named {
            id: "1".into(),
            name: "Measured".into(),
        },
        demo: true,
    }
}

fn an_environment(key: &EnvironmentKey) -> Environment {
    Environment {
        key: key.clone(),
        remote_id: "1".into(),
        name: "Production".into(),
        versioned: false,
        requires_change_requests: false,
        edge_identities: false,
        protection: Protection::Confirm,
    }
}

fn a_snapshot(environment: &EnvironmentKey) -> Snapshot {
    let flags: Vec<Flag> = (0..FLAGS).map(a_flag).collect();
    let states: Vec<_> = flags.iter().map(|flag| (&flag.key, &flag.state)).collect();
    Snapshot {
        environment: environment.clone(),
        fetched_at: Timestamp(1),
        document: serde_json::json!({ "feature_states": states }).to_string(),
        document_updated_at: None,
        flags,
        segments: Vec::new(),
    }
}

fn a_flag(number: usize) -> Flag {
    Flag {
        key: FlagKey(format!("flag_{number:05}")),
        remote_id: number.to_string(),
        description: Some(format!("What flag number {number} is for, in a sentence.")),
        kind: FlagKind::Standard,
        tags: vec![Tag {
            label: "checkout".into(),
            color: Some("#0AADDF".into()),
        }],
        owners: vec!["owner@example.com".into()],
        archived: false,
        server_only: false,
        created_at: Some(Timestamp(1_700_000_000_000)),
        identity_overrides: Some(0),
        notes: Vec::new(),
        state: FlagState::plain(false, FlagValue(serde_json::json!(format!("value {number}")))),
    }
}
