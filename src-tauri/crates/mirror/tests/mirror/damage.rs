//! Files that cannot be used, and files that nobody may use.

use std::fs;
use std::path::{Path, PathBuf};

use halyard_mirror::{Mirror, MirrorError, Opened, SetAsideReason, UnreadableRow};
use halyard_model::{FlagKey, Timestamp};
use sqlx::{Connection as _, Row};

use crate::samples::{edit, flag_key, furnish, id, key, open_ready, raw, run_raw, snapshot};

const PAGE: usize = 4096;

type Damage = fn(&mut Vec<u8>);

fn flip(bytes: &mut [u8]) {
    for byte in bytes {
        *byte ^= 0xff;
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("mirror.sqlite")
}

/// A closed mirror with a snapshot and an edit in it.
async fn filled(directory: &Path) {
    let mirror = open_ready(directory).await;
    furnish(&mirror).await;
    let names: Vec<String> = (0..60).map(|number| format!("flag_{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    mirror
        .store_snapshot(&id("shop"), &snapshot("staging", &names, 100))
        .await
        .unwrap();
    mirror.save_edit(&edit("e", "shop", "a", 1)).await.unwrap();
    mirror.close().await;
}

/// Expects the file to be set aside with its content untouched, and an empty
/// mirror in its place that works.
async fn expect_set_aside(directory: &Path, expected: SetAsideReason, kept_as: &str, case: &str) {
    let before = fs::read(file(directory)).unwrap();
    let (mirror, opened) = Mirror::open(directory, None)
        .await
        .unwrap_or_else(|error| panic!("{case}: {error:?}"));
    let kept = directory.join(kept_as);
    assert_eq!(
        opened,
        Opened::SetAside {
            kept_as: kept.clone(),
            why: expected
        },
        "{case}"
    );
    assert!(
        fs::read(kept).unwrap() == before,
        "{case}: the old file is kept as it was"
    );
    assert_eq!(mirror.connections().await.unwrap(), [], "{case}");
    furnish(&mirror).await;
    mirror.close().await;
    assert_eq!(
        open_ready(directory).await.connections().await.unwrap().len(),
        1,
        "{case}"
    );
}

#[tokio::test]
async fn a_damaged_file_is_kept_and_a_new_one_takes_its_place() {
    let cases: [(&str, Damage); 8] = [
        ("cut to nothing", Vec::clear),
        ("cut in the header", |bytes| bytes.truncate(60)),
        ("cut after the first page", |bytes| bytes.truncate(PAGE)),
        ("cut in the middle of a page", |bytes| {
            bytes.truncate(bytes.len() / 2 + 100);
        }),
        ("a flipped signature", |bytes| flip(&mut bytes[3..4])),
        ("a flipped page size", |bytes| flip(&mut bytes[16..17])),
        ("a flipped first page", |bytes| flip(&mut bytes[100..PAGE])),
        ("no database at all", |bytes| bytes.fill(b'a')),
    ];
    for (case, damage) in cases {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path()).await;
        for kept_as in ["mirror.damaged-1.sqlite", "mirror.damaged-2.sqlite"] {
            let mut bytes = fs::read(file(directory.path())).unwrap();
            damage(&mut bytes);
            fs::write(file(directory.path()), bytes).unwrap();
            expect_set_aside(directory.path(), SetAsideReason::Damaged, kept_as, case).await;
        }
    }
}

/// Whichever page breaks, the mirror opens, nothing panics, and what was
/// there is still there.
#[tokio::test]
async fn any_page_may_break() {
    let origin = tempfile::tempdir().unwrap();
    filled(origin.path()).await;
    let whole = fs::read(file(origin.path())).unwrap();
    let pages = whole.len() / PAGE;
    let mut unnoticed = Vec::new();
    for page in 0..pages {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        flip(&mut bytes[page * PAGE..(page + 1) * PAGE]);
        fs::write(file(directory.path()), &bytes).unwrap();
        let (mirror, opened) = Mirror::open(directory.path(), None).await.unwrap();
        if let Opened::SetAside { kept_as, .. } = opened {
            assert!(fs::read(kept_as).unwrap() == bytes, "page {page}");
        } else {
            unnoticed.push(page);
            mirror.flag_rows(&id("shop"), &key("staging")).await.unwrap();
        }
        mirror.close().await;
    }
    assert!(pages > 20, "the file has pages to break: {pages}");
    assert_eq!(unnoticed, Vec::<usize>::new(), "of {pages} pages");
}

#[tokio::test]
async fn what_was_not_yet_folded_in_is_kept_too() {
    let origin = tempfile::tempdir().unwrap();
    filled(origin.path()).await;
    let mirror = open_ready(origin.path()).await;
    mirror.save_edit(&edit("late", "shop", "a", 2)).await.unwrap();

    // The files as a killed process leaves them, and then the damage.
    let directory = tempfile::tempdir().unwrap();
    for name in ["mirror.sqlite", "mirror.sqlite-wal"] {
        fs::copy(origin.path().join(name), directory.path().join(name)).unwrap();
    }
    mirror.close().await;
    let log = fs::read(directory.path().join("mirror.sqlite-wal")).unwrap();
    assert!(!log.is_empty());
    let mut bytes = fs::read(file(directory.path())).unwrap();
    bytes.truncate(bytes.len() / 2);
    bytes[..100].fill(0);
    fs::write(file(directory.path()), bytes).unwrap();

    expect_set_aside(
        directory.path(),
        SetAsideReason::Damaged,
        "mirror.damaged-1.sqlite",
        "with a log",
    )
    .await;
    let kept = fs::read(directory.path().join("mirror.damaged-1.sqlite-wal")).unwrap();
    assert!(kept == log, "the log is kept as it was");
}

#[tokio::test]
async fn a_log_without_its_file_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("mirror.sqlite-wal"),
        b"what was committed last",
    )
    .unwrap();
    let (mirror, opened) = Mirror::open(directory.path(), None).await.unwrap();
    assert!(matches!(opened, Opened::SetAside { .. }), "{opened:?}");
    mirror.close().await;
    let kept = fs::read(directory.path().join("mirror.damaged-1.sqlite-wal")).unwrap();
    assert_eq!(kept, b"what was committed last");
}

#[tokio::test]
async fn a_newer_file_is_kept_with_all_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    run_raw(
        &file(directory.path()),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (29990101000000, 'from the future', TRUE, x'00', 0)",
    )
    .await;
    let why = SetAsideReason::NewerSchema {
        found: 29_990_101_000_000,
    };
    expect_set_aside(directory.path(), why, "mirror.newer-1.sqlite", "newer").await;

    let mut kept = raw(&directory.path().join("mirror.newer-1.sqlite")).await;
    let counts =
        sqlx::query("SELECT (SELECT count(*) FROM flags) AS flags, (SELECT count(*) FROM edits) AS edits")
            .fetch_one(&mut kept)
            .await
            .unwrap();
    assert_eq!(
        (counts.get::<i64, _>("flags"), counts.get::<i64, _>("edits")),
        (60, 1)
    );
    kept.close().await.unwrap();
}

#[tokio::test]
async fn a_database_of_another_history_is_kept() {
    for statement in [
        "CREATE TABLE notes (text TEXT)",
        "UPDATE _sqlx_migrations SET checksum = x'00'",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (20000101000000, 'of another past', TRUE, x'00', 0)",
    ] {
        let directory = tempfile::tempdir().unwrap();
        if !statement.starts_with("CREATE") {
            filled(directory.path()).await;
        }
        run_raw(&file(directory.path()), statement).await;
        expect_set_aside(
            directory.path(),
            SetAsideReason::Damaged,
            "mirror.damaged-1.sqlite",
            statement,
        )
        .await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_loses_no_other() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    for statement in [
        "UPDATE flags SET record = replace(record, '\"enabled\":true', '\"enabled\":tsue') WHERE ordinal = 7",
        "UPDATE flags SET record = CAST(x'7bff' AS TEXT) WHERE ordinal = 8",
        "UPDATE segments SET record = '{}' WHERE name = 'Staff'",
        "UPDATE edits SET base = ''",
        "UPDATE fetch_status SET record = 'x'",
        "UPDATE environments SET protection = '\"sometimes\"' WHERE key = 'production'",
        "INSERT INTO connections (id, ordinal, record) VALUES ('torn', 9, '{\"id\":')",
        "INSERT INTO fetch_status (connection_id, environment_key, record) VALUES ('shop', 'staging', '7')",
        "INSERT INTO personas VALUES ('p', 'shop', 'Lena', 'u_1', '[[\"a\"]]'), ('q', 'shop', 'Otto', 'u_2', '[]')",
    ] {
        run_raw(&file(directory.path()), statement).await;
    }
    let mirror = open_ready(directory.path()).await;
    let (shop, staging) = (id("shop"), key("staging"));

    let rows = mirror.flag_rows(&shop, &staging).await.unwrap();
    assert_eq!(rows.rows.len(), 58);
    assert_eq!(rows.unreadable, [flag_key("flag_07"), flag_key("flag_08")]);
    assert_eq!(mirror.flags(&shop, &staging).await.unwrap().len(), 58);
    let one = mirror.flag(&shop, &staging, &FlagKey("flag_07".into())).await;
    assert!(
        matches!(one, Err(MirrorError::Other(_))),
        "not the same as absent: {one:?}"
    );
    assert_eq!(mirror.segments(&shop, &staging).await.unwrap().len(), 1);
    assert_eq!(mirror.connections().await.unwrap().len(), 1);
    assert_eq!(mirror.environments(&shop).await.unwrap().len(), 1);
    assert_eq!(mirror.open_edits(None).await.unwrap(), []);
    assert_eq!(mirror.personas(&shop).await.unwrap().len(), 1);
    assert_eq!(
        mirror.fetch_status(&shop, &staging).await.unwrap(),
        Default::default()
    );

    let unreadable = [
        ("connections", "torn"),
        ("environments", "production"),
        ("flags", "flag_07"),
        ("flags", "flag_08"),
        ("segments", "Staff"),
        ("fetch_status", "staging"),
        ("edits", "e"),
        ("personas", "Lena"),
    ]
    .map(|(table, name)| UnreadableRow {
        table,
        name: name.into(),
    });
    assert_eq!(mirror.unreadable_rows().await.unwrap(), unreadable);

    let mut flag = rows.rows[0].flag.clone();
    flag.key = flag_key("flag_07");
    mirror
        .store_flag(&shop, &staging, &flag, Timestamp(200))
        .await
        .unwrap();
    assert_eq!(
        mirror.flag(&shop, &staging, &flag.key).await.unwrap(),
        Some(flag),
        "a fetch mends it"
    );
    mirror.close().await;
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_busy() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path()).await;
    let mirror = open_ready(directory.path()).await;
    let mut other = raw(&file(directory.path())).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let answer = mirror.save_setting("theme", "dark").await;
    assert!(matches!(answer, Err(MirrorError::Busy)), "{answer:?}");
    assert_eq!(mirror.connections().await.unwrap().len(), 1, "reading goes on");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    mirror.save_setting("theme", "dark").await.unwrap();
    other.close().await.unwrap();
    mirror.close().await;
}

#[cfg(unix)]
mod permissions {
    use super::{Mirror, MirrorError, file, filled, fs, open_ready};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;

    const DIRECTORY: &str = "HALYARD_TEST_FORBIDDEN";
    const NOBODY: u32 = 65534;

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Run again by the test below, as somebody whom permissions bind.
    #[tokio::test]
    #[ignore = "a part of another test"]
    async fn open_where_it_is_forbidden() {
        let Ok(directory) = std::env::var(DIRECTORY) else {
            println!("skipped: nothing of its own");
            return;
        };
        let answer = Mirror::open(Path::new(&directory), None).await;
        assert!(matches!(answer, Err(MirrorError::NotAllowed)), "{answer:?}");
    }

    #[tokio::test]
    async fn a_file_that_may_not_be_written_is_said_to_be_so() {
        let root = tempfile::tempdir().unwrap();
        allow(root.path(), 0o755);
        // The test binary where nobody can reach it.
        let binary = root.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
        allow(&binary, 0o755);
        let is_root =
            fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);

        for (case, directory_mode, file_mode) in [
            ("a file that may only be read", 0o777, 0o444),
            ("a file that may not be read", 0o777, 0o000),
            ("a directory that may not be written", 0o555, 0o666),
            (
                "an absent file in a directory that may not be written",
                0o555,
                0o777,
            ),
        ] {
            let directory = root.path().join(case);
            fs::create_dir(&directory).unwrap();
            if file_mode != 0o777 {
                filled(&directory).await;
                allow(&file(&directory), file_mode);
            }
            allow(&directory, directory_mode);
            let mut child = Command::new(&binary);
            child
                .args([
                    "--ignored",
                    "--exact",
                    "damage::permissions::open_where_it_is_forbidden",
                ])
                .env(DIRECTORY, &directory)
                .current_dir("/");
            if is_root {
                child.uid(NOBODY);
            }
            let output = match child.output() {
                Ok(output) => output,
                Err(error) => {
                    println!("skipped: cannot act as another user: {error}");
                    return;
                }
            };
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("1 passed"), "{case}: {said}");
            allow(&directory, 0o755);
        }
    }

    #[tokio::test]
    async fn what_is_made_is_for_its_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("new").join("data");
        filled(&directory).await;
        let mirror = open_ready(&directory).await;
        mirror.save_setting("theme", "dark").await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        for name in ["mirror.sqlite", "mirror.sqlite-wal", "mirror.sqlite-shm"] {
            assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
        }
        mirror.close().await;
    }
}
