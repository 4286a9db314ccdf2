//! Telling a changed snapshot from one that was only fetched again.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// A member that Flagsmith fills anew on every request; two documents that
/// differ in nothing else are the same.
const RANDOM_MEMBER: &str = "identity_uuid";
const OVERRIDES: &str = "identity_overrides";

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The hash of everything in a snapshot that can change what is shown: the
/// document, the flags and the segments, but no times of fetching.
pub(crate) fn content_hash(document: &str, flags: &[String], segments: &[String]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    if add_document(&mut hasher, document).is_err() {
        // Not the shape that has random members: compared as it is. Whatever
        // the attempt has added is the same for the same text.
        add(&mut hasher, document);
    }
    for records in [flags, segments] {
        add_count(&mut hasher, records.len());
        for record in records {
            add(&mut hasher, record);
        }
    }
    hasher.finalize().to_vec()
}

fn add_document(hasher: &mut Sha256, document: &str) -> Result<(), serde_json::Error> {
    let members: Members<'_> = serde_json::from_str(document)?;
    add_count(hasher, members.len());
    for (name, value) in &members {
        add(hasher, name);
        if name == OVERRIDES {
            add_overrides(hasher, value)?;
        } else {
            add(hasher, value.get());
        }
    }
    Ok(())
}

fn add_overrides(hasher: &mut Sha256, overrides: &RawValue) -> Result<(), serde_json::Error> {
    let overrides = Vec::<Members<'_>>::deserialize(overrides)?;
    add_count(hasher, overrides.len());
    for members in &overrides {
        add_count(hasher, members.len());
        for (name, value) in members.iter().filter(|(name, _)| *name != RANDOM_MEMBER) {
            add(hasher, name);
            add(hasher, value.get());
        }
    }
    Ok(())
}

/// Each text goes in behind its length, so that no two lists run together.
fn add(hasher: &mut Sha256, text: &str) {
    add_count(hasher, text.len());
    hasher.update(text.as_bytes());
}

fn add_count(hasher: &mut Sha256, count: usize) {
    hasher.update((count as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::content_hash;

    fn hash(document: &str) -> Vec<u8> {
        content_hash(document, &[], &[])
    }

    #[test]
    fn only_the_random_member_of_an_override_is_left_out() {
        let base = r#"{"a":1,"identity_overrides":[{"identifier":"u","identity_uuid":"1"}]}"#;
        for (other, same) in [
            (base, true),
            (
                r#"{"a":1,"identity_overrides":[{"identifier":"u","identity_uuid":"2"}]}"#,
                true,
            ),
            (
                r#"{"a":1, "identity_overrides": [{"identifier":"u", "identity_uuid":"3"}]}"#,
                true,
            ),
            (
                r#"{"a":2,"identity_overrides":[{"identifier":"u","identity_uuid":"1"}]}"#,
                false,
            ),
            (
                r#"{"a":1,"identity_overrides":[{"identifier":"v","identity_uuid":"1"}]}"#,
                false,
            ),
            (r#"{"a":1,"identity_overrides":[]}"#, false),
            (r#"{"a":1}"#, false),
        ] {
            assert_eq!(hash(base) == hash(other), same, "{other}");
        }
        assert_ne!(
            hash(r#"{"identity_uuid":"1"}"#),
            hash(r#"{"identity_uuid":"2"}"#),
            "elsewhere the name means nothing"
        );
    }

    #[test]
    fn any_text_has_a_hash_of_its_own() {
        let texts = [
            "",
            "{",
            "[]",
            "null",
            r#"{"identity_overrides":7}"#,
            r#"{"identity_overrides":8}"#,
        ];
        for (index, one) in texts.iter().enumerate() {
            for other in &texts[index + 1..] {
                assert_ne!(hash(one), hash(other), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn records_count_in_their_order_and_place() {
        let record = |text: &str| vec![text.to_owned()];
        assert_ne!(
            content_hash("{}", &record("a"), &[]),
            content_hash("{}", &[], &record("a"))
        );
        assert_ne!(
            content_hash("{}", &["a".into(), "b".into()], &[]),
            content_hash("{}", &["b".into(), "a".into()], &[])
        );
    }
}
