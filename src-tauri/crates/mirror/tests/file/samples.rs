//! Moments to write, and files made of lines.

use std::io::{Cursor, Write};

use halyard_mirror::OpenedMoment;
use halyard_mirror::file::{FileError, FileHeader, FileReader, FileWriter, Kept, Result, Seal};
use halyard_model::{
    Author, ConnectionId, Environment, EnvironmentKey, Flag, FlagKey, FlagKind, FlagState, FlagValue, Moment,
    MomentId, MomentSource, Protection, Segment, Service, Snapshot, Timestamp, Touched, TouchedCounts,
    TouchedHow, TouchedKind,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// 20 November 2026.
pub(crate) const DAY: i64 = 1_795_132_800_000;

/// Cheap enough for many tries.
pub(crate) fn seal(passphrase: &str) -> Seal {
    Seal::new(passphrase).costing(4)
}

pub(crate) fn header() -> FileHeader {
    FileHeader {
        made_at: Timestamp(DAY),
        made_by: "Halyard 0.1.0".into(),
        service: Service::Flagsmith,
        connection: "Acme".into(),
        organisation: Some("Acme Inc.".into()),
        project: "Storefront".into(),
        environment: Environment {
            key: EnvironmentKey("2NLh9YKvHKuYKULiYNsReu".into()),
            remote_id: String::new(),
            name: "Production".into(),
            versioned: true,
            requires_change_requests: false,
            edge_identities: false,
            protection: Protection::ReadOnly,
        },
        moments: 10_000,
        identities: Kept::Kept,
        authors: Kept::Kept,
    }
}

pub(crate) fn flag(name: &str, value: Value) -> Flag {
    Flag {
        key: FlagKey(name.into()),
        remote_id: "12".into(),
        description: Some("Größe 🎈".into()),
        kind: FlagKind::Standard,
        tags: Vec::new(),
        owners: vec!["Maya".into()],
        archived: false,
        server_only: false,
        created_at: Some(Timestamp(DAY)),
        identity_overrides: Some(3),
        notes: Vec::new(),
        state: FlagState::plain(true, FlagValue(value)),
    }
}

/// A document in the shape of Flagsmith's.
pub(crate) fn document(states: &[Value], overrides: &[Value]) -> String {
    json!({
        "id": 1, "api_key": "2NLh9YKvHKuYKULiYNsReu", "name": "Production",
        "project": {"id": 1, "name": "Storefront", "segments": [{"id": 1, "name": "Germany", "rules": []}]},
        "feature_states": states,
        "identity_overrides": overrides,
        "updated_at": "2026-11-20T00:00:00+00:00",
    })
    .to_string()
}

/// The moment of a number: its document and its only flag say the number.
pub(crate) fn moment(number: i64) -> OpenedMoment {
    let states =
        [json!({"feature": {"id": 1, "name": "size"}, "enabled": true, "feature_state_value": number})];
    opened(number, document(&states, &[]), vec![flag("size", json!(number))])
}

pub(crate) fn opened(number: i64, document: String, flags: Vec<Flag>) -> OpenedMoment {
    let first_seen = Timestamp(DAY + number * 60_000);
    let last_seen = Timestamp(first_seen.0 + 30_000);
    let key = header().environment.key;
    let segments = vec![Segment {
        remote_id: "1".into(),
        name: "Germany".into(),
        description: None,
    }];
    OpenedMoment {
        moment: Moment {
            id: MomentId(number),
            connection: ConnectionId(String::new()),
            environment: key.clone(),
            first_seen,
            last_seen,
            before: (number > 1).then_some(Timestamp(first_seen.0 - 10_000)),
            source: MomentSource::File,
            document_updated_at: Some(Timestamp(first_seen.0 - 1_000)),
            name: (number % 7 == 0).then(|| format!("Release {number}")),
            pinned: number % 5 == 0,
            touched: vec![Touched {
                kind: TouchedKind::Flag,
                name: "size".into(),
                how: TouchedHow::Changed,
            }],
            counts: TouchedCounts {
                added: 0,
                changed: 1,
                removed: 0,
            },
            authors: vec![Author {
                name: "Maya Lindqvist".into(),
                at: first_seen,
                what: "Flag state updated".into(),
            }],
            flag_count: flags.len() as u32,
            segment_count: 1,
            document_bytes: document.len() as u64,
        },
        snapshot: Snapshot {
            environment: key,
            fetched_at: last_seen,
            document,
            document_updated_at: Some(Timestamp(first_seen.0 - 1_000)),
            flags,
            segments,
        },
        damaged: Vec::new(),
    }
}

pub(crate) fn write(header: FileHeader, seal: Option<&Seal>, moments: &[OpenedMoment]) -> Result<Vec<u8>> {
    let mut writer = FileWriter::new(Vec::new(), header, seal)?;
    for moment in moments {
        writer.add(moment)?;
    }
    writer.finish()
}

/// Everything in a file.
pub(crate) fn read(bytes: &[u8], seal: Option<&Seal>) -> Result<(FileHeader, Vec<OpenedMoment>)> {
    let mut reader = FileReader::open(Cursor::new(bytes.to_vec()), seal)?;
    let mut moments = Vec::new();
    while let Some(found) = reader.next_moment()? {
        moments.push(reader.open_moment(&found)?);
    }
    assert!(reader.digest().is_some());
    Ok((reader.header().clone(), moments))
}

/// What a file unpacks to, its first line apart.
pub(crate) fn unpacked(bytes: &[u8]) -> String {
    let frame = bytes.splitn(2, |byte| *byte == b'\n').nth(1).unwrap();
    String::from_utf8(zstd::decode_all(frame).unwrap()).unwrap()
}

/// A file of these lines with a right end, unless the lines have one.
pub(crate) fn file_of(lines: &[String]) -> Vec<u8> {
    let mut content: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if !content.contains(r#""record":"end""#) {
        let count = |kind: &str| {
            lines
                .iter()
                .filter(|line| line.contains(&format!(r#""record":"{kind}""#)))
                .count()
        };
        let digest = Sha256::digest(format!("halyard-snapshot 1\n{content}"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let end = json!({"record": "end", "moments": count("moment"), "parts": count("part") + count("list"),
                         "digest": digest});
        content.push_str(&format!("{end}\n"));
    }
    packed(content.as_bytes())
}

/// A file of these bytes, packed.
pub(crate) fn packed(content: &[u8]) -> Vec<u8> {
    let mut file = b"halyard-snapshot 1\n".to_vec();
    file.extend(zstd::encode_all(content, 3).unwrap());
    file
}

/// The lines of a good file, without its end.
pub(crate) fn good_lines() -> Vec<String> {
    let file = write(header(), None, &[moment(1), moment(2)]).unwrap();
    let mut lines: Vec<String> = unpacked(&file).lines().map(str::to_owned).collect();
    assert!(lines.pop().unwrap().contains(r#""record":"end""#));
    lines
}

/// As `age` would encrypt it.
pub(crate) fn sealed(content: &[u8], passphrase: &str, work_factor: u8) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(passphrase.to_owned().into());
    recipient.set_work_factor(work_factor);
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut output = encryptor.wrap_output(Vec::new()).unwrap();
    output.write_all(content).unwrap();
    output.finish().unwrap()
}

pub(crate) fn refusal(bytes: &[u8], seal: Option<&Seal>) -> FileError {
    match read(bytes, seal) {
        Ok(_) => panic!("it was read"),
        Err(error) => error,
    }
}

/// The lines of a good file, one of them changed.
pub(crate) fn changed(kind: &str, number: usize, change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut lines = good_lines();
    let of_kind = format!(r#""record":"{kind}""#);
    let line = lines
        .iter_mut()
        .filter(|line| line.contains(&of_kind))
        .nth(number)
        .unwrap();
    let mut record: Value = serde_json::from_str(line).unwrap();
    change(&mut record);
    *line = record.to_string();
    file_of(&lines)
}
