//! Everything that is written to EdgeFlags, against the sandbox: each subject,
//! with Maya before, between and after, and every refusal.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as expected, and a measurement is printed"
)]

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod documents;
mod refusals;
mod subjects;
mod together;

use std::sync::Mutex;

use async_trait::async_trait;
use halyard_model::{Environment, Subject, SubjectState};
use halyard_provider::{Failure, Found, Steps, Write, WriteOutcome, WriteStep};
use halyard_sandbox::edgeflags::{EdgeFlagsOptions, ListItems};
use serde_json::{Map, Value};
use support::Bench;

/// Keeps the steps of a write; fails at one, where it is told to.
#[derive(Default)]
struct Told {
    steps: Mutex<Vec<WriteStep>>,
    fails_at: Option<WriteStep>,
}

#[async_trait]
impl Steps for Told {
    async fn reached(&self, step: WriteStep) -> Result<(), Failure> {
        self.steps.lock().unwrap().push(step.clone());
        if self.fails_at == Some(step) {
            let kind = halyard_provider::FailureKind::ServerFault;
            return Err(Failure::new(kind, "The disk is full."));
        }
        Ok(())
    }
}

/// A sandbox with an environment to edit in.
struct Desk {
    bench: Bench,
    environment: Environment,
    told: Told,
}

impl Desk {
    async fn at(options: EdgeFlagsOptions, environment: &str) -> Desk {
        let bench = Bench::edgeflags(options).await;
        let environment = bench.environment(environment).clone();
        Desk {
            bench,
            environment,
            told: Told::default(),
        }
    }

    async fn found(&self, subject: &Subject) -> Found {
        let target = self.bench.target(&self.environment);
        self.bench
            .provider
            .read(target, subject, None)
            .await
            .unwrap()
            .value
    }

    async fn read(&self, subject: &Subject) -> Option<SubjectState> {
        self.found(subject).await.state
    }

    async fn write(
        &self,
        subject: &Subject,
        base: Option<&SubjectState>,
        wish: Option<&SubjectState>,
    ) -> Result<WriteOutcome, Failure> {
        self.told.steps.lock().unwrap().clear();
        let write = Write {
            subject,
            base,
            wish,
            known: None,
            steps: &self.told,
        };
        let target = self.bench.target(&self.environment);
        Ok(self.bench.provider.write(target, write).await?.value)
    }

    fn steps(&self) -> Vec<WriteStep> {
        self.told.steps.lock().unwrap().clone()
    }

    /// The methods and paths of what changed something.
    fn writes(&self) -> Vec<String> {
        let journal = self.bench.running.journal();
        let writes = journal.iter().filter(|one| one.method != "GET");
        let writes = writes.filter(|one| !one.target.ends_with("/evaluate"));
        writes
            .map(|one| format!("{} {}", one.method, one.target))
            .collect()
    }

    /// A definition as the service holds it, whatever its lists show.
    async fn held(&self, plural: &str, key: &str) -> Option<Map<String, Value>> {
        let service = self.bench.running.edgeflags();
        let options = service.options();
        service.set_options(EdgeFlagsOptions {
            list_items: ListItems::Full,
            ..options.clone()
        });
        let told = &self.bench.running.announcement().edgeflags;
        let url = format!("{}/api/v1/{plural}?limit=200", told.url);
        let client = reqwest::Client::new();
        let answer = client.get(url).bearer_auth(&told.token).send().await.unwrap();
        let list: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        service.set_options(options);
        let mut all = list[plural].as_array().unwrap().iter();
        let found = all.find(|one| one["key"] == key)?;
        found[plural.trim_end_matches('s')].as_object().cloned()
    }
}
