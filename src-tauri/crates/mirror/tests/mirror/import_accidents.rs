//! Killed while a snapshot file is brought in, and without room for it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use halyard_mirror::{Mirror, MirrorError, OpenedMoment, Result};

use crate::full::SmallDisk;
use crate::import_samples::{
    COLLEAGUE, MOMENTS, colleague, expect_imported, furnish_with_a_past, moment, read, rows, timeline,
    write_file,
};
use crate::killed::Random;
use crate::samples::{environment, id, open_ready};

const DIRECTORY: &str = "HALYARD_TEST_IMPORT_KILLED";
const KILLS: u64 = 30;
/// How many of them the one that is killed writes at once.
const AT_ONCE: usize = 5;
/// What the one that is killed says once for each time it brings the file in, beside one line for each write.
const OTHER_LINES: u64 = 4;

/// Brings a file in, so many moments at once, and says how far it is.
async fn bring_in(mirror: &Mirror, file: Vec<u8>, at_once: usize, said: impl Fn(&str)) -> Result<()> {
    let moments = read(file);
    let mut import = mirror
        .begin_import(&colleague(), &[environment("staging")])
        .await?;
    said("begun");
    for stretch in moments.chunks(at_once) {
        if let Err(error) = import.add(stretch.to_vec()).await {
            import.abandon().await?;
            return Err(error);
        }
        said("added");
    }
    said("finishing");
    import.finish().await?;
    said("whole");
    Ok(())
}

/// Run again by the test below, and killed: brings the file in and deletes it
/// again, over and over.
#[tokio::test]
#[ignore = "a part of another test"]
async fn import_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        println!("skipped: nothing of its own");
        return;
    };
    let directory = PathBuf::from(directory);
    let file = std::fs::read(directory.join("file")).unwrap();
    let mirror = open_ready(&directory).await;
    loop {
        bring_in(&mirror, file.clone(), AT_ONCE, |line| println!("\n{line}"))
            .await
            .unwrap();
        // What is whole stays until it was looked at.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        mirror.delete_connection(&id(COLLEAGUE)).await.unwrap();
        println!("\ndeleted");
    }
}

fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "import_accidents::import_until_killed",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Hears so many lines; gives the last one.
fn listen(child: &mut Child, wanted: u64) -> String {
    let mut input = child.stdin.as_ref().unwrap();
    let mut heard = String::new();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let said = lines
        .map(std::result::Result::unwrap)
        .filter(|line| ["begun", "added", "finishing", "whole", "deleted"].contains(&line.as_str()));
    for (number, line) in (1..=wanted).zip(said) {
        if line == "whole" && number < wanted {
            writeln!(input).unwrap();
        }
        heard = line;
    }
    heard
}

#[tokio::test]
async fn killed_while_importing_the_file_is_in_it_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let file = write_file((1..=MOMENTS).map(moment));
    std::fs::write(directory.path().join("file"), &file).unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish_with_a_past(&mirror).await;
    mirror.close().await;
    let before = rows(directory.path()).await;

    let mut random = Random::new();
    let lines = MOMENTS.unsigned_abs() / AT_ONCE as u64 + OTHER_LINES;
    let mut whole = 0;
    for kill in 0..KILLS {
        // Spread over one time and a little, and at each of what comes once.
        let wanted = match kill {
            0 => 1,
            1 => lines - 2,
            2 => lines - 1,
            3 => lines,
            _ => 1 + random.below(lines + lines / 4),
        };
        let mut child = start(directory.path());
        let heard = listen(&mut child, wanted);
        if heard != "whole" {
            // Somewhere in what comes next.
            std::thread::sleep(Duration::from_micros(random.below(6_000)));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mirror = open_ready(directory.path()).await;
        let found = mirror.connection(&id(COLLEAGUE)).await.unwrap();
        assert!(
            found.is_some() || heard != "whole",
            "what was said to be whole is there"
        );
        assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
        assert_eq!(mirror.check_history().await.unwrap(), []);
        if let Some(found) = found {
            assert_eq!(found, colleague(), "kill {kill}, after {heard}");
            expect_imported(&mirror).await;
            mirror.delete_connection(&found.id).await.unwrap();
            whole += 1;
        }
        mirror.close().await;
        assert_eq!(
            rows(directory.path()).await,
            before,
            "kill {kill}, after {wanted} lines, at {heard}"
        );
    }
    assert!(whole > 0, "one of them is whole");
    println!(
        "killed {KILLS} times: {whole} whole, {} without it",
        KILLS - whole
    );
}

/// A moment whose flags take room, however they are packed.
fn large(number: i64) -> OpenedMoment {
    let mut opened = moment(number);
    let mut state = number.unsigned_abs();
    let noise = (0..5_000).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", state >> 32)
    });
    opened.snapshot.flags[0].description = Some(noise.collect());
    opened
}

#[tokio::test]
async fn a_file_that_does_not_fit_on_the_disk_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::of(directory.path(), "16m") else {
        println!("skipped: a small disk cannot be mounted here");
        return;
    };
    let mirror = open_ready(directory.path()).await;
    furnish_with_a_past(&mirror).await;
    let before = rows(directory.path()).await;
    let too_large = write_file((1..=400).map(large));
    for attempt in 1..=3 {
        let answer = bring_in(&mirror, too_large.clone(), 3, |_| {}).await;
        assert!(
            matches!(answer, Err(MirrorError::Full)),
            "attempt {attempt}: {answer:?}"
        );
        assert_eq!(mirror.connection(&id(COLLEAGUE)).await.unwrap(), None);
        assert_eq!(timeline(&mirror, COLLEAGUE).await, []);
        assert_eq!(rows(directory.path()).await, before, "attempt {attempt}");
        assert_eq!(mirror.check_history().await.unwrap(), []);
    }
    let fits = write_file((1..=MOMENTS).map(moment));
    bring_in(&mirror, fits, 64, |_| {})
        .await
        .expect("what fits comes in");
    expect_imported(&mirror).await;
    mirror.close().await;
    let mirror = open_ready(directory.path()).await;
    expect_imported(&mirror).await;
    mirror.delete_connection(&id(COLLEAGUE)).await.unwrap();
    mirror.close().await;
    assert_eq!(rows(directory.path()).await, before);
    drop(disk);
}
