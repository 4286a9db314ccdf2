//! Holds the sandbox's answers to the project's own table of statuses, headers and shapes, so that a change
//! of shape is seen where no captures are at hand.
//!
//! The table is written from the sandbox itself, while it agrees with the captures, by running this test with
//! `HALYARD_WRITE_SHAPES=1`.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::print_stdout, reason = "counts are for whoever runs the test")]

mod wire;

use std::fs;
use std::path::PathBuf;

use halyard_sandbox::Seed;
use halyard_sandbox::flagsmith::{AuditLicence, Flagsmith};
use serde_json::{Map, Value, json};

const REQUESTS: &str = include_str!("flagsmith_requests.txt");

fn table_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/shapes/flagsmith.json")
}

fn credential(whose: &str, described: &Value) -> Option<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let production = &described["environments"][2];
    let (header, value) = match whose {
        "token" => ("Authorization", format!("Token {}", text(&described["token"]))),
        "key" => (
            "Authorization",
            format!("Api-Key {}", text(&described["api_key"])),
        ),
        "wrong token" => ("Authorization", "Token deadbeef".to_owned()),
        "wrong key" => ("Authorization", "Api-Key abc.def".to_owned()),
        "client" => ("X-Environment-Key", text(&production["client_key"])),
        "server" => ("X-Environment-Key", text(&production["server_key"])),
        "wrong environment key" => ("X-Environment-Key", "nope".to_owned()),
        _ => return None,
    };
    Some((header.to_owned(), value))
}

#[tokio::test]
async fn answers_have_the_shapes_of_the_table() {
    let flagsmith = Flagsmith::new(Seed::Acme);
    flagsmith.license_audit(AuditLicence::Unlicensed);
    let (base, server) = wire::serve(flagsmith.router()).await;
    let client = wire::client();
    let described = flagsmith.describe();
    let writing = std::env::var_os("HALYARD_WRITE_SHAPES").is_some();
    let table: Value = if writing {
        json!({})
    } else {
        serde_json::from_str(&fs::read_to_string(table_path()).unwrap()).unwrap()
    };
    let mut written = Map::new();
    let mut problems = Vec::new();
    for line in REQUESTS.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.splitn(4, " | ");
        let (name, whose, target) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let (method, path) = target.split_once(' ').unwrap();
        let mut path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/api/v1/{path}")
        };
        for (hole, position) in [("{d}", 0), ("{s}", 1), ("{p}", 2), ("{e}", 3)] {
            path = path.replace(
                hole,
                described["environments"][position]["client_key"]
                    .as_str()
                    .unwrap(),
            );
        }
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        headers.extend(credential(whose, &described));
        let body = parts.next().map(str::to_owned);
        if body.is_some() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let reply = wire::send(&client, method, &format!("{base}{path}"), &headers, body).await;
        let got = json!({
            "status": reply.status,
            "content_type": reply.header("content-type"),
            "headers": reply.header_names(),
            "shape": wire::shape(&reply.json()),
        });
        if !writing && table[name] != got {
            problems.push(format!("{name}:\n  wanted {}\n  got    {got}", table[name]));
        }
        written.insert(name.to_owned(), got);
    }
    server.abort();
    if writing {
        fs::create_dir_all(table_path().parent().unwrap()).unwrap();
        fs::write(
            table_path(),
            serde_json::to_string_pretty(&written).unwrap() + "\n",
        )
        .unwrap();
    }
    println!("{} answers compared", written.len());
    assert!(
        problems.is_empty(),
        "{} answers differ:\n{}",
        problems.len(),
        problems.join("\n")
    );
}
