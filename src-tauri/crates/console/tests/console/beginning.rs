//! Starting: on a folder, after a crash, and with the demo.

use std::sync::Arc;

use halyard_console::{
    Beginning, Console, Credential, DemoService, KeyHome, SystemClock, secret::SessionKeys,
};
use halyard_model::{Change, Edit, EditId, EditState, Endpoint, FlagKey, Service, Subject, Timestamp};

use crate::bench::{Bench, Path};

#[tokio::test]
async fn a_folder_is_used_mended_or_done_without() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |path: &std::path::Path| {
        let (console, beginning) =
            Console::open(path, Arc::new(SessionKeys::default()), Arc::new(SystemClock))
                .await
                .unwrap();
        assert!(console.connections().await.unwrap().is_empty(), "it can be used");
        console.close().await;
        beginning
    };
    assert_eq!(open(folder.path()).await, Beginning::Ready);
    assert_eq!(open(folder.path()).await, Beginning::Ready);
    let file = folder.path().join("mirror.sqlite");
    std::fs::write(&file, vec![7; 8192]).unwrap();
    let Beginning::Damaged { kept_as } = open(folder.path()).await else {
        panic!("it is damaged");
    };
    assert_eq!(
        std::fs::read(kept_as).unwrap(),
        vec![7; 8192],
        "set aside, not deleted"
    );
    let no_folder = folder.path().join("a file");
    std::fs::write(&no_folder, "").unwrap();
    assert!(matches!(open(&no_folder).await, Beginning::InMemory { .. }));
}

#[tokio::test]
async fn edits_of_an_earlier_run_are_sorted() {
    let (bench, place) = Bench::connected(Path::FlagsmithV1).await;
    let base = bench.shown(&place, "guest_checkout").await.flag.state;
    let states = [
        EditState::Pending,
        EditState::Sent,
        EditState::Unknown {
            reason: "before".into(),
        },
        EditState::Confirmed,
    ];
    for (number, state) in states.into_iter().enumerate() {
        let wish = Change::toggle(!base.enabled).applied_to(&base);
        let mut edit = Edit::new(
            EditId(number.to_string()),
            (place.connection.clone(), place.environment.clone()),
            Subject::state_of(&FlagKey("guest_checkout".into())),
            (Some(base.clone().into()), Some(wish.into())),
            Timestamp(number as i64),
        );
        edit.state = state;
        bench.mirror.save_edit(&edit).await.unwrap();
    }
    bench.sandbox.clear_journal();
    bench.console.recover_edits().await.unwrap();
    assert!(
        bench.sandbox.journal().is_empty(),
        "sorted without asking anybody"
    );
    let state = async |number: &str| {
        bench
            .mirror
            .edit(&EditId(number.into()))
            .await
            .unwrap()
            .unwrap()
            .state
    };
    assert!(
        matches!(state("0").await, EditState::Refused(refusal) if refusal.reason.contains("Nothing was changed"))
    );
    assert!(matches!(state("1").await, EditState::Unknown { .. }));
    assert_eq!(
        state("2").await,
        EditState::Unknown {
            reason: "before".into()
        }
    );
    assert_eq!(state("3").await, EditState::Confirmed);
    // Old enough that nothing can arrive any more: the next refresh tells.
    bench.refresh(&place).await.unwrap();
    assert!(matches!(state("1").await, EditState::Refused(_)));
    assert_eq!(bench.console.open_edits(&place.connection).await.unwrap(), []);
}

#[tokio::test]
async fn the_demo_comes_back_at_another_address() {
    let mut bench = Bench::new(Path::EdgeFlags).await;
    assert!(!bench.console.has_demo().await.unwrap());
    for run in 0..2 {
        let service = DemoService {
            id: "demo-edgeflags",
            name: "EdgeFlags demo".into(),
            endpoint: Endpoint::EdgeFlags {
                base: bench.address(),
                ca_bundle: None,
            },
            credential: Credential::new(&bench.key()),
            organisation: None,
        };
        let connected = bench.console.connect_demo(vec![service]).await.unwrap();
        let connection = bench.console.connection(&connected[0]).await.unwrap();
        assert_eq!(connection.endpoint.address(), bench.address());
        assert!(connection.demo && bench.console.has_demo().await.unwrap());
        assert_eq!(connection.endpoint.service(), Service::EdgeFlags);
        assert_eq!(bench.console.key_home(&connected[0]).await, KeyHome::Session);
        assert_eq!(bench.keys.count(), 0, "its key is not kept");
        let place = bench.place(&connected[0], "staging").await;
        let shown = bench
            .console
            .flags(&place.connection, &place.environment)
            .await
            .unwrap();
        assert_eq!(
            shown.len(),
            if run == 0 { 0 } else { 40 },
            "what is mirrored stays"
        );
        bench.refresh(&place).await.unwrap();
        bench = bench.moved().await;
    }
}
