//! Lists of EdgeFlags in the background refresh: what is asked again, what is
//! not sent again, and how old what is told says it is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as expected"
)]

mod support;

use std::sync::atomic::{AtomicI64, Ordering};

use halyard_model::{Change, Endpoint, Environment, Flag, Named, Snapshot, Surface, Timestamp};
use halyard_provider::{Access, Confirm, Credential, EdgeFlags, HttpSettings, Provider, Target, Urgency};
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use halyard_sandbox::{Effect, Fault, MayaEdit, Running, Seed, staged};
use serde_json::json;
use support::{NOW, settings, start};

/// A sandbox and a client with a clock of the test's own.
struct Lists {
    running: Running,
    provider: EdgeFlags,
    endpoint: Endpoint,
    credential: Credential,
    project: Named,
    environments: Vec<Environment>,
    seconds: &'static AtomicI64,
}

macro_rules! lists {
    () => {{
        static SECONDS: AtomicI64 = AtomicI64::new(0);
        let clock = || NOW.plus_millis(SECONDS.load(Ordering::SeqCst) * 1000);
        Lists::start(clock, &SECONDS).await
    }};
}

impl Lists {
    async fn start(now: fn() -> Timestamp, seconds: &'static AtomicI64) -> Lists {
        let running = start(Seed::Acme, EdgeFlagsOptions::default()).await;
        let told = running.announcement().edgeflags.clone();
        let endpoint = Endpoint::EdgeFlags {
            base: told.url,
            ca_bundle: None,
        };
        let credential = Credential::new(&told.token);
        let project = Named {
            id: "acme-store".into(),
            name: "Acme Store".into(),
        };
        let provider = EdgeFlags::new(HttpSettings {
            now: std::sync::Arc::new(now),
            ..settings()
        })
        .unwrap();
        let access = Access::new(&endpoint, &credential);
        let environments = provider.environments(access, &project).await.unwrap().value;
        Lists {
            running,
            provider,
            endpoint,
            credential,
            project,
            environments,
            seconds,
        }
    }

    fn target(&self, urgency: Urgency, place: usize) -> Target<'_> {
        Target {
            access: Access::new(&self.endpoint, &self.credential).with(urgency),
            project: &self.project,
            environment: &self.environments[place],
        }
    }

    fn now(&self) -> Timestamp {
        NOW.plus_millis(self.seconds.load(Ordering::SeqCst) * 1000)
    }

    fn wait(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Collects, and the lists that were asked for with their statuses.
    async fn collect(&self, urgency: Urgency, place: usize) -> (Snapshot, Vec<(String, u16)>) {
        self.running.clear_journal();
        let target = self.target(urgency, place);
        let snapshot = self
            .provider
            .collect(target, self.now(), &|_| ())
            .await
            .unwrap()
            .value;
        let asked = self.running.journal().into_iter();
        let asked = asked.filter_map(|exchange| {
            let plural = ["flags", "configs", "segments"].into_iter();
            let path = exchange.target.split('?').next().unwrap_or_default().to_owned();
            let name = plural.into_iter().find(|name| path.ends_with(name))?;
            Some((name.to_owned(), exchange.status?))
        });
        let mut asked: Vec<_> = asked.collect();
        asked.sort();
        (snapshot, asked)
    }

    fn edit(&self, enabled: bool) {
        let edit = MayaEdit {
            environment: String::new(),
            flag: "new_checkout".into(),
            enabled: Some(enabled),
            value: None,
            ..MayaEdit::default()
        };
        let board = self.running.faults();
        board
            .edit_as_maya(halyard_sandbox::Surface::EdgeFlags, &edit)
            .unwrap();
    }
}

fn asked(rows: &[(&str, u16)]) -> Vec<(String, u16)> {
    rows.iter()
        .map(|(name, status)| ((*name).to_owned(), *status))
        .collect()
}

fn watched(snapshot: &Snapshot) -> &Flag {
    snapshot
        .flags
        .iter()
        .find(|flag| flag.key.0 == "new_checkout")
        .unwrap()
}

#[tokio::test]
async fn somebody_who_waits_is_shown_the_services_content() {
    let lists = lists!();
    for _ in 0..2 {
        let (snapshot, read) = lists.collect(Urgency::Interactive, 0).await;
        assert_eq!(
            read,
            asked(&[
                ("configs", 200),
                ("flags", 200),
                ("flags", 200),
                ("segments", 200)
            ])
        );
        assert_eq!(snapshot.fetched_at, lists.now());
    }
}

#[tokio::test]
async fn environments_share_a_reading_within_its_lifetime_and_tell_its_age() {
    let lists = lists!();
    let (first, _) = lists.collect(Urgency::Background, 0).await;
    assert_eq!(first.fetched_at, lists.now());
    lists.wait(20);
    let (second, read) = lists.collect(Urgency::Background, 1).await;
    assert_eq!(
        read,
        asked(&[("flags", 304)]),
        "one question in place of four lists"
    );
    assert_eq!(second.fetched_at, first.fetched_at, "as old as its oldest part");
    assert_eq!(second.environment, lists.environments[1].key);
    assert_eq!(first.flags.len(), second.flags.len());
    // Flags and segments live 30 s, configs 60 s; the flags were confirmed at 20 s.
    lists.wait(15);
    let (third, read) = lists.collect(Urgency::Background, 0).await;
    assert_eq!(read, asked(&[("flags", 304), ("segments", 304)]));
    assert_eq!(third.document, first.document);
    assert_eq!(
        third.fetched_at, first.fetched_at,
        "the configs were not asked for"
    );
    lists.wait(61);
    let (fourth, read) = lists.collect(Urgency::Background, 0).await;
    assert_eq!(
        read,
        asked(&[
            ("configs", 304),
            ("flags", 304),
            ("flags", 304),
            ("segments", 304)
        ])
    );
    assert_eq!(fourth.fetched_at, lists.now());
    // A clock that was set back gives no lifetime.
    lists.wait(-10);
    let (_, read) = lists.collect(Urgency::Background, 0).await;
    assert_eq!(read.len(), 4);
}

#[tokio::test]
async fn a_change_is_seen_though_the_lists_live() {
    let lists = lists!();
    let (before, _) = lists.collect(Urgency::Background, 0).await;
    let enabled = watched(&before).state.enabled;
    lists.edit(!enabled);
    let (after, read) = lists.collect(Urgency::Background, 0).await;
    assert_ne!(watched(&after).state, watched(&before).state);
    assert_eq!(
        read,
        asked(&[("configs", 304), ("flags", 200), ("segments", 304)])
    );
    assert_eq!(after.fetched_at, lists.now());
    // An interactive reading never takes what is kept.
    lists.edit(enabled);
    let (again, _) = lists.collect(Urgency::Interactive, 0).await;
    assert_eq!(watched(&again).state.enabled, enabled);
}

#[tokio::test]
async fn an_edit_of_our_own_forgets_everything() {
    let lists = lists!();
    let (before, _) = lists.collect(Urgency::Background, 0).await;
    let target = lists.target(Urgency::Interactive, 0);
    let base = watched(&before);
    let change = Change::toggle(!base.state.enabled);
    support::change_flag(&lists.provider, target, base, &change)
        .await
        .unwrap();
    let (after, read) = lists.collect(Urgency::Background, 0).await;
    assert_eq!(watched(&after).state.enabled, !base.state.enabled);
    assert_eq!(
        read,
        asked(&[
            ("configs", 200),
            ("flags", 200),
            ("flags", 304),
            ("segments", 200)
        ])
    );
    // Also an edit that failed half way.
    let cut = Fault::of(Effect::CommitThenCut).method("PUT");
    lists
        .running
        .faults()
        .set(cut.on(halyard_sandbox::Surface::EdgeFlags));
    let base = watched(&after);
    let change = Change::toggle(!base.state.enabled);
    let _ = support::change_flag(&lists.provider, target, base, &change).await;
    lists.running.faults().clear();
    let (_, read) = lists.collect(Urgency::Background, 0).await;
    assert!(read.contains(&("segments".to_owned(), 200)), "{read:?}");
}

#[tokio::test]
async fn another_token_is_shown_nothing_that_is_kept() {
    let lists = lists!();
    lists.collect(Urgency::Background, 0).await;
    let stranger = Credential::new("ff_acme_nobodysToken0000000000");
    let mut target = lists.target(Urgency::Background, 0);
    target.access = Access::new(&lists.endpoint, &stranger).with(Urgency::Background);
    let failure = lists
        .provider
        .collect(target, lists.now(), &|_| ())
        .await
        .unwrap_err();
    assert_eq!(failure.status, Some(401));
}

#[tokio::test]
async fn a_surface_is_confirmed_by_tags_or_read_anew() {
    let lists = lists!();
    let target = lists.target(Urgency::Background, 0);
    let read = async |confirm: &Confirm| {
        lists.running.clear_journal();
        let read = lists
            .provider
            .read_surface(target, &Surface::Admin, confirm)
            .await;
        let statuses = lists.running.journal().into_iter().filter_map(|one| one.status);
        (read.unwrap().value, statuses.collect::<Vec<_>>())
    };
    let (first, _) = read(&Confirm::Content).await;
    let (by_tag, statuses) = read(&Confirm::Unless(Box::default())).await;
    assert!(statuses.iter().all(|status| *status == 304), "{statuses:?}");
    assert_eq!((by_tag.digest, by_tag.flags), (first.digest.clone(), first.flags));
    let (anew, statuses) = read(&Confirm::Content).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(anew.digest, first.digest);
}

#[tokio::test]
async fn what_stands_in_between_cannot_make_a_kept_list_true() {
    let lists = lists!();
    lists.collect(Urgency::Background, 0).await;
    let target = lists.target(Urgency::Background, 0);
    let word = Effect::Answer {
        status: 304,
        content_type: String::new(),
        body: String::new(),
        headers: Default::default(),
    };
    let on = halyard_sandbox::Surface::EdgeFlags;
    // A 304 to a question without a condition is no answer.
    lists
        .running
        .faults()
        .set(Fault::of(word).on(on).path("/api/v1/flags"));
    let urgent = lists.target(Urgency::Interactive, 0);
    assert!(
        lists
            .provider
            .collect(urgent, lists.now(), &|_| ())
            .await
            .is_err()
    );
    for (effect, status) in [
        (staged::edge_network(522), 522),
        (staged::gateway(503), 503),
        (
            staged::json(403, &json!({"error": "no", "code": "FORBIDDEN"})),
            403,
        ),
    ] {
        lists.running.faults().clear();
        lists
            .running
            .faults()
            .set(Fault::of(effect).on(on).path("/api/v1/flags"));
        let failure = lists
            .provider
            .collect(target, lists.now(), &|_| ())
            .await
            .unwrap_err();
        assert_eq!(failure.status, Some(status));
    }
}
