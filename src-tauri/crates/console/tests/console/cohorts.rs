//! Many identities at once.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use halyard_console::{
    BatchFacts, BatchInput, BatchProgress, BrokenLine, CohortChoice, CohortFile, CohortFormat, CohortId,
    ConsoleError, Draft, PersonaInput,
};
use halyard_model::{FlagKey, IdentityRef};
use halyard_sandbox::Seed;
use serde_json::json;

use crate::bench::{Bench, Path, Place, until, value};

fn input(place: &Place, job: &str, cohort: CohortChoice, edits: Vec<Draft>) -> BatchInput {
    BatchInput {
        at: None,
        change_set: None,
        job: job.into(),
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        cohort,
        edits,
    }
}

async fn run(bench: &Bench, place: &Place, cohort: CohortChoice, edits: Vec<Draft>) -> BatchFacts {
    let input = input(place, "job", cohort, edits);
    bench.console.run_batch(input, |_| ()).await.unwrap()
}

/// Sends a file in pieces of so many bytes.
async fn upload(bench: &Bench, name: &str, text: &str, piece: usize) -> Result<CohortFile, ConsoleError> {
    let id = bench.console.open_cohort(name);
    for bytes in text.as_bytes().chunks(piece) {
        bench.console.write_cohort(&id, bytes.to_vec()).await?;
    }
    bench.console.close_cohort(&id).await
}

fn people(count: usize) -> String {
    let mut text = "user_id,country,order_count,vip\n".to_owned();
    for number in 0..count {
        let country = ["DE", "AT", "FR", "GB"][number % 4];
        text.push_str(&format!(
            "u_{number},{country},{},{}\n",
            number % 20,
            number % 2 == 0
        ));
    }
    text
}

#[tokio::test]
async fn files_are_read_as_they_come_in_whatever_the_pieces() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let lines = "{\"identifier\":\"a\",\"traits\":{\"plan\":\"beta\"}}\n{\"identifier\":\"ü\",\"traits\":{\"age\":3}}\n";
    let list = "[{\"identifier\":\"a\",\"traits\":{\"plan\":\"beta\"}},{\"identifier\":\"ü\",\"traits\":{\"age\":3}}]";
    let table = "identifier,plan,age\na,beta,\nü,,3\n";
    for (text, format) in [
        (lines, CohortFormat::JsonLines),
        (list, CohortFormat::Json),
        (table, CohortFormat::Csv),
    ] {
        for piece in [1, 7, 1 << 20] {
            let file = upload(&bench, "people", text, piece).await.unwrap();
            assert_eq!((file.format, file.identities), (format, 2), "{piece}");
            assert_eq!((file.broken, file.duplicates), (0, 0));
            assert_eq!(file.identifier_from, "identifier");
            let mut traits = file.traits.clone();
            traits.sort();
            assert_eq!(traits, ["age", "plan"]);
            assert_eq!(file.name, "people");
        }
    }
}

#[tokio::test]
async fn a_broken_line_is_counted_and_named_and_the_rest_goes_on() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let text = "{\"identifier\":\"a\"}\n{\"identifier\":\n{\"plan\":1}\n{\"identifier\":\"b\"}\n{\"identifier\":\"a\"}\n";
    let file = upload(&bench, "people.jsonl", text, 5).await.unwrap();
    assert_eq!((file.identities, file.broken, file.duplicates), (2, 2, 1));
    let lines: Vec<u64> = file
        .broken_lines
        .iter()
        .map(|BrokenLine { line, .. }| *line)
        .collect();
    assert_eq!(lines, [2, 3]);
    assert!(file.broken_lines[0].to_string().starts_with("line 2: "));
}

#[tokio::test]
async fn what_is_no_file_of_identities_is_refused() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    for text in ["", "\u{feff}", "\n\n"] {
        let refused = upload(&bench, "empty", text, 1).await;
        assert!(
            matches!(refused, Err(ConsoleError::Input { field: "cohort", .. })),
            "{text:?}: {refused:?}"
        );
    }
    // Told also to somebody who still has much to send.
    let id = bench.console.open_cohort("binary");
    let refused = until(async || {
        let bytes = vec![0xff; 1 << 16];
        bench.console.write_cohort(&id, bytes).await.err()
    })
    .await;
    assert!(
        matches!(refused, ConsoleError::Input { field: "cohort", .. }),
        "{refused:?}"
    );
    let gone = bench.console.close_cohort(&id).await;
    assert!(matches!(gone, Err(ConsoleError::Gone { .. })), "{gone:?}");
}

#[tokio::test]
async fn the_newest_two_files_are_kept_and_what_is_given_up_is_gone() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let mut ids = Vec::new();
    for count in [10, 20, 30] {
        ids.push(
            upload(&bench, "people.csv", &people(count), 100)
                .await
                .unwrap()
                .id,
        );
    }
    let asked = async |id: &CohortId| {
        let input = input(&place, "job", CohortChoice::File(id.clone()), Vec::new());
        bench.console.run_batch(input, |_| ()).await
    };
    assert!(matches!(asked(&ids[0]).await, Err(ConsoleError::Gone { .. })));
    assert_eq!(asked(&ids[1]).await.unwrap().identities, 20);
    assert_eq!(asked(&ids[2]).await.unwrap().identities, 30);
    bench.console.drop_cohort(&ids[2]);
    assert!(matches!(asked(&ids[2]).await, Err(ConsoleError::Gone { .. })));

    let half = bench.console.open_cohort("half.csv");
    bench
        .console
        .write_cohort(&half, b"user_id\na\n".to_vec())
        .await
        .unwrap();
    bench.console.drop_cohort(&half);
    bench.console.drop_cohort(&half);
    for refused in [
        bench.console.write_cohort(&half, b"b\n".to_vec()).await.err(),
        bench.console.close_cohort(&half).await.err(),
        asked(&half).await.err(),
    ] {
        assert!(matches!(refused, Some(ConsoleError::Gone { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_distribution_counts_everybody() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let file = upload(&bench, "people.csv", &people(4_000), 1 << 16)
        .await
        .unwrap();
    bench.sandbox.clear_journal();
    let facts = run(&bench, &place, CohortChoice::File(file.id), Vec::new()).await;
    assert!(bench.sandbox.journal().is_empty(), "nothing leaves the machine");
    assert_eq!((facts.identities, facts.cohort), (4_000, 4_000));
    assert_eq!((facts.stopped, facts.failed, facts.changed), (false, 0, None));
    assert_eq!(facts.flags.len(), 128);
    assert!(facts.flags.is_sorted_by(|one, other| one.flag < other.flag));
    for flag in &facts.flags {
        let total: u64 = flag.now.iter().map(|share| share.count).sum();
        assert_eq!(total, 4_000, "{}", flag.flag.0);
        assert!(flag.now.is_sorted_by(|one, other| one.count >= other.count));
    }
    let shipping = facts
        .flags
        .iter()
        .find(|flag| flag.flag.0 == "free_shipping_threshold");
    let counts: Vec<(String, u64)> = shipping
        .unwrap()
        .now
        .iter()
        .map(|share| (share.gets.value.text(), share.count))
        .collect();
    // Development gives 39 to everybody but Austria.
    assert_eq!(counts, [("39".to_owned(), 3_000), ("59".to_owned(), 1_000)]);
}

#[tokio::test]
async fn drafts_are_weighed_over_a_cohort() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let file = upload(&bench, "people.csv", &people(4_000), 1 << 16)
        .await
        .unwrap();
    let edits = vec![Draft::of_flag(
        &FlagKey("free_shipping_threshold".into()),
        &value(json!(45)),
    )];
    let facts = run(&bench, &place, CohortChoice::File(file.id), edits).await;
    assert_eq!((facts.identities, facts.changed), (4_000, Some(2_000)));
    let first = &facts.flags[0];
    assert_eq!(
        first.flag.0, "free_shipping_threshold",
        "those that change come first"
    );
    assert_eq!((first.flips, first.edited, first.surprise), (2_000, true, false));
    assert!(facts.flags[1..].iter().all(|flag| flag.flips == 0));
}

#[tokio::test]
async fn personas_overridden_and_made_up_identities_are_cohorts() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let production = bench.place(&place.connection, "Production").await;
    bench.refresh(&production).await.unwrap();
    for name in ["Anna", "Lena"] {
        let persona = PersonaInput {
            id: None,
            name: name.into(),
            identity: IdentityRef {
                identifier: name.to_lowercase(),
                traits: Vec::new(),
            },
        };
        bench
            .console
            .save_persona(&place.connection, persona)
            .await
            .unwrap();
    }
    let facts = run(&bench, &production, CohortChoice::Personas, Vec::new()).await;
    assert_eq!(facts.identities, 2);
    let facts = run(&bench, &production, CohortChoice::Overridden, Vec::new()).await;
    assert!(facts.identities > 10, "{}", facts.identities);
    let term = facts
        .flags
        .iter()
        .find(|flag| flag.flag.0 == "b2b_net_terms")
        .unwrap();
    assert!(
        term.now.iter().any(|share| share.gets.enabled),
        "overrides count: {term:?}"
    );

    let ranges = bench.console.suggested_ranges(&production.now()).await.unwrap();
    assert!(ranges.iter().any(|range| range.name == "country"), "{ranges:?}");
    let made = |seed| CohortChoice::Generated {
        count: 3_000,
        seed,
        ranges: ranges.clone(),
    };
    let one = run(&bench, &production, made(1), Vec::new()).await;
    let same = run(&bench, &production, made(1), Vec::new()).await;
    assert_eq!(one.identities, 3_000);
    assert_eq!(one.flags, same.flags);
    let shipping = one
        .flags
        .iter()
        .find(|flag| flag.flag.0 == "free_shipping_threshold");
    assert!(shipping.unwrap().now.len() >= 3, "both sides of the conditions");
}

async fn large() -> (Bench, Place) {
    let bench = Bench::with_seed(Path::FlagsmithV1, Seed::Large).await;
    let draft = bench.draft().await.unwrap();
    let choice = bench.choice(&draft, halyard_console::KeepKey::Session).await;
    let connection = bench.console.save_draft(choice).await.unwrap();
    let environment = bench.console.environments(&connection).await.unwrap()[0]
        .environment
        .key
        .clone();
    let place = Place {
        connection,
        environment,
    };
    bench.refresh(&place).await.unwrap();
    (bench, place)
}

fn endless() -> CohortChoice {
    CohortChoice::Generated {
        count: 1_000_000_000,
        seed: 1,
        ranges: Vec::new(),
    }
}

#[tokio::test]
async fn a_cancelled_run_stops_and_says_how_far_it_came() {
    let (bench, place) = large().await;
    let told: Arc<Mutex<Vec<BatchProgress>>> = Arc::default();
    let (console, hears) = (bench.console.clone(), told.clone());
    let asked = input(&place, "long", endless(), Vec::new());
    let running = tokio::spawn(async move {
        let progress = move |progress| hears.lock().unwrap().push(progress);
        console.run_batch(asked, progress).await
    });
    until(async || {
        told.lock()
            .unwrap()
            .iter()
            .any(|progress| progress.done > 0)
            .then_some(())
    })
    .await;

    let twin = bench
        .console
        .run_batch(input(&place, "long", endless(), Vec::new()), |_| ());
    assert!(matches!(
        twin.await,
        Err(ConsoleError::Input { field: "job", .. })
    ));
    bench.console.cancel_batch("another");
    assert!(!running.is_finished());

    let cancelled_at = Instant::now();
    bench.console.cancel_batch("long");
    let facts = running.await.unwrap().unwrap();
    println!("stopped after {:?}", cancelled_at.elapsed());
    assert!(facts.stopped);
    assert_eq!(facts.cohort, 1_000_000_000);
    assert!(facts.identities < 1_000_000_000);
    assert!(facts.took > Duration::ZERO);
    let told = told.lock().unwrap().clone();
    assert!(told.is_sorted_by(|one, other| one.done <= other.done));
    assert!(told.iter().all(|progress| progress.total == 1_000_000_000));

    // Its name is free again.
    let again = run_named(&bench, &place, "long").await;
    assert_eq!(again.identities, 100);
}

async fn run_named(bench: &Bench, place: &Place, job: &str) -> BatchFacts {
    let some = CohortChoice::Generated {
        count: 100,
        seed: 1,
        ranges: Vec::new(),
    };
    let input = input(place, job, some, Vec::new());
    bench.console.run_batch(input, |_| ()).await.unwrap()
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_any_more_stops() {
    let (bench, place) = large().await;
    let console = bench.console.clone();
    let asked = input(&place, "left", endless(), Vec::new());
    let (goes_on, seen) = tokio::sync::oneshot::channel();
    let goes_on = Mutex::new(Some(goes_on));
    let running = tokio::spawn(async move {
        let progress = move |progress: BatchProgress| {
            if progress.done > 0
                && let Some(goes_on) = goes_on.lock().unwrap().take()
            {
                goes_on.send(()).unwrap();
            }
        };
        console.run_batch(asked, progress).await
    });
    seen.await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    // Where it went on, the test would not end: its runtime waits for it.
    assert_eq!(run_named(&bench, &place, "left").await.identities, 100);
}
