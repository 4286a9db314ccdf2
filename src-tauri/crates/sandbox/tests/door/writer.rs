//! Writers of a simulation, who say who they are.

use std::collections::BTreeMap;

use halyard_sandbox::{CLIENT_HEADER, Running, Surface};
use reqwest::Client;
use serde_json::Value;

pub(crate) fn root(running: &Running, surface: Surface) -> String {
    match surface {
        Surface::EdgeFlags => running.announcement().edgeflags.url.clone(),
        _ => {
            let api = running.announcement().flagsmith["url"].as_str().expect("a URL");
            api.trim_end_matches("/api/v1/").to_owned()
        }
    }
}

pub(crate) fn client_keys(running: &Running) -> BTreeMap<String, String> {
    let environments = running.announcement().flagsmith["environments"].as_array();
    let key = |one: &Value| {
        let text = |name: &str| one[name].as_str().expect("text").to_owned();
        (text("name"), text("client_key"))
    };
    environments.expect("a list").iter().map(key).collect()
}

/// A client of the sandbox that says who it is.
pub(crate) struct Writer<'a> {
    running: &'a Running,
    client: Client,
    name: &'a str,
}

impl<'a> Writer<'a> {
    /// A client that keeps no connection open after an answer.
    pub(crate) fn new(running: &'a Running, name: &'a str) -> Self {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build();
        Self {
            running,
            client: client.expect("a client"),
            name,
        }
    }

    pub(crate) async fn send(
        &self,
        surface: Surface,
        request: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let (method, path) = request.split_once(' ').expect("verb and path");
        let keys = client_keys(self.running);
        let path = path
            .replace("{p}", &keys["Production"])
            .replace("{s}", &keys["Staging"]);
        let credential = match surface {
            Surface::EdgeFlags => format!("Bearer {}", self.running.announcement().edgeflags.token),
            _ => {
                let token = self.running.announcement().flagsmith["token"].as_str();
                format!("Token {}", token.expect("a token"))
            }
        };
        let mut request = self
            .client
            .request(
                method.parse().expect("a verb"),
                format!("{}{path}", root(self.running, surface)),
            )
            .header("authorization", credential)
            .header(CLIENT_HEADER, self.name);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }

    pub(crate) async fn written(&self, surface: Surface, request: &str, body: Value) {
        let answer = self.send(surface, request, Some(&body)).await.expect("an answer");
        assert!(answer.status().is_success(), "{request}: {}", answer.status());
    }
}
