//! Files of identities: every format, and everything that can be wrong with them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::io::{self, BufRead, BufReader, Read};

use halyard_engine::{
    CellTypes, ChunkSource, Cohort, CohortFormat, CohortReader, Control, Identity, ReadError, ReadOptions,
    ReadReport, read_cohort,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read_with(text: impl AsRef<[u8]>, options: ReadOptions) -> Result<(Cohort, ReadReport), ReadError> {
    read_cohort(text.as_ref(), options, &Control::new())
}

fn read(text: impl AsRef<[u8]>) -> (Cohort, ReadReport) {
    read_with(text, ReadOptions::default()).unwrap()
}

fn identities(cohort: &Cohort) -> Vec<Identity> {
    (0..cohort.len())
        .map(|row| cohort.identity(row).unwrap())
        .collect()
}

fn named(identifier: &str, traits: &Value) -> Identity {
    let traits = traits.as_object().unwrap().clone();
    traits
        .into_iter()
        .fold(Identity::new(identifier), |identity, (name, value)| {
            identity.with_trait(name, value)
        })
}

fn broken(report: &ReadReport) -> Vec<String> {
    report.broken_lines.iter().map(ToString::to_string).collect()
}

fn refusal(text: impl AsRef<[u8]>) -> String {
    read_with(text, ReadOptions::default()).unwrap_err().to_string()
}

#[test]
fn every_format_gives_the_same_identities() {
    let maya = || {
        named(
            "maya",
            &json!({ "age": 41, "plan": "beta", "staff": true, "score": 1.5 }),
        )
    };
    let noor = || named("noor", &json!({ "plan": "7a" }));
    let forms = [
        (
            "CSV",
            "age,identifier,plan,staff,score\n41,maya,beta,true,1.5\n,noor,7a,,\n",
        ),
        (
            "CSV",
            "user_id;age;plan;staff;score\r\nmaya;41;beta;TRUE;1.5\r\nnoor;;7a;;",
        ),
        (
            "CSV",
            "\u{feff}\"user id\"\tage\tplan\tstaff\tscore\nmaya\t41\tbeta\ttrue\t1.50\nnoor\t\t7a\t\t\n",
        ),
        (
            "JSON lines",
            "{\"identifier\":\"maya\",\"traits\":{\"age\":41,\"plan\":\"beta\",\"staff\":true,\"score\":1.5}}\n\n\
             {\"identifier\":\"noor\",\"traits\":{\"plan\":\"7a\",\"age\":null}}",
        ),
        (
            "JSON lines",
            "{\"age\":41,\"id\":\"maya\",\"plan\":\"beta\",\"staff\":true,\"score\":1.5}\r\n{\"id\":\"noor\",\"plan\":\"7a\"}\r\n",
        ),
        (
            "JSON",
            "\u{feff} [{\"identifier\":\"maya\",\"id\":3,\"traits\":[{\"trait_key\":\"age\",\"trait_value\":41},\
             {\"trait_key\":\"plan\",\"trait_value\":\"beta\"},{\"trait_key\":\"staff\",\"trait_value\":true},\
             {\"trait_key\":\"score\",\"trait_value\":1.5}]},\n\
             {\"identifier\":\"noor\",\"traits\":[{\"trait_key\":\"plan\",\"trait_value\":\"7a\"}]}\n] \n",
        ),
    ];
    for (format, text) in forms {
        let (cohort, report) = read(text);
        assert_eq!(identities(&cohort), [maya(), noor()], "{text}");
        assert_eq!(report.format.name(), format);
        assert_eq!((report.identities, report.broken, report.duplicates), (2, 0, 0));
        let counts: Vec<(&str, u64)> = report
            .traits
            .iter()
            .map(|one| (one.name.as_str(), one.identities))
            .collect();
        assert_eq!(counts[0], ("plan", 2), "most frequent first");
        assert_eq!(counts.len(), 4);
    }
}

#[test]
fn the_identifier_is_recognised_or_chosen() {
    let table = [
        ("plan,Email,User-ID\nbeta,a@b.c,maya\n", None, "User-ID", "maya"),
        ("plan,email\nbeta,a@b.c\n", None, "plan", "beta"),
        ("id,identifier\n3,maya\n", None, "identifier", "maya"),
        ("id,email\n3,a@b.c\n", Some("email"), "email", "a@b.c"),
        (
            "{\"plan\":\"beta\",\"email\":\"a@b.c\",\"key\":\"maya\"}",
            None,
            "key",
            "maya",
        ),
        ("{\"on\":true,\"email\":\"a@b.c\"}", None, "email", "a@b.c"),
        (
            "[{\"id\":3,\"email\":\"a@b.c\"}]",
            Some("email"),
            "email",
            "a@b.c",
        ),
        ("{\"id\":3}", None, "id", "3"),
    ];
    for (text, wanted, name, identifier) in table {
        let options = ReadOptions {
            identifier: wanted.map(str::to_owned),
            ..ReadOptions::default()
        };
        let (cohort, report) = read_with(text, options).unwrap();
        assert_eq!(report.identifier.as_deref(), Some(name), "{text}");
        assert_eq!(cohort.identity(0).unwrap().identifier, identifier, "{text}");
        assert!(!cohort.identity(0).unwrap().traits.contains_key(name));
    }
    let options = ReadOptions {
        identifier: Some("nobody".to_owned()),
        ..ReadOptions::default()
    };
    let error = read_with("a,b\n1,2\n", options).unwrap_err();
    assert_eq!(error.to_string(), "line 1: no column is named \"nobody\"");
}

#[test]
fn identity_keys_are_kept() {
    for text in [
        "identifier,identity_key,age\nmaya,k1,3\nnoor,,4\n",
        "{\"identifier\":\"maya\",\"key\":\"k1\",\"traits\":{\"age\":3}}\n{\"identifier\":\"noor\",\"traits\":{\"age\":4}}",
    ] {
        let (cohort, _) = read(text);
        let keys: Vec<Option<String>> = identities(&cohort)
            .into_iter()
            .map(|identity| identity.key)
            .collect();
        assert_eq!(keys, [Some("k1".to_owned()), None]);
        assert_eq!(cohort.identity(1).unwrap().traits["age"], json!(4));
    }
}

#[test]
fn quotes_hold_separators_lines_and_quotes() {
    let (cohort, report) =
        read("id,note,n\n\"a,1\",\"two\nlines\",1\nb,\"say \"\"hi\"\"\",2\nc,short\nd,\"\",3\n");
    let expected = [
        named("a,1", &json!({ "note": "two\nlines", "n": 1 })),
        named("b", &json!({ "note": "say \"hi\"", "n": 2 })),
        named("d", &json!({ "n": 3 })),
    ];
    assert_eq!(identities(&cohort), expected);
    assert_eq!(broken(&report), ["line 5: 2 cells where the header has 3"]);
}

#[test]
fn cells_can_be_forced_to_text() {
    let text = "id,a,b\nx,1,true\n";
    let options = |cells| ReadOptions {
        cells,
        ..ReadOptions::default()
    };
    let traits = |cells| read_with(text, options(cells)).unwrap().0.identity(0).unwrap();
    assert_eq!(
        traits(CellTypes::Inferred),
        named("x", &json!({ "a": 1, "b": true }))
    );
    assert_eq!(
        traits(CellTypes::Text),
        named("x", &json!({ "a": "1", "b": "true" }))
    );
    let one = CellTypes::TextIn(vec!["a".to_owned()]);
    assert_eq!(traits(one), named("x", &json!({ "a": "1", "b": true })));
}

#[test]
fn broken_lines_are_counted_and_named_and_the_rest_goes_on() {
    let text = b"{\"id\":\"a\"}\nnonsense\n{\"id\":\"\"}\n[1]\n{\"plan\":\"x\"}\n{\"id\":true}\n{\"id\":\"\xff\"}\n\
        {\"id\":\"n\",\"traits\":[{\"key\":1}]}\n{\"id\":\"b\",\"age\":1}\n{\"id\":\"a\",\"age\":2}\n{\"id\":\"c\"";
    let (cohort, report) = read(text);
    assert_eq!(
        identities(&cohort),
        [Identity::new("a"), named("b", &json!({ "age": 1 }))]
    );
    assert_eq!((report.broken, report.duplicates), (8, 1));
    let names = broken(&report);
    assert!(names[0].starts_with("line 2: not JSON: "), "{names:?}");
    let rest: Vec<&str> = names[1..7].iter().map(String::as_str).collect();
    assert_eq!(
        rest,
        [
            "line 3: no identifier",
            "line 4: expected an object, found list",
            "line 5: no identifier",
            "line 6: the identifier is true or false, not text",
            "line 7: not UTF-8",
            "line 8: traits[0] has no trait_key",
        ]
    );
    assert!(names[7].starts_with("line 11: not JSON: "), "{names:?}");

    let (cohort, report) = read(b"id,age\na,1\n,2\nb\n\xff,3\na,4\nc,5,6\n\nd,7\n");
    assert_eq!(
        identities(&cohort),
        [named("a", &json!({ "age": 1 })), named("d", &json!({ "age": 7 }))]
    );
    assert_eq!(report.duplicates, 1);
    assert_eq!(
        broken(&report),
        [
            "line 3: no identifier",
            "line 4: 1 cells where the header has 2",
            "line 5: not UTF-8",
            "line 7: 3 cells where the header has 2",
        ]
    );

    let (cohort, report) =
        read("[\n{\"id\":\"a\"},\n{bad},\n,\n[],\n{\"id\":\"b,]}\\\"\"},{\"id\":\"c\"},\n{\"id\":\"d\"}");
    let found: Vec<String> = identities(&cohort)
        .into_iter()
        .map(|identity| identity.identifier)
        .collect();
    assert_eq!(found, ["a", "b,]}\"", "c"]);
    let names = broken(&report);
    assert!(names[0].starts_with("line 3: not JSON: "), "{names:?}");
    assert_eq!(
        names[1..],
        [
            "line 4: nothing before a comma",
            "line 5: expected an object, found list",
            "line 7: the list is not closed"
        ]
    );
}

#[test]
fn only_the_first_hundred_broken_lines_are_named() {
    let text = "{\"id\":\"a\"}\n".to_owned() + &"nonsense\n".repeat(250);
    let (_, report) = read(text);
    assert_eq!((report.broken, report.broken_lines.len()), (250, 100));
    assert_eq!(report.broken_lines[99].line, 101);
}

#[test]
fn files_that_are_none_are_refused_by_name() {
    let utf_16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let table: [(Vec<u8>, &str); 7] = [
        (vec![], "line 1: the file is empty"),
        (b"\xef\xbb\xbf \n\t".to_vec(), "line 1: the file is empty"),
        (
            utf_16("\u{feff}id\n"),
            "line 1: the file is UTF-16; save it as UTF-8",
        ),
        (utf_16("id\n"), "line 1: the file is UTF-16; save it as UTF-8"),
        (b"\nid,\xff\n".to_vec(), "line 2: the header is not UTF-8"),
        (b"id,age,age\n".to_vec(), "line 1: two columns are named \"age\""),
        (
            [b"id,age\na,1\nb,\"2\n".to_vec(), b"c,3\n".repeat(300_000)].concat(),
            "line 3: a row without end; perhaps a quote is not closed",
        ),
    ];
    for (bytes, message) in table {
        assert_eq!(refusal(bytes), message);
    }
    let list = ReadOptions {
        format: Some(CohortFormat::Json),
        ..ReadOptions::default()
    };
    assert_eq!(
        read_with("{}", list).unwrap_err().to_string(),
        "line 1: expected a list"
    );
    let small = ReadOptions {
        memory: 1000,
        ..ReadOptions::default()
    };
    let many: String = (0..100)
        .map(|number| format!("user-{number},{number}\n"))
        .collect();
    assert!(matches!(
        read_with(format!("id,n\n{many}"), small),
        Err(ReadError::TooLarge { limit: 1000 })
    ));
}

/// So many bytes of one kind after a start, without being in memory.
fn endless(start: &'static str, byte: u8, count: u64, end: &'static str) -> impl BufRead {
    BufReader::new(
        start
            .as_bytes()
            .chain(io::repeat(byte).take(count))
            .chain(end.as_bytes()),
    )
}

#[test]
fn hostile_files_meet_limits() {
    let long = 300 << 20;
    let (cohort, report) = read_cohort(
        endless("{\"id\":\"a\"}\n{\"id\":\"", b'x', long, "\"}\n{\"id\":\"b\"}\n"),
        ReadOptions::default(),
        &Control::new(),
    )
    .unwrap();
    assert_eq!(
        (cohort.len(), broken(&report)),
        (2, vec!["line 2: longer than 1048576 bytes".to_owned()])
    );
    let (cohort, report) = read_cohort(
        endless(
            "[{\"id\":\"a\"},\n\n{\"id\":\"",
            b'x',
            long,
            "\"},{\"id\":\"b\"}]",
        ),
        ReadOptions::default(),
        &Control::new(),
    )
    .unwrap();
    assert_eq!(
        (cohort.len(), broken(&report)),
        (2, vec!["line 3: longer than 1048576 bytes".to_owned()])
    );
    let error = read_cohort(
        endless("id,n\na,", b'x', long, "\n"),
        ReadOptions::default(),
        &Control::new(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: a row without end; perhaps a quote is not closed"
    );
    let error = read_cohort(
        endless("id", b',', long, "\n"),
        ReadOptions::default(),
        &Control::new(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1: a row without end; perhaps a quote is not closed"
    );

    assert_eq!(
        refusal(",".repeat(100_000)),
        "line 1: 100001 columns; at most 1000 can be read"
    );
    let deep = format!(
        "{{\"id\":\"a\",\"t\":{}{}}}\n{{\"id\":\"b\"}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let (cohort, report) = read(deep);
    assert_eq!((cohort.len(), report.broken), (1, 1));
    assert!(broken(&report)[0].contains("recursion limit"), "{report:?}");
    let wide: String = (0..100_000).map(|number| format!(",\"t{number}\":1")).collect();
    let options = ReadOptions {
        longest_line: 8 << 20,
        ..ReadOptions::default()
    };
    let (cohort, report) = read_with(
        format!("{{\"id\":\"a\"{wide}}}\n{{\"id\":\"b\",\"t\":1}}"),
        options,
    )
    .unwrap();
    assert_eq!(identities(&cohort), [named("b", &json!({ "t": 1 }))]);
    assert_eq!(
        broken(&report),
        ["line 1: brings the number of different traits above 1000"]
    );
}

#[test]
fn reading_tells_how_far_it_is_and_stops() {
    let text: String = "id,n\n".to_owned()
        + &(0..5000)
            .map(|number| format!("user-{number},{number}\n"))
            .collect::<String>();
    let options = || ReadOptions {
        chunk_rows: 1000,
        ..ReadOptions::default()
    };
    let control = Control::new();
    let mut reader = CohortReader::new(text.as_bytes(), options()).unwrap();
    let first = reader.next_chunk(&control).unwrap().unwrap();
    assert_eq!((first.len(), control.rows_read()), (1000, 1000));
    assert!(control.bytes_read() > 0);
    control.cancel();
    assert!(matches!(reader.next_chunk(&control), Err(ReadError::Stopped)));

    let control = Control::new();
    read_cohort(text.as_bytes(), options(), &control).unwrap();
    assert_eq!(
        (control.rows_read(), control.bytes_read()),
        (5000, text.len() as u64)
    );

    // One item that never ends must not keep a cancelled run from stopping.
    let control = Control::new();
    control.cancel();
    let input = endless("[{\"id\":\"", b'x', u64::MAX, "");
    assert!(matches!(
        read_cohort(input, ReadOptions::default(), &control),
        Err(ReadError::Stopped)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"{}[]\",:;\n\\ a1".as_slice())], 0..200),
        start in proptest::sample::select(vec!["", "[", "{", "[{\"id\":\"", "{\"id\":\"a\"}\n", "id,age\n", "id;\"", "\u{feff}"]),
        longest_line in 1_usize..300,
    ) {
        let mut text = start.as_bytes().to_vec();
        text.extend(bytes);
        let options = ReadOptions { longest_line, chunk_rows: 3, ..ReadOptions::default() };
        if let Ok((cohort, report)) = read_with(&text, options.clone()) {
            prop_assert_eq!(cohort.len(), report.identities);
            // How the bytes arrive makes no difference.
            let slow = BufReader::with_capacity(1, text.as_slice());
            let again = read_cohort(slow, options, &Control::new()).unwrap();
            prop_assert_eq!(identities(&again.0), identities(&cohort));
            prop_assert_eq!(again.1, report);
        }
    }
}
