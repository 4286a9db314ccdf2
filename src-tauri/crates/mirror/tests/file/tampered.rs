//! Files in which something is another than was written, and what may be.

use halyard_mirror::file::{Kept, limits};
use serde_json::json;

use crate::samples::{
    changed, file_of, good_lines, header, moment, packed, read, refusal, seal, unpacked, write,
};

/// Wherever a file is cut off, and whichever of its bytes is another, it is
/// refused; nothing of it is taken for whole.
#[test]
fn every_byte_matters() {
    let moments = [moment(1), moment(2), moment(3)];
    for seal in [None, Some(seal("open"))] {
        let file = write(header(), seal.as_ref(), &moments).unwrap();
        // Each try of a passphrase costs something.
        let step = if seal.is_some() { 7 } else { 1 };
        for length in (0..file.len()).step_by(step) {
            refusal(&file[..length], seal.as_ref());
        }
        for at in (0..file.len()).step_by(step) {
            for bit in [1, 0x10, 0x80] {
                let mut flipped = file.clone();
                flipped[at] ^= bit;
                // One bit in the frame's own head may mean nothing; then all is there.
                if let Ok((_, found)) = read(&flipped, seal.as_ref()) {
                    assert_eq!(found, moments, "byte {at} of {}", file.len());
                }
            }
        }
    }
}

/// Bits flipped before packing: the digest notices what the frame cannot.
#[test]
fn every_letter_matters() {
    let mut lines = good_lines();
    let good = file_of(&lines);
    let end = unpacked(&good).lines().last().unwrap().to_owned();
    lines.push(end);
    let content: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let expected = read(&good, None).unwrap().1;
    for at in 0..content.len() {
        let mut letters = content.clone().into_bytes();
        letters[at] ^= 2;
        if let Ok((_, found)) = read(&packed(&letters), None) {
            panic!(
                "letter {at}: {} moments, as good: {}",
                found.len(),
                found == expected
            );
        }
    }
}

#[test]
fn members_of_a_later_kind_are_passed_over() {
    let file = changed("moment", 0, |it| {
        it["weather"] = json!({"deep": [[[]]], "sun": true});
    });
    assert_eq!(read(&file, None).unwrap().1.len(), 2);
    let file = changed("header", 0, |it| it["colour"] = json!("teal"));
    assert_eq!(read(&file, None).unwrap().0, header());
}

/// Names are text; what would confuse a reader's eye is left out of them.
#[test]
fn names_are_only_ever_text() {
    let name = "../../../etc/passwd\u{202e}\n\u{0}";
    let file = changed("header", 0, |it| {
        it["environment"]["name"] = json!(name);
        it["connection"] = json!("x".repeat(100_000));
        it["made_by"] = json!("\u{1b}[31mHalyard");
    });
    let (found, _) = read(&file, None).unwrap();
    assert_eq!(found.environment.name, "../../../etc/passwd");
    assert_eq!(found.connection.chars().count(), limits::NAME_LETTERS);
    assert_eq!(found.made_by, "[31mHalyard");
    assert_eq!(found.identities, Kept::Kept);
}
