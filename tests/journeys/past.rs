//! A data folder with a past: a console of its own, whose clock is set, reads
//! the sandbox now and then, as Halyard would have done.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use halyard_console::{
    AuthKind, Clock, ConnectInput, Console, Credential, KeepKey, SaveDraft, SystemClock,
    secret::SystemKeychain,
};
use halyard_model::{ConnectionId, EnvironmentKey, Service, Timestamp};
use halyard_sandbox::Running;

/// Milliseconds of a day.
pub const DAY: i64 = 24 * 60 * 60 * 1000;

/// A clock that stands still until it is set.
#[derive(Clone)]
struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A console on a data folder, at a time of one's choice.
pub struct Past {
    console: Console,
    clock: SetClock,
    connection: ConnectionId,
    environments: Vec<(String, EnvironmentKey)>,
}

impl Past {
    /// Connects a data folder to a sandbox's Flagsmith, so many days ago, and
    /// reads every environment.
    pub async fn begin(folder: &Path, sandbox: &Running, days_ago: i64) -> Past {
        let clock = SetClock(Arc::new(AtomicI64::new(SystemClock.now().0 - days_ago * DAY)));
        let opening = Console::open(folder, Arc::new(SystemKeychain), Arc::new(clock.clone()));
        let (console, _) = opening.await.unwrap();
        let announcement = sandbox.announcement();
        let draft = console
            .connect(ConnectInput {
                service: Service::Flagsmith,
                address: announcement.flagsmith_text("url").to_owned(),
                credential: Credential::new(announcement.flagsmith_text("api_key")),
                auth: AuthKind::OrganisationKey,
                connection: None,
            })
            .await
            .unwrap();
        let project = draft.discovery.organisations[0].projects[0].id.clone();
        let listed = console.draft_environments(&draft.id, &project).await.unwrap();
        let connection = console
            .save_draft(SaveDraft {
                draft: draft.id,
                project,
                environments: listed.iter().map(|one| one.key.0.clone()).collect(),
                flags_address: None,
                edge_proxies: Vec::new(),
                keep: KeepKey::Keychain,
            })
            .await
            .unwrap();
        let environments = listed.into_iter().map(|one| (one.name, one.key)).collect();
        let past = Past {
            console,
            clock,
            connection,
            environments,
        };
        past.refresh().await;
        past
    }

    /// Some time goes by.
    pub fn wait(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Reads every environment.
    pub async fn refresh(&self) {
        for (_, key) in &self.environments {
            self.console.refresh(&self.connection, key).await.unwrap();
        }
    }
}
