//! Files that were damaged or made to do harm. The bytes that reading them
//! takes are measured; the time is only printed.

use std::io::Write;
use std::time::Instant;

use halyard_mirror::file::FileError;
use serde_json::{Value, json};

use crate::samples::{
    DAY, changed, document, file_of, flag, good_lines, header, moment, opened, packed, read, refusal, seal,
    sealed, write,
};

/// What a refusal may take: far below what the files claim.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// The same of a text that is put together before what is in it is counted.
const MOST_BYTES_OF_TEXT: u64 = 48 * 1024 * 1024;

const MANY_VALUES: &str = "many values";

type Expected = fn(&FileError) -> bool;

fn is_damaged(error: &FileError) -> bool {
    matches!(error, FileError::Damaged { .. })
}

fn is_too_large(error: &FileError) -> bool {
    matches!(error, FileError::TooLarge { .. })
}

fn is_impossible(error: &FileError) -> bool {
    matches!(error, FileError::Impossible { .. })
}

fn is_no_snapshot(error: &FileError) -> bool {
    matches!(error, FileError::NotASnapshot)
}

/// A frame that is made piece by piece, since what it unpacks to is large.
fn frame(window_log: u32, long: bool, mut fill: impl FnMut(&mut dyn Write)) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(b"halyard-snapshot 1\n".to_vec(), 3).unwrap();
    encoder.window_log(window_log).unwrap();
    encoder.long_distance_matching(long).unwrap();
    fill(&mut encoder);
    encoder.finish().unwrap()
}

fn one_line_of_zeros() -> Vec<u8> {
    frame(20, false, |output| {
        for _ in 0..2_048 {
            output.write_all(&[b' '; 512 * 1024]).unwrap();
        }
    })
}

/// A gigabyte of good lines.
fn many_lines() -> Vec<u8> {
    let header = good_lines()[0].clone();
    frame(20, false, |output| {
        writeln!(output, "{header}").unwrap();
        let text = "a".repeat(500_000);
        for id in 0..2_000 {
            writeln!(output, r#"{{"record":"part","id":{id},"text":"{text}"}}"#).unwrap();
        }
    })
}

/// A text that is named over and over again: much from little.
fn laughing() -> Vec<u8> {
    let mut lines = vec![good_lines()[0].clone()];
    lines.push(json!({"record": "part", "id": 0, "text": "[".repeat(60_000)}).to_string());
    lines.push(json!({"record": "list", "id": 1, "of": vec![0; 1024]}).to_string());
    let mut moment = record("moment");
    moment["document"] = json!(vec![1; 60_000]);
    lines.push(moment.to_string());
    file_of(&lines)
}

fn lists_of_lists() -> Vec<u8> {
    let mut lines = vec![good_lines()[0].clone()];
    lines.push(json!({"record": "part", "id": 0, "text": "x"}).to_string());
    for id in 1..40 {
        lines.push(json!({"record": "list", "id": id, "of": [id - 1, id - 1]}).to_string());
    }
    file_of(&lines)
}

fn record(kind: &str) -> Value {
    let of_kind = format!(r#""record":"{kind}""#);
    let lines = good_lines();
    serde_json::from_str(lines.iter().find(|line| line.contains(&of_kind)).unwrap()).unwrap()
}

/// A file whose only moment has this document and these flags.
fn with_texts(document: &str, flags: &str) -> Vec<u8> {
    let mut moment = record("moment");
    moment["document"] = json!([0]);
    moment["flags"] = json!([1]);
    moment["segments"] = json!([2]);
    moment["flag_count"] = json!(0);
    moment["segment_count"] = json!(0);
    let part = |id: u32, text: &str| json!({"record": "part", "id": id, "text": text}).to_string();
    file_of(&[
        good_lines()[0].clone(),
        part(0, document),
        part(1, flags),
        part(2, "[]"),
        moment.to_string(),
    ])
}

/// A frame's head that claims ten gigabytes, and nothing behind it.
fn ten_gigabytes() -> Vec<u8> {
    let mut file = b"halyard-snapshot 1\n".to_vec();
    file.extend([0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000]);
    file.extend(10_000_000_000_u64.to_le_bytes());
    file.extend([1, 0, 0]);
    file
}

/// A frame's head that asks for a window of 2 GiB.
fn wide_window() -> Vec<u8> {
    let mut file = b"halyard-snapshot 1\n".to_vec();
    file.extend([0x28, 0xb5, 0x2f, 0xfd, 0, (31 - 10) << 3]);
    file.extend([1, 0, 0]);
    file
}

fn deep(levels: usize) -> String {
    format!(
        r#"{{"feature_states":{}{}}}"#,
        "[".repeat(levels),
        "]".repeat(levels)
    )
}

fn files() -> Vec<(&'static str, Vec<u8>, Expected)> {
    let good = write(header(), None, &[moment(1), moment(2)]).unwrap();
    let empty = r#"{"feature_states":[]}"#;
    vec![
        ("nothing", Vec::new(), is_no_snapshot),
        ("a picture", b"\x89PNG\r\n\x1a\n".repeat(100), is_no_snapshot),
        ("a long first line", vec![b'h'; 10_000_000], is_no_snapshot),
        ("no version", b"halyard-snapshot \n".to_vec(), is_no_snapshot),
        ("version nought", b"halyard-snapshot 0\n".to_vec(), is_no_snapshot),
        (
            "a version below nothing",
            b"halyard-snapshot -1\n".to_vec(),
            is_no_snapshot,
        ),
        ("no frame", b"halyard-snapshot 1\nhello".to_vec(), is_damaged),
        ("a head and no more", b"halyard-snapshot 1\n".to_vec(), is_damaged),
        ("one line of a gigabyte", one_line_of_zeros(), is_too_large),
        ("many lines, a gigabyte", many_lines(), is_too_large),
        ("a claim of ten gigabytes", ten_gigabytes(), is_too_large),
        ("a window of two gigabytes", wide_window(), is_too_large),
        ("a text named many times", laughing(), is_too_large),
        ("lists of lists", lists_of_lists(), is_impossible),
        (
            "ten billion moments",
            changed("header", 0, |it| it["moments"] = json!(10_000_000_000_u64)),
            is_too_large,
        ),
        (
            "more moments than it says",
            changed("header", 0, |it| it["moments"] = json!(1)),
            is_impossible,
        ),
        (
            "two frames",
            [good.clone(), good[19..].to_vec()].concat(),
            is_damaged,
        ),
        (
            "something behind it",
            [good.clone(), b"x".to_vec()].concat(),
            is_damaged,
        ),
        (
            "a part of no number",
            changed("part", 1, |it| it["id"] = json!(-1)),
            is_damaged,
        ),
        (
            "a part twice",
            changed("part", 1, |it| it["id"] = json!(0)),
            is_damaged,
        ),
        (
            "a part left out",
            changed("part", 1, |it| it["id"] = json!(2)),
            is_damaged,
        ),
        (
            "a part that is not there",
            changed("moment", 0, |it| it["flags"] = json!([4_000_000])),
            is_damaged,
        ),
        ("a part that comes later", moment_first(), is_damaged),
        (
            "a kind from another time",
            changed("part", 1, |it| it["record"] = json!("script")),
            is_impossible,
        ),
        ("a line of two kinds", two_kinds(), is_damaged),
        ("no header", file_of(&good_lines()[1..]), is_damaged),
        (
            "two headers",
            file_of(&[good_lines()[0].clone(), good_lines()[0].clone()]),
            is_impossible,
        ),
        ("no moment", file_of(&good_lines()[..1]), is_impossible),
        (
            "a moment before the one before",
            changed("moment", 1, |it| it["first_seen"] = json!(DAY)),
            is_impossible,
        ),
        (
            "seen last before it was first",
            changed("moment", 0, |it| it["last_seen"] = json!(DAY)),
            is_impossible,
        ),
        (
            "known before after it",
            changed("moment", 1, |it| it["before"] = json!(DAY * 2)),
            is_impossible,
        ),
        (
            "a time before computers",
            changed("moment", 0, |it| it["first_seen"] = json!(i64::MIN)),
            is_impossible,
        ),
        (
            "a time after everything",
            changed("moment", 1, |it| it["last_seen"] = json!(i64::MAX)),
            is_impossible,
        ),
        (
            "a time that is none",
            changed("moment", 1, |it| it["last_seen"] = json!("now")),
            is_damaged,
        ),
        (
            "made in the year 292,000",
            changed("header", 0, |it| it["made_at"] = json!(i64::MAX)),
            is_impossible,
        ),
        (
            "another service",
            changed("header", 0, |it| it["service"] = json!("edge_flags")),
            is_impossible,
        ),
        (
            "a service of its own",
            changed("header", 0, |it| it["service"] = json!("../../etc")),
            is_damaged,
        ),
        (
            "no environment",
            changed("header", 0, |it| it["environment"]["key"] = json!("")),
            is_impossible,
        ),
        (
            "an environment with marks in its key",
            changed("header", 0, |it| it["environment"]["key"] = json!("a\u{202e}b")),
            is_impossible,
        ),
        (
            "a document that is not JSON",
            with_texts("<html>", "[]"),
            is_impossible,
        ),
        ("a document that is a list", with_texts("[]", "[]"), is_impossible),
        (
            "half a document",
            with_texts(r#"{"feature_states":["#, "[]"),
            is_impossible,
        ),
        ("a deep document", with_texts(&deep(60_000), "[]"), is_impossible),
        (
            "flags that are none",
            with_texts(empty, r#"[{"key":7}]"#),
            is_impossible,
        ),
        (
            "flags that are deep",
            with_texts(empty, &"[".repeat(60_000)),
            is_impossible,
        ),
        (
            "other numbers than it says",
            changed("moment", 0, |it| it["flag_count"] = json!(2)),
            is_impossible,
        ),
        ("a flag twice", twice(), is_impossible),
        (MANY_VALUES, many_values(), is_too_large),
        (
            "a line that is not text",
            packed(b"{\"record\":\"he\xff\xfe\"}\n"),
            is_damaged,
        ),
        (
            "a line without its end",
            packed(good_lines()[0].as_bytes()),
            is_damaged,
        ),
    ]
}

fn two_kinds() -> Vec<u8> {
    let mut lines = good_lines();
    let at = lines
        .iter()
        .position(|line| line.contains(r#""record":"moment""#))
        .unwrap();
    lines[at] = lines[at].replacen('{', r#"{"record":"part","#, 1);
    file_of(&lines)
}

fn moment_first() -> Vec<u8> {
    let mut lines = good_lines();
    let at = lines
        .iter()
        .position(|line| line.contains(r#""record":"moment""#))
        .unwrap();
    let moment = lines.remove(at);
    lines.insert(1, moment);
    file_of(&lines)
}

fn twice() -> Vec<u8> {
    let flags = vec![flag("size", json!(1)), flag("size", json!(2))];
    write(header(), None, &[opened(1, document(&[], &[]), flags)]).unwrap()
}

/// Two bytes each in the file, a hundred in memory.
fn many_values() -> Vec<u8> {
    let mut lines = vec![good_lines()[0].clone()];
    let part = |id: u32, text: &str| json!({"record": "part", "id": id, "text": text}).to_string();
    lines.push(part(0, r#"{"feature_states":[]}"#));
    lines.push(part(1, "["));
    lines.push(part(2, &"0,".repeat(32_000)));
    lines.push(json!({"record": "list", "id": 3, "of": vec![2; 200]}).to_string());
    lines.push(part(4, "0]"));
    lines.push(part(5, "[]"));
    let mut moment = record("moment");
    moment["document"] = json!([0]);
    moment["flags"] = json!([1, 3, 4]);
    moment["segments"] = json!([5]);
    lines.push(moment.to_string());
    file_of(&lines)
}

/// Reads a file that must be refused; prints what it took.
fn refused(name: &str, file: &[u8], seal: Option<&halyard_mirror::file::Seal>) -> FileError {
    let began = Instant::now();
    let mut error = None;
    let memory = allocation_counter::measure(|| error = read(file, seal).err());
    // The copy of the file is the test's own.
    let bytes = memory.bytes_max.saturating_sub(file.len() as u64);
    println!("{name}: {} kB, {:?}", bytes / 1024, began.elapsed());
    let most = if name == MANY_VALUES {
        MOST_BYTES_OF_TEXT
    } else {
        MOST_BYTES
    };
    assert!(bytes < most, "{name} took {bytes} bytes");
    error.unwrap_or_else(|| panic!("{name} was read"))
}

#[test]
fn what_is_damaged_or_made_to_do_harm_is_refused() {
    for (name, file, expected) in files() {
        let error = refused(name, &file, None);
        assert!(expected(&error), "{name}: {error}");
    }
}

#[test]
fn the_same_inside_of_an_encryption_is_refused_likewise() {
    let seal = seal("open");
    for (name, file, expected) in files() {
        let error = refused(name, &sealed(&file, "open", 4), Some(&seal));
        assert!(expected(&error), "{name}: {error}");
    }
}

#[test]
fn an_encryption_that_takes_years_to_open_is_refused() {
    // The work it asks for is text, which anybody can write.
    let cheap = sealed(b"x", "open", 4);
    let at = cheap.windows(3).position(|found| found == b" 4\n").unwrap();
    for work_factor in ["19", "30", "63"] {
        let file = [&cheap[..=at], work_factor.as_bytes(), &cheap[at + 2..]].concat();
        let error = refused("work", &file, Some(&seal("open")));
        assert!(is_too_large(&error), "{error}");
    }
    let endless = [
        b"age-encryption.org/v1\n-> scrypt ".to_vec(),
        vec![b'A'; 20_000_000],
    ]
    .concat();
    let error = refused("an endless head", &endless, Some(&seal("open")));
    assert!(is_damaged(&error), "{error}");
    let for_a_key = b"age-encryption.org/v1\n-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n\
        EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n--- Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0\n0123456789abcdef";
    let error = refused("for a key", for_a_key, Some(&seal("open")));
    assert!(is_impossible(&error), "{error}");
}

#[test]
fn a_later_version_is_told() {
    for version in ["2", "17", "18446744073709551615"] {
        let file = format!("halyard-snapshot {version}\nwhatever").into_bytes();
        for (file, seal) in [
            (file.clone(), None),
            (sealed(&file, "open", 4), Some(seal("open"))),
        ] {
            let error = refusal(&file, seal.as_ref());
            assert!(matches!(error, FileError::Newer { .. }), "{error}");
            let said = error.to_string();
            assert!(
                said.contains("a newer Halyard wrote it") && said.contains(version),
                "{said}"
            );
        }
    }
}
