//! Snapshot files: sent by one console and opened by another that knows nothing.

use std::{path::Path as Folder, sync::Arc};

use halyard_console::{
    ChosenId, CompareInput, Console, ConsoleError, ConsoleParts, DoctorInput, EditInput, ExportInput,
    FileError, Kept, Preview, PreviewInput, Seal, StageInput, Surface, Traffic, revision,
};
use halyard_mirror::Mirror;
use halyard_model::{
    Change, ConnectionId, Endpoint, EnvironmentKey, IdentityRecord, IdentityRef, Protection, Subject,
    document_digest,
};
use halyard_provider::{Provider, Urgency};
use tokio_util::sync::CancellationToken;

use crate::{
    bench::{Bench, Path, Place},
    fakes::{Keychain, SteppedClock},
};

/// A console with nothing in it, whose services may not be asked.
pub(crate) struct Colleague {
    pub(crate) console: Console,
    pub(crate) mirror: Mirror,
    keys: Arc<Keychain>,
}

impl Colleague {
    pub(crate) async fn new() -> Colleague {
        let mirror = Mirror::in_memory().await.unwrap();
        let keys = Arc::new(Keychain::default());
        let console = Console::new(ConsoleParts {
            mirror: mirror.clone(),
            keys: keys.clone(),
            clock: Arc::new(SteppedClock::default()),
            providers: Arc::new(|endpoint| -> Arc<dyn Provider> {
                panic!("a service is asked about {}", endpoint.address())
            }),
            traffic: Traffic::default(),
        });
        Colleague {
            console,
            mirror,
            keys,
        }
    }

    /// As the window does it: in pieces.
    pub(crate) fn choose(&self, bytes: &[u8]) -> ChosenId {
        let id = self
            .console
            .choose_file("/home/maya/Downloads/production.halyard");
        for piece in bytes.chunks(10_000) {
            self.console.feed_file(&id, piece).unwrap();
        }
        id
    }

    async fn open(&self, bytes: &[u8], seal: Option<Seal>) -> Result<Place, ConsoleError> {
        let id = self.choose(bytes);
        let connection = self.console.import(&id, seal, |_| {}).await?;
        let environments = self.console.environments(&connection).await.unwrap();
        Ok(Place {
            connection,
            environment: environments[0].environment.key.clone(),
        })
    }
}

fn input(place: &Place, folder: &Folder, seal: Option<Seal>) -> ExportInput {
    ExportInput {
        connection: place.connection.clone(),
        environment: place.environment.clone(),
        from: None,
        to: None,
        seal,
        identities: Kept::Kept,
        authors: Kept::Kept,
        folder: folder.to_owned(),
    }
}

async fn exported(bench: &Bench, place: &Place, seal: Option<Seal>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = bench
        .console
        .export(input(place, folder.path(), seal))
        .await
        .unwrap();
    std::fs::read(file.path).unwrap()
}

fn cheap(passphrase: &str) -> Seal {
    Seal::new(passphrase).costing(4)
}

#[tokio::test]
async fn a_colleague_sees_what_was_sent() {
    for path in [Path::FlagsmithV2, Path::EdgeFlags] {
        for seal in [None, Some(cheap("correct horse"))] {
            let (bench, place) = Bench::connected(path).await;
            let bytes = exported(&bench, &place, seal.clone()).await;
            let colleague = Colleague::new().await;
            let there = colleague.open(&bytes, seal).await.unwrap();

            let (ours, theirs) = (&bench.mirror, &colleague.mirror);
            let (connection, environment) = (&place.connection, &place.environment);
            let flags = ours.flags(connection, environment).await.unwrap();
            assert!(flags.len() > 3);
            assert_eq!(
                theirs.flags(&there.connection, &there.environment).await.unwrap(),
                flags
            );
            assert_eq!(
                theirs
                    .segments(&there.connection, &there.environment)
                    .await
                    .unwrap(),
                ours.segments(connection, environment).await.unwrap()
            );
            let document = |found: Option<String>| document_digest(&found.unwrap()).unwrap();
            assert_eq!(
                document(
                    theirs
                        .document(&there.connection, &there.environment)
                        .await
                        .unwrap()
                ),
                document(ours.document(connection, environment).await.unwrap()),
            );

            let origin = bench.console.connection(connection).await.unwrap();
            let opened = colleague.console.connection(&there.connection).await.unwrap();
            assert_eq!(
                (opened.name, opened.project.name),
                (origin.name, origin.project.name)
            );
            let Endpoint::File { of, name, .. } = &opened.endpoint else {
                panic!("{:?}", opened.endpoint);
            };
            assert_eq!((*of, name.as_str()), (path.service(), "production.halyard"));
            let sent = bench.console.environment(connection, environment).await.unwrap();
            let facts = &colleague.console.environments(&there.connection).await.unwrap()[0];
            assert_eq!(facts.environment.name, sent.environment.name);
            assert_eq!(facts.environment.protection, Protection::ReadOnly);
            assert_eq!(
                facts.status.checked_at, sent.status.checked_at,
                "it is as old as it was where it came from"
            );
        }
    }
}

#[tokio::test]
async fn the_same_file_twice_is_one_connection() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let bytes = exported(&bench, &place, None).await;
    let colleague = Colleague::new().await;
    let first = colleague.open(&bytes, None).await.unwrap();
    let second = colleague.open(&bytes, None).await.unwrap();
    assert_eq!(first.connection, second.connection);
    assert_eq!(colleague.console.connections().await.unwrap().len(), 1);
    let later = exported(&bench, &place, None).await;
    let third = colleague.open(&later, None).await.unwrap();
    assert_ne!(first.connection, third.connection);
}

#[tokio::test]
async fn a_file_says_what_is_in_it_before_it_is_opened() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let bytes = exported(&bench, &place, Some(cheap("correct horse"))).await;
    let colleague = Colleague::new().await;
    let id = colleague.choose(&bytes);
    let facts = colleague.console.look_into(&id, None).await.unwrap();
    assert!(facts.encrypted && facts.content.is_none());
    let wrong = colleague.console.look_into(&id, Some(cheap("battery"))).await;
    assert!(matches!(
        wrong,
        Err(ConsoleError::File(FileError::PassphraseWrong))
    ));
    let wrong = colleague.console.import(&id, None, |_| {}).await;
    assert!(matches!(
        wrong,
        Err(ConsoleError::File(FileError::PassphraseNeeded))
    ));
    let facts = colleague
        .console
        .look_into(&id, Some(cheap("correct horse")))
        .await
        .unwrap();
    let content = facts.content.unwrap();
    let flags = bench
        .mirror
        .flags(&place.connection, &place.environment)
        .await
        .unwrap();
    assert_eq!((content.moments, content.flag_count as usize), (1, flags.len()));
    assert_eq!(
        colleague.console.connections().await.unwrap(),
        [],
        "nothing is brought in yet"
    );
    colleague
        .console
        .import(&id, Some(cheap("correct horse")), |_| {})
        .await
        .unwrap();
    let gone = colleague.console.look_into(&id, None).await;
    assert!(
        matches!(gone, Err(ConsoleError::Gone { .. })),
        "what was opened is not kept"
    );
}

#[tokio::test]
async fn a_damaged_file_leaves_nothing() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let bytes = exported(&bench, &place, None).await;
    let colleague = Colleague::new().await;
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&flipped, &bytes[..bytes.len() - 3], &bytes[..40], b"hello"] {
        let refused = colleague.open(damaged, None).await;
        assert!(matches!(refused, Err(ConsoleError::File(_))), "{refused:?}");
    }
    assert_eq!(colleague.console.connections().await.unwrap(), []);
    assert_eq!(colleague.mirror.unreadable_rows().await.unwrap(), []);
}

#[tokio::test]
async fn chosen_files_are_bounded_and_dropped() {
    let colleague = Colleague::new().await;
    let console = &colleague.console;
    let first = console.choose_file("a");
    let (second, third) = (console.choose_file("b"), console.choose_file("c"));
    assert!(matches!(
        console.feed_file(&first, b"x"),
        Err(ConsoleError::Gone { .. })
    ));
    console.drop_file(&second);
    assert!(matches!(
        console.feed_file(&second, b"x"),
        Err(ConsoleError::Gone { .. })
    ));
    let piece = vec![0; 16 * 1024 * 1024];
    for _ in 0..4 {
        console.feed_file(&third, &piece).unwrap();
    }
    let refused = console.feed_file(&third, b"x");
    assert!(matches!(
        refused,
        Err(ConsoleError::File(FileError::TooLarge { .. }))
    ));
    assert!(matches!(
        console.feed_file(&third, b"x"),
        Err(ConsoleError::Gone { .. })
    ));
}

#[tokio::test]
async fn a_file_is_there_whole_under_a_name_of_its_own() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let folder = tempfile::tempdir().unwrap();
    let within = folder.path().join("made/for this");
    let mut names = Vec::new();
    for _ in 0..3 {
        let file = bench.console.export(input(&place, &within, None)).await.unwrap();
        assert_eq!(std::fs::metadata(&file.path).unwrap().len(), file.bytes);
        names.push(file.path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    let stem = names[0].strip_suffix(".halyard").unwrap();
    assert_eq!(
        names[1..],
        [format!("{stem}-2.halyard"), format!("{stem}-3.halyard")]
    );
    assert_eq!(
        std::fs::read_dir(&within).unwrap().count(),
        3,
        "nothing else is left there"
    );

    let no_folder = folder.path().join("a file");
    std::fs::write(&no_folder, "").unwrap();
    let refused = bench.console.export(input(&place, &no_folder, None)).await;
    assert!(
        matches!(refused, Err(ConsoleError::File(FileError::Io(_)))),
        "{refused:?}"
    );
    let nowhere = Place {
        environment: EnvironmentKey("nowhere".into()),
        ..place
    };
    let refused = bench.console.export(input(&nowhere, &within, None)).await;
    assert!(matches!(refused, Err(ConsoleError::Gone { .. })));
}

#[tokio::test]
async fn without_identities_nobody_is_in_the_file() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let place = bench.place(&place.connection, "Production").await;
    bench.refresh(&place).await.unwrap();
    let document = bench
        .mirror
        .document(&place.connection, &place.environment)
        .await
        .unwrap()
        .unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let overrides = document["identity_overrides"].as_array().unwrap();
    assert!(!overrides.is_empty(), "the sample has somebody to leave out");
    let folder = tempfile::tempdir().unwrap();
    let file = bench
        .console
        .export(ExportInput {
            identities: Kept::Removed,
            ..input(&place, folder.path(), None)
        })
        .await
        .unwrap();
    let colleague = Colleague::new().await;
    let bytes = std::fs::read(file.path).unwrap();
    let there = colleague.open(&bytes, None).await.unwrap();
    let found = colleague
        .mirror
        .document(&there.connection, &there.environment)
        .await
        .unwrap()
        .unwrap();
    let mut without = document.clone();
    without["identity_overrides"] = serde_json::json!([]);
    assert_eq!(document_digest(&found), document_digest(&without.to_string()));
}

/// Everything that would ask a service or change something, on a connection
/// that is a file.
#[tokio::test]
async fn a_file_is_read_and_nothing_else() {
    let (bench, place) = Bench::connected(Path::FlagsmithV2).await;
    let bytes = exported(&bench, &place, None).await;
    let colleague = Colleague::new().await;
    let Place {
        connection,
        environment,
    } = &colleague.open(&bytes, None).await.unwrap();
    let console = &colleague.console;

    // What is read.
    let flags = console.flags(connection, environment).await.unwrap();
    let flag = flags[0].flag.clone();
    assert!(
        !console
            .segments(connection, environment)
            .await
            .unwrap()
            .is_empty()
    );
    let now = halyard_model::At {
        connection: connection.clone(),
        environment: environment.clone(),
        moment: None,
    };
    console.findings(&now).await.unwrap();
    console.watched_surfaces(connection, environment).await.unwrap();
    console.gravest_surface(connection, environment).await.unwrap();
    console.environment_limits(connection, environment).await.unwrap();
    console.propagations(connection, environment).await.unwrap();
    console.server(connection).await.unwrap();
    console.provider_status(connection).await.unwrap();
    console.check_provider_status(connection).await.unwrap();
    console.surface_settings(connection).await.unwrap();
    console.surfaces(connection).await.unwrap();
    console.change_sets(connection).await.unwrap();
    console.personas(connection).await.unwrap();
    for subject in [
        Subject::state_of(&flag.key),
        Subject::Flag {
            flag: flag.key.clone(),
        },
    ] {
        console.subject(connection, environment, &subject).await.unwrap();
    }
    let preview = PreviewInput {
        connection: connection.clone(),
        environment: environment.clone(),
        at: None,
        identity: IdentityRef {
            identifier: "user-1".into(),
            traits: Vec::new(),
        },
        change_set: None,
        edits: Vec::new(),
    };
    assert!(matches!(
        console.preview(preview.clone()).await,
        Ok(Preview::Local(_))
    ));

    // What asks or changes.
    let from_file = |what: &str, refused: Result<String, ConsoleError>| {
        assert!(
            matches!(refused, Err(ConsoleError::FromFile)),
            "{what}: {refused:?}"
        );
    };
    let said = |_: ()| String::new();
    from_file(
        "refresh",
        console.refresh(connection, environment).await.map(said),
    );
    from_file(
        "check",
        console.check_surfaces(connection, environment).await.map(said),
    );
    let looked = console
        .look(connection, environment, &Surface::Admin, Urgency::Interactive)
        .await;
    from_file("look", looked.map(said));
    let found = console.find_identities(connection, environment, "a").await;
    from_file("identities", found.map(|_| String::new()));
    let known = IdentityRecord {
        remote_id: "1".into(),
        identifier: "user-1".into(),
        alias: None,
    };
    let found = console.identity_traits(connection, environment, &known).await;
    from_file("traits", found.map(|_| String::new()));
    let followed = console
        .check_propagation(connection, environment, &flag.key)
        .await;
    from_file("propagation", followed.map(|_| String::new()));
    let protected = console
        .set_protection(connection, environment, Protection::None)
        .await;
    from_file("protection", protected.map(said));
    let asked = CompareInput {
        preview,
        surface: Surface::FlagsApi,
    };
    assert!(console.compare(asked).await.is_err());
    let doctor = DoctorInput {
        connection: connection.clone(),
        environment: environment.clone(),
        surface: Surface::Admin,
    };
    let examined = console
        .run_doctor(doctor, &|_| {}, CancellationToken::new())
        .await;
    from_file("doctor", examined.map(|_| String::new()));
    let changes = Change::toggle(!flag.state.enabled).fields();
    let edit = EditInput {
        connection: connection.clone(),
        environment: environment.clone(),
        subject: Subject::state_of(&flag.key),
        revision: revision(&flag.state),
        changes: changes.clone(),
        confirmed: None,
    };
    from_file("edit", console.edit(edit).await.map(|_| String::new()));
    let staged = StageInput {
        connection: connection.clone(),
        environment: environment.clone(),
        subject: Subject::state_of(&flag.key),
        revision: revision(&flag.state),
        changes,
        change_set: None,
    };
    from_file("stage", console.stage(staged).await.map(|_| String::new()));
    assert_eq!(console.open_edits(connection).await.unwrap(), []);

    nothing_goes_on_by_itself(&colleague, connection).await;
    console.forget_connection(connection).await.unwrap();
    assert_eq!(console.connections().await.unwrap(), []);
}

async fn nothing_goes_on_by_itself(colleague: &Colleague, connection: &ConnectionId) {
    let console = &colleague.console;
    assert_eq!(console.due().await.unwrap(), []);
    assert_eq!(console.due_looks().await.unwrap(), []);
    assert_eq!(console.due_checks().await.unwrap(), []);
    assert_eq!(console.due_feeds().await.unwrap(), Vec::<String>::new());
    assert_eq!(console.news().await.unwrap(), []);
    console.recover_edits().await.unwrap();
    console.follow_due().await.unwrap();
    console.key_home(connection).await;
    assert_eq!(colleague.keys.asked(), 0, "no key is looked for");
}
