//! A sandbox with a client in front of it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part of it, and a test ends at the first thing that is not as expected"
)]

use std::time::Duration;

use halyard_model::{
    Change, Endpoint, Environment, Flag, FlagState, FlagValue, FlagsmithAuth, FlagsmithEndpoint, Named,
    Snapshot, Subject, SubjectState, Timestamp,
};
use halyard_provider::{
    Access, Answer, Credential, EdgeFlags, Failure, Flagsmith, Found, HttpSettings, NoSteps, Provider,
    Target, Write, WriteOutcome,
};
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use halyard_sandbox::{Config, Fault, Running, Sandbox, Seed, Surface};
use serde_json::Value;

/// The moment the tests' clock stands at.
pub const NOW: Timestamp = Timestamp(1_795_000_000_000);

/// Settings whose pauses are short, because here nothing needs time.
pub fn settings() -> HttpSettings {
    HttpSettings {
        answer_timeout: Duration::from_secs(20),
        retry_pause: Duration::from_millis(2),
        // A limited rate is told after one attempt; tests of the governor
        // have settings of their own.
        limited_repeats: 0,
        patience: Duration::from_secs(8),
        settling_reads: 4,
        settling_pause: Duration::from_millis(60),
        now: std::sync::Arc::new(|| NOW),
        ..HttpSettings::default()
    }
}

/// A running sandbox, a client of one of its services, and an environment.
pub struct Bench {
    pub running: Running,
    pub provider: Box<dyn Provider>,
    pub endpoint: Endpoint,
    pub credential: Credential,
    pub project: Named,
    pub environments: Vec<Environment>,
    pub surface: Surface,
}

impl Bench {
    pub async fn flagsmith(seed: Seed) -> Bench {
        Bench::flagsmith_with(seed, settings()).await
    }

    pub async fn flagsmith_with(seed: Seed, settings: HttpSettings) -> Bench {
        let running = start(seed, EdgeFlagsOptions::default()).await;
        let announcement = running.announcement();
        let endpoint = flagsmith_endpoint(announcement.flagsmith_text("url"), FlagsmithAuth::OrganisationKey);
        let credential = Credential::new(announcement.flagsmith_text("api_key"));
        let project = Named {
            id: announcement.flagsmith["project"].to_string(),
            name: "Acme".into(),
        };
        let provider = Box::new(Flagsmith::new(settings).unwrap());
        Bench::ready(
            running,
            provider,
            endpoint,
            credential,
            project,
            Surface::Flagsmith,
        )
        .await
    }

    /// Goes on with a new client of Flagsmith, so that no connection of the old
    /// one stays open.
    pub fn hang_up(&mut self) {
        self.provider = Box::new(Flagsmith::new(settings()).unwrap());
    }

    pub async fn edgeflags(options: EdgeFlagsOptions) -> Bench {
        Bench::edgeflags_with(Seed::Acme, options).await
    }

    pub async fn edgeflags_with(seed: Seed, options: EdgeFlagsOptions) -> Bench {
        let running = start(seed, options).await;
        let announcement = running.announcement();
        let endpoint = Endpoint::EdgeFlags {
            base: announcement.edgeflags.url.clone(),
            ca_bundle: None,
        };
        let credential = Credential::new(&announcement.edgeflags.token);
        let project = Named {
            id: "acme-store".into(),
            name: "Acme Store".into(),
        };
        let provider = Box::new(EdgeFlags::new(settings()).unwrap());
        Bench::ready(
            running,
            provider,
            endpoint,
            credential,
            project,
            Surface::EdgeFlags,
        )
        .await
    }

    async fn ready(
        running: Running,
        provider: Box<dyn Provider>,
        endpoint: Endpoint,
        credential: Credential,
        project: Named,
        surface: Surface,
    ) -> Bench {
        let environments = provider
            .environments(Access::new(&endpoint, &credential), &project)
            .await
            .unwrap()
            .value;
        Bench {
            running,
            provider,
            endpoint,
            credential,
            project,
            environments,
            surface,
        }
    }

    pub fn environment(&self, name: &str) -> &Environment {
        self.environments
            .iter()
            .find(|environment| environment.name == name)
            .unwrap()
    }

    /// An environment whose writes are direct, or one whose writes make versions.
    pub fn versioned(&self, versioned: bool) -> &Environment {
        self.environments
            .iter()
            .find(|environment| environment.versioned == versioned)
            .unwrap()
    }

    pub fn target<'a>(&'a self, environment: &'a Environment) -> Target<'a> {
        Target {
            access: Access::new(&self.endpoint, &self.credential),
            project: &self.project,
            environment,
        }
    }

    pub async fn collect(&self, environment: &Environment) -> Result<Answer<Snapshot>, Failure> {
        self.provider
            .collect(self.target(environment), NOW, &|_| ())
            .await
    }

    /// A flag as a collection shows it.
    pub async fn collected(&self, environment: &Environment, key: &str) -> Flag {
        let snapshot = self.collect(environment).await.unwrap().value;
        snapshot.flags.into_iter().find(|flag| flag.key.0 == key).unwrap()
    }

    /// A flag as it is now.
    pub async fn now(&self, environment: &Environment, known: &Flag) -> Flag {
        self.provider
            .flag(self.target(environment), known)
            .await
            .unwrap()
            .value
    }

    pub async fn write(
        &self,
        environment: &Environment,
        base: &Flag,
        change: &Change,
    ) -> Result<FlagOutcome, Failure> {
        change_flag(self.provider.as_ref(), self.target(environment), base, change).await
    }

    pub fn fault(&self, fault: Fault) {
        self.running.faults().add(fault.on(self.surface));
    }
}

pub async fn start(seed: Seed, edgeflags: EdgeFlagsOptions) -> Running {
    let config = Config {
        seed,
        edgeflags,
        ..Config::default()
    };
    Sandbox::start(config).await.unwrap()
}

pub fn flagsmith_endpoint(base: &str, auth: FlagsmithAuth) -> Endpoint {
    Endpoint::Flagsmith(FlagsmithEndpoint {
        admin_base: base.to_owned(),
        flags_base: None,
        edge_proxies: Vec::new(),
        ca_bundle: None,
        auth,
    })
}

pub fn value(value: Value) -> Change {
    Change {
        enabled: None,
        value: Some(FlagValue(value)),
    }
}

/// What became of a change to a flag's state or value: [`WriteOutcome`] with the
/// flags in it.
#[derive(Clone, Debug, PartialEq)]
pub enum FlagOutcome {
    Confirmed {
        flag: Box<Flag>,
    },
    AlreadyThere {
        flag: Box<Flag>,
    },
    Conflict {
        theirs: Box<Flag>,
    },
    Replaced {
        now: Box<Flag>,
        replaced: Box<FlagState>,
    },
    Overtaken {
        now: Box<Flag>,
    },
    Unknown {
        reason: String,
        now: Option<Box<Flag>>,
    },
}

/// Changes a flag's state or value.
pub async fn change_flag(
    provider: &dyn Provider,
    target: Target<'_>,
    base: &Flag,
    change: &Change,
) -> Result<FlagOutcome, Failure> {
    let from = SubjectState::FlagState(base.state.clone());
    let to = SubjectState::FlagState(change.applied_to(&base.state));
    let write = Write {
        subject: &Subject::state_of(&base.key),
        base: Some(&from),
        wish: Some(&to),
        known: Some(base),
        steps: &NoSteps,
    };
    let flag = |found: Found| found.flag.unwrap();
    Ok(match provider.write(target, write).await?.value {
        WriteOutcome::Confirmed { now } => FlagOutcome::Confirmed { flag: flag(now) },
        WriteOutcome::AlreadyThere { now } => FlagOutcome::AlreadyThere { flag: flag(now) },
        WriteOutcome::Conflict { theirs } => FlagOutcome::Conflict { theirs: flag(theirs) },
        WriteOutcome::Replaced { now, replaced } => FlagOutcome::Replaced {
            now: flag(now),
            replaced: Box::new(replaced.flag_state().unwrap().clone()),
        },
        WriteOutcome::Overtaken { now } => FlagOutcome::Overtaken { now: flag(now) },
        WriteOutcome::Unknown { reason, now } => FlagOutcome::Unknown {
            reason,
            now: now.map(flag),
        },
    })
}
