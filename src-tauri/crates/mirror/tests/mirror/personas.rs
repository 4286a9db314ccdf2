//! Personas.

use halyard_mirror::{Mirror, MirrorError, Persona, PersonaId, SavedPersona};
use halyard_model::IdentityRef;
use serde_json::{Value, json};

use crate::samples::{connection, environment, furnish, furnished, id, open_ready, snapshot};

fn persona(name: &str) -> Persona {
    Persona {
        id: PersonaId(format!("id of {name}")),
        name: name.into(),
        identity: IdentityRef {
            identifier: format!(" u_{name} "),
            traits: vec![
                ("zeal".into(), json!("01")),
                ("age".into(), json!(36)),
                ("ratio".into(), json!(1.0)),
                ("vip".into(), json!(true)),
                ("Größe \"XL\"".into(), json!("🎈")),
            ],
        },
    }
}

async fn names(mirror: &Mirror, connection: &str) -> Vec<String> {
    let personas = mirror.personas(&id(connection)).await.unwrap();
    personas.into_iter().map(|persona| persona.name).collect()
}

#[tokio::test]
async fn personas_come_back_as_they_were_saved_and_by_name() {
    let mirror = furnished().await;
    for name in ["lena", "Zoë", "Anna", "Lena"] {
        let saved = mirror.save_persona(&id("shop"), &persona(name)).await.unwrap();
        assert_eq!(saved, SavedPersona::Saved);
    }
    assert_eq!(names(&mirror, "shop").await, ["Anna", "Lena", "lena", "Zoë"]);
    let personas = mirror.personas(&id("shop")).await.unwrap();
    assert_eq!(personas[0], persona("Anna"));
    let written: Vec<Value> = personas[0]
        .identity
        .traits
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(Value::from(written).to_string(), r#"["01",36,1.0,true,"🎈"]"#);
    assert_eq!(mirror.personas(&id("nobody")).await.unwrap(), []);
}

#[tokio::test]
async fn a_name_is_there_once_per_connection() {
    let mirror = furnished().await;
    mirror
        .save_connection(&connection("other"), &[environment("staging")])
        .await
        .unwrap();
    let (shop, other) = (id("shop"), id("other"));
    for name in ["Anna", "Lena"] {
        let _saved = mirror.save_persona(&shop, &persona(name)).await.unwrap();
    }
    let mut twin = persona("Anna");
    twin.id = PersonaId("another".into());
    assert_eq!(
        mirror.save_persona(&shop, &twin).await.unwrap(),
        SavedPersona::NameTaken
    );
    assert_eq!(
        mirror.save_persona(&other, &twin).await.unwrap(),
        SavedPersona::Saved
    );

    let mut renamed = persona("Lena");
    renamed.name = "Anna".into();
    renamed.identity.traits.clear();
    assert_eq!(
        mirror.save_persona(&shop, &renamed).await.unwrap(),
        SavedPersona::NameTaken
    );
    assert_eq!(
        mirror.personas(&shop).await.unwrap(),
        [persona("Anna"), persona("Lena")],
        "nothing was changed"
    );
    renamed.name = "Lena, Berlin".into();
    assert_eq!(
        mirror.save_persona(&shop, &renamed).await.unwrap(),
        SavedPersona::Saved
    );
    assert_eq!(
        mirror.personas(&shop).await.unwrap(),
        [persona("Anna"), renamed.clone()]
    );
    assert_eq!(
        mirror.save_persona(&shop, &renamed).await.unwrap(),
        SavedPersona::Saved,
        "its own name is not taken"
    );
}

#[tokio::test]
async fn a_persona_belongs_to_its_connection() {
    let mirror = furnished().await;
    mirror
        .save_connection(&connection("other"), &[environment("staging")])
        .await
        .unwrap();
    let (shop, other) = (id("shop"), id("other"));
    let _saved = mirror.save_persona(&shop, &persona("Anna")).await.unwrap();

    for answer in [
        mirror.save_persona(&other, &persona("Anna")).await,
        mirror.save_persona(&id("gone"), &persona("Lena")).await,
    ] {
        assert!(matches!(answer, Err(MirrorError::Missing)), "{answer:?}");
    }
    mirror.delete_persona(&other, &persona("Anna").id).await.unwrap();
    assert_eq!(names(&mirror, "shop").await, ["Anna"], "not another's to delete");

    // Neither a refresh nor another list of environments is about personas.
    mirror
        .store_snapshot(&shop, &snapshot("staging", &["a"], 10))
        .await
        .unwrap();
    mirror.save_connection(&connection("shop"), &[]).await.unwrap();
    assert_eq!(names(&mirror, "shop").await, ["Anna"]);

    mirror.delete_persona(&shop, &persona("Anna").id).await.unwrap();
    mirror.delete_persona(&shop, &persona("Anna").id).await.unwrap();
    assert_eq!(names(&mirror, "shop").await, [""; 0]);

    let _saved = mirror.save_persona(&shop, &persona("Lena")).await.unwrap();
    let mut elsewhere = persona("Otto");
    elsewhere.id = PersonaId("o".into());
    let _saved = mirror.save_persona(&other, &elsewhere).await.unwrap();
    mirror.delete_connection(&shop).await.unwrap();
    assert_eq!(names(&mirror, "shop").await, [""; 0]);
    assert_eq!(names(&mirror, "other").await, ["Otto"]);
}

#[tokio::test]
async fn personas_are_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open_ready(directory.path()).await;
    furnish(&mirror).await;
    let _saved = mirror.save_persona(&id("shop"), &persona("Anna")).await.unwrap();
    mirror.close().await;
    let mirror = open_ready(directory.path()).await;
    assert_eq!(mirror.personas(&id("shop")).await.unwrap(), [persona("Anna")]);
    mirror.close().await;
}
