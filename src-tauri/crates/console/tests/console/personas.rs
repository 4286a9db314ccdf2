//! Identities kept by name.

use halyard_console::{ConsoleError, PersonaInput};
use halyard_model::IdentityRef;
use serde_json::json;

use crate::bench::{Bench, Path};

fn lena(name: &str) -> PersonaInput {
    PersonaInput {
        id: None,
        name: name.into(),
        identity: IdentityRef {
            identifier: " u_48213".into(),
            traits: vec![("country".into(), json!("DE")), ("order_count".into(), json!(3))],
        },
    }
}

fn field(refused: Result<impl std::fmt::Debug, ConsoleError>) -> &'static str {
    match refused {
        Err(ConsoleError::Input { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn personas_are_kept_renamed_and_forgotten() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let (console, connection) = (&bench.console, &place.connection);
    let saved = console
        .save_persona(connection, lena("  Lena, Berlin "))
        .await
        .unwrap();
    assert_eq!(saved.name, "Lena, Berlin");
    assert_eq!(
        saved.identity,
        lena("").identity,
        "an identifier is kept as it is"
    );
    let anna = console.save_persona(connection, lena("Anna")).await.unwrap();
    assert_ne!(anna.id, saved.id);
    assert_eq!(
        console.personas(connection).await.unwrap(),
        [anna.clone(), saved.clone()]
    );

    assert_eq!(
        field(console.save_persona(connection, lena("Anna ")).await),
        "name"
    );
    assert_eq!(field(console.save_persona(connection, lena(" ")).await), "name");
    let mut nobody = lena("Nobody");
    nobody.identity.identifier.clear();
    assert_eq!(
        field(console.save_persona(connection, nobody).await),
        "identifier"
    );
    let renamed = PersonaInput {
        id: Some(saved.id.clone()),
        ..lena("Zoë")
    };
    let renamed = console.save_persona(connection, renamed).await.unwrap();
    assert_eq!(renamed.id, saved.id);

    console.delete_persona(connection, &anna.id).await.unwrap();
    let bench = bench.restarted();
    assert_eq!(bench.console.personas(connection).await.unwrap(), [renamed]);
    bench.console.forget_connection(connection).await.unwrap();
    assert_eq!(bench.console.personas(connection).await.unwrap(), []);
    let gone = bench.console.save_persona(connection, lena("Lena")).await;
    assert!(matches!(gone, Err(ConsoleError::Gone { .. })), "{gone:?}");
}
