//! What goes in comes out.

use halyard_mirror::OpenedMoment;
use halyard_mirror::file::{FileError, FileHeader, Kept};
use halyard_model::{Author, Flag, FlagKey, Segment, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{DAY, document, flag, header, moment, opened, read, refusal, seal, write};
use crate::values::values;

fn flags() -> impl Strategy<Value = Vec<Flag>> {
    prop::collection::btree_map(any::<String>(), (values(), values()), 0..12).prop_map(|flags| {
        let flag = |(name, (value, targeting)): (String, (Value, Value))| {
            let mut flag = flag(&name, value);
            flag.key = FlagKey(name);
            flag.state.targeting = (!targeting.is_null()).then_some(targeting);
            flag
        };
        flags.into_iter().map(flag).collect()
    })
}

fn moments() -> impl Strategy<Value = Vec<OpenedMoment>> {
    let one = (
        prop::collection::vec(values(), 0..12),
        prop::collection::vec(values(), 0..4),
        flags(),
        any::<String>(),
        any::<Option<String>>(),
        any::<bool>(),
    );
    prop::collection::vec(one, 1..6).prop_map(|all| {
        let numbered = (1..).zip(all);
        numbered
            .map(|(number, (states, overrides, flags, text, name, pinned))| {
                let mut opened = opened(number, document(&states, &overrides), flags);
                opened.snapshot.segments.push(Segment {
                    remote_id: "2".into(),
                    name: text.clone(),
                    description: Some(text.clone()),
                });
                opened.moment.segment_count = 2;
                opened.moment.name = name;
                opened.moment.pinned = pinned;
                opened.moment.authors.push(Author {
                    name: text.clone(),
                    at: Timestamp(DAY),
                    what: text,
                });
                opened
            })
            .collect()
    })
}

/// What is left of a header and moments that go out without identities.
fn without_identities(mut moments: Vec<OpenedMoment>) -> Vec<OpenedMoment> {
    for opened in &mut moments {
        let mut document: Value = serde_json::from_str(&opened.snapshot.document).unwrap();
        document["identity_overrides"] = json!([]);
        opened.snapshot.document = document.to_string();
        opened.moment.document_bytes = opened.snapshot.document.len() as u64;
        for flag in &mut opened.snapshot.flags {
            flag.identity_overrides = None;
        }
        for author in &mut opened.moment.authors {
            author.what.clear();
        }
    }
    moments
}

/// Nothing is compared that the two sides would merge.
fn told_apart(moments: &[OpenedMoment]) -> bool {
    moments.windows(2).all(|pair| {
        let content = |opened: &OpenedMoment| {
            let mut content = opened.snapshot.clone();
            content.fetched_at = Timestamp(0);
            content.document_updated_at = None;
            content
        };
        content(&pair[0]) != content(&pair[1])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(moments in moments(), sealed: bool, identities: bool, authors: bool) {
        let kept = |kept: bool| if kept { Kept::Kept } else { Kept::Removed };
        let header = FileHeader { identities: kept(identities), authors: kept(authors), ..header() };
        let seal = sealed.then(|| seal("correct horse"));
        let file = write(header.clone(), seal.as_ref(), &moments).unwrap();
        let (read_header, found) = read(&file, seal.as_ref()).unwrap();
        prop_assert_eq!(read_header, header);
        let mut expected = if identities { moments } else { without_identities(moments) };
        if !authors {
            expected.iter_mut().for_each(|opened| opened.moment.authors.clear());
        }
        if identities || told_apart(&expected) {
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn what_differed_in_identities_alone_becomes_one_moment() {
    let with = |number: i64, name: &str| {
        let state = json!({"feature": {"name": "size"}});
        opened(
            number,
            document(&[state], &[json!({"identifier": name})]),
            vec![flag("size", json!(1))],
        )
    };
    let moments = [with(1, "alice"), with(2, "bob"), with(7, "carol"), moment(9)];
    let removed = FileHeader {
        identities: Kept::Removed,
        ..header()
    };
    let (_, found) = read(&write(removed, None, &moments).unwrap(), None).unwrap();
    assert_eq!(found.len(), 2);
    let one = &found[0].moment;
    assert_eq!(one.first_seen, moments[0].moment.first_seen);
    assert_eq!(one.last_seen, moments[2].moment.last_seen);
    assert_eq!(one.name.as_deref(), Some("Release 7"), "a name is not lost");
    assert_eq!(
        read(&write(header(), None, &moments).unwrap(), None)
            .unwrap()
            .1
            .len(),
        4
    );
}

#[test]
fn a_passphrase_is_asked_for_and_minded() {
    let file = write(header(), Some(&seal("correct horse")), &[moment(1)]).unwrap();
    assert!(file.starts_with(b"age-encryption.org/v1\n"));
    assert!(matches!(refusal(&file, None), FileError::PassphraseNeeded));
    assert!(matches!(
        refusal(&file, Some(&seal("battery"))),
        FileError::PassphraseWrong
    ));
    assert_eq!(read(&file, Some(&seal("correct horse"))).unwrap().1, [moment(1)]);
    let open = write(header(), None, &[moment(1)]).unwrap();
    assert_eq!(
        read(&open, Some(&seal("needless"))).unwrap().1,
        [moment(1)],
        "a passphrase that nobody needs does no harm"
    );
    assert_eq!(format!("{:?}", seal("correct horse")), "Seal");
}

/// The usual cost once, with the limits as they are.
#[test]
fn the_usual_cost_is_one_that_is_read() {
    let usual = halyard_mirror::file::Seal::new("correct horse");
    let file = write(header(), Some(&usual), &[moment(1)]).unwrap();
    assert_eq!(read(&file, Some(&usual)).unwrap().1, [moment(1)]);
}

#[test]
fn moments_go_in_in_their_order() {
    assert!(matches!(
        write(header(), None, &[moment(2), moment(1)]),
        Err(FileError::Impossible { .. })
    ));
    assert!(matches!(
        write(header(), None, &[]),
        Err(FileError::Impossible { .. })
    ));
}
