//! A served sandbox with the Acme Store in it, and the keys to it.

use halyard_sandbox::flagsmith::Flagsmith;
use halyard_sandbox::{MayaEdit, Seed};
use reqwest::Client;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::Reply;

/// A served sandbox with the Acme Store in it, and the keys to it.
pub(crate) struct Server {
    pub(crate) flagsmith: Flagsmith,
    pub(crate) client: Client,
    pub(crate) base: String,
    pub(crate) task: JoinHandle<()>,
    pub(crate) described: Value,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) const DEVELOPMENT: usize = 0;
pub(crate) const STAGING: usize = 1;
pub(crate) const PRODUCTION: usize = 2;

impl Server {
    pub(crate) async fn start() -> Self {
        let flagsmith = Flagsmith::new(Seed::Acme);
        let (base, task) = super::serve(flagsmith.router()).await;
        let described = flagsmith.describe();
        Self {
            flagsmith,
            client: super::client(),
            base,
            task,
            described,
        }
    }

    pub(crate) fn key(&self, environment: usize, which: &str) -> String {
        self.described["environments"][environment][which]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let path = if path.starts_with("/api") {
            path.to_owned()
        } else {
            format!("/api/v1{path}")
        };
        let mut all = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        all.extend(
            headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let url = format!("{}{path}", self.base);
        super::send(
            &self.client,
            method,
            &url,
            &all,
            body.map(|body| body.to_string()),
        )
        .await
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let token = format!("Token {}", self.described["token"].as_str().unwrap());
        self.send(method, path, &[("Authorization", &token)], body).await
    }

    pub(crate) async fn document(&self, environment: usize, headers: &[(&str, &str)]) -> Reply {
        let key = self.key(environment, "server_key");
        let mut all = vec![("X-Environment-Key", key.as_str())];
        all.extend_from_slice(headers);
        self.send("GET", "/environment-document/", &all, None).await
    }

    /// A feature's default state in an environment.
    pub(crate) async fn state(&self, environment: usize, name: &str) -> Value {
        let path = format!(
            "/environments/{}/featurestates/?feature_name={name}",
            self.key(environment, "client_key")
        );
        self.admin("GET", &path, None).await.json()["results"][0].clone()
    }

    pub(crate) fn maya(&self, environment: &str, flag: &str, value: Value) {
        let edit = MayaEdit {
            environment: environment.to_owned(),
            flag: flag.to_owned(),
            enabled: None,
            value: Some(value),
            ..MayaEdit::default()
        };
        self.flagsmith.edit_as_maya(&edit).unwrap();
    }

    pub(crate) fn state_path(&self, environment: usize, state: &Value) -> String {
        format!(
            "/environments/{}/featurestates/{}/",
            self.key(environment, "client_key"),
            state["id"]
        )
    }
}
