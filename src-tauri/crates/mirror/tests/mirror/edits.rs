//! Edits.

use halyard_mirror::MirrorError;
use halyard_model::{EditId, EditState, FieldPath, Refusal, Said, Timestamp};

use crate::samples::{connection, edit, environment, flag, flag_key, furnished, id, key};

fn states() -> [(EditState, bool); 8] {
    let reason = "the connection was cut after the request".to_owned();
    [
        (EditState::Staged, false),
        (EditState::Pending, true),
        (EditState::Sent, true),
        (EditState::Confirmed, false),
        (
            EditState::Conflicted {
                theirs: Some(Box::new(flag("theirs").state.into())),
                already_sent: true,
            },
            true,
        ),
        (
            EditState::Refused(Refusal {
                reason: reason.clone(),
                cause: Some("too long".into()),
                next_step: None,
                said: vec![Said {
                    field: Some(FieldPath::Value),
                    words: "Not a valid string.".into(),
                }],
            }),
            false,
        ),
        (EditState::Unknown { reason }, true),
        (EditState::Dropped, false),
    ]
}

#[tokio::test]
async fn every_state_comes_back_and_the_unsettled_ones_are_open() {
    let mirror = furnished().await;
    mirror.save_edit(&edit("e", "shop", "a", 1)).await.unwrap();
    let name = EditId("e".into());
    for (state, open) in states() {
        mirror.set_edit_state(&name, &state, Timestamp(2)).await.unwrap();
        let mut expected = edit("e", "shop", "a", 1);
        expected.state = state.clone();
        assert_eq!(mirror.edit(&name).await.unwrap(), Some(expected.clone()));
        assert_eq!(
            mirror.open_edits(None).await.unwrap().len(),
            usize::from(open),
            "{state:?}"
        );

        mirror.save_edit(&expected).await.unwrap();
        assert_eq!(mirror.edit(&name).await.unwrap(), Some(expected));
        assert_eq!(
            mirror.open_edits(None).await.unwrap().len(),
            usize::from(open),
            "{state:?} saved"
        );
    }
    assert_eq!(mirror.edit(&EditId("nobody".into())).await.unwrap(), None);
}

#[tokio::test]
async fn edits_are_found_by_flag_and_by_connection_the_oldest_first() {
    let mirror = furnished().await;
    mirror
        .save_connection(&connection("other"), &[environment("staging")])
        .await
        .unwrap();
    for (name, connection, flag, created_at) in [
        ("third", "shop", "a", 3),
        ("first", "shop", "a", 1),
        ("elsewhere", "other", "a", 2),
        ("same moment", "shop", "a", 3),
        ("other flag", "shop", "b", 4),
    ] {
        mirror
            .save_edit(&edit(name, connection, flag, created_at))
            .await
            .unwrap();
    }
    let names = |edits: Vec<halyard_model::Edit>| -> Vec<String> {
        edits.into_iter().map(|edit| edit.id.0).collect()
    };
    let of_flag = mirror
        .edits_for_flag(&id("shop"), &key("staging"), &flag_key("a"))
        .await;
    assert_eq!(names(of_flag.unwrap()), ["first", "third", "same moment"]);
    let of_shop = mirror.open_edits(Some(&id("shop"))).await;
    assert_eq!(
        names(of_shop.unwrap()),
        ["first", "third", "same moment", "other flag"]
    );
    let of_all = mirror.open_edits(None).await;
    assert_eq!(
        names(of_all.unwrap()),
        ["first", "elsewhere", "third", "same moment", "other flag"]
    );
}

#[tokio::test]
async fn an_edit_that_is_not_there_has_no_state() {
    let mirror = furnished().await;
    let answer = mirror
        .set_edit_state(&EditId("e".into()), &EditState::Sent, Timestamp(1))
        .await;
    assert!(matches!(answer, Err(MirrorError::Missing)), "{answer:?}");
}
