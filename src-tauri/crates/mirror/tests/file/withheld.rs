//! What never goes out, and what does not where identities stay.

use halyard_mirror::file::{FileError, FileHeader, Kept};
use halyard_model::{Author, Endpoint, Timestamp, Touched, TouchedHow, TouchedKind};
use serde_json::{Value, json};

use crate::samples::{DAY, document, flag, header, moment, opened, read, unpacked, write};

const IDENTIFIER: &str = "alice@acme.test";
const TRAIT: &str = "favourite-colour-is-teal";

/// A moment with an identity wherever one can be named.
fn with_an_identity() -> halyard_mirror::OpenedMoment {
    let one = json!({
        "identifier": IDENTIFIER, "environment_api_key": "2NLh9YKvHKuYKULiYNsReu",
        "identity_traits": [{"trait_key": TRAIT, "trait_value": TRAIT}],
        "identity_features": [{"feature": {"id": 1, "name": "size"}, "feature_state_value": "for alice"}],
    });
    let state = json!({"feature": {"id": 1, "name": "size"}, "feature_state_value": "for everybody"});
    let mut opened = opened(
        1,
        document(&[state], &[one]),
        vec![flag("size", json!("for everybody"))],
    );
    for (kind, how) in [
        (TouchedKind::Identity, TouchedHow::Added),
        (TouchedKind::Identity, TouchedHow::Changed),
        (TouchedKind::Segment, TouchedHow::Removed),
    ] {
        opened.moment.touched.push(Touched {
            kind,
            name: if kind == TouchedKind::Identity {
                IDENTIFIER
            } else {
                "Germany"
            }
            .into(),
            how,
        });
    }
    opened.moment.counts.added = 1;
    opened.moment.counts.changed = 2;
    opened.moment.counts.removed = 1;
    opened.moment.authors.push(Author {
        name: "Maya Lindqvist".into(),
        at: Timestamp(DAY),
        what: format!("Flag state updated for identity {IDENTIFIER}"),
    });
    opened
}

#[test]
fn without_identities_no_identifier_and_no_trait_is_in_the_file() {
    let opened = with_an_identity();
    let kept = unpacked(&write(header(), None, std::slice::from_ref(&opened)).unwrap());
    for text in [IDENTIFIER, TRAIT, "for alice"] {
        assert!(kept.contains(text), "the sample has {text}");
    }
    let header = FileHeader {
        identities: Kept::Removed,
        ..header()
    };
    let file = write(header, None, &[opened]).unwrap();
    let removed = unpacked(&file);
    for text in [IDENTIFIER, TRAIT, "for alice", "trait", "identity_features"] {
        assert!(!removed.contains(text), "{text} is in the file");
    }
    for text in ["for everybody", "Germany", "Maya Lindqvist"] {
        assert!(removed.contains(text), "{text} was taken out, too");
    }
    let (_, found) = read(&file, None).unwrap();
    let counts = found[0].moment.counts;
    assert_eq!((counts.added, counts.changed, counts.removed), (0, 1, 1));
}

#[test]
fn without_authors_nobody_is_named() {
    let header = FileHeader {
        authors: Kept::Removed,
        ..header()
    };
    let text = unpacked(&write(header, None, &[moment(1)]).unwrap());
    assert!(!text.contains("Lindqvist"));
}

#[test]
fn keys_of_integrations_and_servers_never_go_out() {
    let mut opened = moment(1);
    let mut document: Value = serde_json::from_str(&opened.snapshot.document).unwrap();
    document["amplitude_config"] =
        json!({"api_key": "amplitude-secret", "base_url": "https://hooks.example"});
    document["webhook_config"] = json!({"url": "https://hooks.example", "secret": "hook-secret"});
    opened.snapshot.document = document.to_string();
    let file = write(header(), None, std::slice::from_ref(&opened)).unwrap();
    let text = unpacked(&file);
    for secret in ["amplitude-secret", "hook-secret", "hooks.example"] {
        assert!(!text.contains(secret), "{secret} is in the file");
    }
    let (_, found) = read(&file, None).unwrap();
    let read: Value = serde_json::from_str(&found[0].snapshot.document).unwrap();
    assert_eq!(read["amplitude_config"], Value::Null);
    assert_eq!(read["feature_states"], document["feature_states"]);

    document["api_key"] = json!("ser.4vPUq2cGFmhLnqvC3N7hZK");
    opened.snapshot.document = document.to_string();
    assert!(matches!(
        write(header(), None, &[opened]),
        Err(FileError::Impossible { .. })
    ));
}

/// The header has no place for where a connection leads.
#[test]
fn no_address_is_in_the_header() {
    let endpoint = Endpoint::File {
        of: header().service,
        name: "x".into(),
        made_at: Timestamp(DAY),
    };
    assert!(endpoint.is_file());
    let text = unpacked(&write(header(), None, &[moment(1)]).unwrap());
    let first = text.lines().next().unwrap();
    let members: Value = serde_json::from_str(first).unwrap();
    let names: Vec<&str> = members.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "record",
            "made_at",
            "made_by",
            "service",
            "connection",
            "organisation",
            "project",
            "environment",
            "moments",
            "identities",
            "authors",
        ]
    );
}
