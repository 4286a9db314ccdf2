//! From an address and a key to a connection, and back to nothing.

use halyard_console::{
    ConsoleError, DraftId, Failure, FailureKind, KeepKey, KeyHome, Place as Seen, secret::SecretError,
};
use halyard_model::{Change, EdgeProxy, Endpoint, Protection};
use halyard_sandbox::{Effect, Fault, edgeflags::SeededToken};

use crate::bench::{Bench, Path};

fn failure(error: ConsoleError) -> Failure {
    match error {
        ConsoleError::Service(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_that_does_not_open_is_named_and_leaves_nothing() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let environments = &bench.sandbox.announcement().flagsmith["environments"][0];
    let server_key = environments["server_key"].as_str().unwrap().to_owned();
    let token = bench.sandbox.announcement().flagsmith_text("token").to_owned();
    for (key, cause) in [
        (server_key.as_str(), "This looks like an environment key."),
        (
            token.as_str(),
            "This looks like a user token, and it was sent as an organisation key.",
        ),
        ("abc", "This does not look like an organisation key"),
        (
            "AAAAAAAA.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            "It may be mistyped, revoked or expired",
        ),
    ] {
        let refused = bench.console.connect(bench.input(&bench.address(), key)).await;
        let failure = failure(refused.unwrap_err());
        assert_eq!(failure.kind, FailureKind::Unauthorised, "{key}");
        assert!(failure.in_full().contains(cause), "{}", failure.in_full());
    }
    assert_eq!(bench.console.connections().await.unwrap(), []);

    let edgeflags = Bench::new(Path::EdgeFlags).await;
    let expired = edgeflags.sandbox.edgeflags().token(SeededToken::Expired);
    for key in [expired.as_str(), "ff_nope"] {
        let refused = edgeflags
            .console
            .connect(edgeflags.input(&edgeflags.address(), key))
            .await;
        assert_eq!(failure(refused.unwrap_err()).kind, FailureKind::Unauthorised);
    }
    assert_eq!(edgeflags.console.connections().await.unwrap(), []);
}

#[tokio::test]
async fn nothing_is_sent_without_a_key_or_an_address() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let without_key = bench.console.connect(bench.input(&bench.address(), "  \n")).await;
    assert!(matches!(
        without_key,
        Err(ConsoleError::Input { field: "key", .. })
    ));
    for address in ["", "ftp://flags.example", "http://"] {
        let refused = bench.console.connect(bench.input(address, &bench.key())).await;
        assert!(matches!(
            failure(refused.unwrap_err()).kind,
            FailureKind::BadAddress { .. }
        ));
    }
    assert!(bench.sandbox.journal().is_empty());
}

#[tokio::test]
async fn what_is_pasted_as_an_address_is_corrected_and_said() {
    for path in [Path::FlagsmithV1, Path::EdgeFlags] {
        let bench = Bench::new(path).await;
        let right = bench.address();
        let host = right
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        for pasted in [
            host.clone(),
            format!("http://{host}"),
            format!(" http://{host}/api/v1/flags?page=2 "),
            format!("http://me:hunter2@{host}/"),
        ] {
            let draft = bench
                .console
                .connect(bench.input(&pasted, &bench.key()))
                .await
                .unwrap();
            assert_eq!(draft.endpoint.address(), right, "{pasted}");
            // EdgeFlags' bare address needs no correction.
            let needs_none = path == Path::EdgeFlags && pasted == format!("http://{host}");
            assert_eq!(draft.corrections.is_empty(), needs_none, "{pasted}");
            assert!(!format!("{draft:?}").contains("hunter2"));
        }
        let draft = bench.draft().await.unwrap();
        assert_eq!(draft.corrections, [""; 0]);
        let typed = bench.input("http://me:hunter2@flags.example/", "s3cret-key");
        let shown = format!("{typed:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("s3cret-key"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_draft_becomes_a_connection_once() {
    for path in Path::ALL {
        let bench = Bench::new(path).await;
        let draft = bench.draft().await.unwrap();
        let mut choice = bench.choice(&draft, KeepKey::Keychain).await;
        choice.flags_address = Some("127.0.0.1:9/".into());
        choice.edge_proxies = vec!["me:hunter2@127.0.0.1:9".into(), " ".into()];
        assert!(!format!("{choice:?}").contains("hunter2"));
        let (first, second) = tokio::join!(
            bench.console.save_draft(choice.clone()),
            bench.console.save_draft(choice)
        );
        let connection = first.unwrap();
        assert!(matches!(second, Err(ConsoleError::Gone { .. })));
        let saved = bench.console.connections().await.unwrap();
        assert_eq!(saved.len(), 1);
        assert_eq!(
            (&saved[0].id, saved[0].name.as_str(), saved[0].demo),
            (&connection, "Acme Store", false)
        );
        if let Endpoint::Flagsmith(endpoint) = &saved[0].endpoint {
            assert_eq!(endpoint.flags_base.as_deref(), Some("http://127.0.0.1:9/api/v1/"));
            assert_eq!(
                endpoint.edge_proxies,
                [EdgeProxy::at("http://127.0.0.1:9/api/v1/")]
            );
        }
        assert_eq!(bench.console.key_home(&connection).await, KeyHome::Keychain);
        for facts in bench.console.environments(&connection).await.unwrap() {
            let production = facts.environment.name.to_lowercase().contains("production");
            let expected = if production {
                Protection::Confirm
            } else {
                Protection::None
            };
            assert_eq!(
                facts.environment.protection, expected,
                "{}",
                facts.environment.name
            );
        }
    }
}

#[tokio::test]
async fn a_choice_of_nothing_saves_nothing() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let draft = bench.draft().await.unwrap();
    let whole = bench.choice(&draft, KeepKey::Session).await;
    let mut no_environment = whole.clone();
    no_environment.environments = vec!["nowhere".into()];
    let mut no_project = whole.clone();
    no_project.project = "999".into();
    for (choice, expected) in [(no_environment, "environments"), (no_project, "project")] {
        let refused = bench.console.save_draft(choice).await;
        assert!(matches!(refused, Err(ConsoleError::Input { field, .. }) if field == expected));
    }
    assert_eq!(bench.console.connections().await.unwrap(), []);
    bench.console.save_draft(whole).await.unwrap();
}

#[tokio::test]
async fn a_failing_keychain_saves_nothing_and_the_session_is_offered() {
    for error in [
        SecretError::Absent {
            reason: "no bus".into(),
        },
        SecretError::Locked {
            reason: "locked".into(),
        },
    ] {
        let bench = Bench::new(Path::FlagsmithV1).await;
        bench.keys.fail_with(Some(error.clone()));
        let draft = bench.draft().await.unwrap();
        let choice = bench.choice(&draft, KeepKey::Keychain).await;
        let refused = bench.console.save_draft(choice.clone()).await;
        assert!(matches!(refused, Err(ConsoleError::Secret(told)) if told == error));
        assert_eq!(bench.console.connections().await.unwrap(), []);
        let session = halyard_console::SaveDraft {
            keep: KeepKey::Session,
            ..choice
        };
        let connection = bench.console.save_draft(session).await.unwrap();
        assert_eq!(bench.console.key_home(&connection).await, KeyHome::Session);
        assert!(!bench.keys.holds(&connection));
        let place = bench.place(&connection, "Development").await;
        bench.refresh(&place).await.unwrap();
    }
}

#[tokio::test]
async fn a_mirror_that_cannot_save_leaves_no_key_behind() {
    let bench = Bench::new(Path::FlagsmithV1).await;
    let draft = bench.draft().await.unwrap();
    let choice = bench.choice(&draft, KeepKey::Keychain).await;
    bench.mirror.close().await;
    let refused = bench.console.save_draft(choice).await;
    assert!(matches!(refused, Err(ConsoleError::Mirror(_))));
    assert_eq!(bench.keys.count(), 0);
}

#[tokio::test]
async fn drafts_are_given_up_with_their_keys() {
    let bench = Bench::new(Path::EdgeFlags).await;
    let gone = |id: DraftId| {
        let console = bench.console.clone();
        async move {
            matches!(
                console.draft_environments(&id, "acme-store").await,
                Err(ConsoleError::Gone { .. })
            )
        }
    };
    let discarded = bench.draft().await.unwrap().id;
    bench.console.discard_draft(&discarded);
    assert!(gone(discarded).await);
    let kept = bench.draft().await.unwrap().id;
    bench.clock.advance(29 * 60_000);
    assert!(!gone(kept.clone()).await);
    bench.clock.advance(60_000);
    assert!(gone(kept).await, "after half an hour");
}

#[tokio::test]
async fn a_key_typed_again_must_open_the_same_project() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let again = |key: &str| {
        let mut input = bench.input("", key);
        input.connection = Some(place.connection.clone());
        input
    };
    bench.keys.fail_with(Some(SecretError::Locked {
        reason: "locked".into(),
    }));
    let wrong = bench
        .console
        .connect(again("AAAAAAAA.bbbbbbbbbbbbbbbbbbbbbbbb"))
        .await;
    assert_eq!(failure(wrong.unwrap_err()).kind, FailureKind::Unauthorised);
    let draft = bench.console.connect(again(&bench.key())).await.unwrap();
    let refused = bench.console.save_key(&draft.id, KeepKey::Keychain).await;
    assert!(matches!(refused, Err(ConsoleError::Secret(_))));
    let kept = bench.console.save_key(&draft.id, KeepKey::Session).await.unwrap();
    assert_eq!(kept, place.connection);
    assert_eq!(bench.console.key_home(&kept).await, KeyHome::Session);
    bench.refresh(&place).await.unwrap();

    // The same server with another project in the key's reach.
    let mut moved = bench.console.connection(&place.connection).await.unwrap();
    moved.project.id = "4711".into();
    let environments = bench.mirror.environments(&place.connection).await.unwrap();
    bench.mirror.save_connection(&moved, &environments).await.unwrap();
    let other = bench.console.connect(again(&bench.key())).await;
    assert!(
        matches!(other, Err(ConsoleError::Input { field: "key", .. })),
        "{other:?}"
    );
}

#[tokio::test]
async fn a_key_typed_again_may_be_of_the_other_kind() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let token = bench.sandbox.announcement().flagsmith_text("token").to_owned();
    let mut input = bench.input("", &token);
    input.connection = Some(place.connection.clone());
    input.auth = halyard_console::AuthKind::UserToken;
    let draft = bench.console.connect(input).await.unwrap();
    bench
        .console
        .save_key(&draft.id, KeepKey::Keychain)
        .await
        .unwrap();
    bench.refresh(&place).await.unwrap();
    assert_eq!(
        bench.console.environments(&place.connection).await.unwrap().len(),
        4
    );
    assert_eq!(bench.shown(&place, "guest_checkout").await.edit, None);
}

#[tokio::test]
async fn a_forgotten_connection_leaves_nothing() {
    for path in Path::ALL {
        let (bench, place) = Bench::connected(path).await;
        bench.fault(path.write(Fault::of(Effect::ServerError {
            status: 500,
            body: Default::default(),
        })));
        let flag = "guest_checkout";
        let change = Change::toggle(!bench.shown(&place, flag).await.flag.state.enabled);
        bench.edit(&place, flag, change).await.unwrap();
        let seen = Seen {
            connection: place.connection.clone(),
            environment: place.environment.clone(),
        };
        bench.console.remember_place(seen).await.unwrap();
        assert_eq!(
            bench.console.open_edits(&place.connection).await.unwrap().len(),
            1
        );

        bench.console.forget_connection(&place.connection).await.unwrap();
        let (console, mirror) = (&bench.console, &bench.mirror);
        assert_eq!(console.connections().await.unwrap(), []);
        assert_eq!(console.open_edits(&place.connection).await.unwrap(), []);
        assert_eq!(console.settings().await.unwrap().place, None);
        assert_eq!(console.key_home(&place.connection).await, KeyHome::Missing);
        assert_eq!(console.limits(&place.connection), None);
        assert_eq!(console.server_version(&place.connection), None);
        assert!(!bench.keys.holds(&place.connection));
        assert!(mirror.environments(&place.connection).await.unwrap().is_empty());
        assert!(
            mirror
                .flags(&place.connection, &place.environment)
                .await
                .unwrap()
                .is_empty()
        );
        let document = mirror
            .document(&place.connection, &place.environment)
            .await
            .unwrap();
        assert_eq!(document, None);
        assert!(matches!(
            bench.refresh(&place).await,
            Err(ConsoleError::Gone { .. })
        ));
    }
}
