//! Maya: she saves what her page shows, over plain HTTP, and compares nothing.

use halyard_model::Flag;
use halyard_sandbox::{CLIENT_HEADER, Running};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{dice::Dice, path::Path};

pub struct Maya<'a> {
    sandbox: &'a Running,
    path: Path,
    name: String,
    client: Client,
}

impl<'a> Maya<'a> {
    pub fn new(sandbox: &'a Running, path: Path, number: usize) -> Maya<'a> {
        Maya {
            sandbox,
            path,
            name: format!("maya-{number}"),
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Sends a request. The service refuses one alone: an override that others have removed, and that she would make anew
    /// at a place that is taken.
    async fn send(&self, method: Method, route: &str, body: &Value) {
        let announcement = self.sandbox.announcement();
        let (root, key) = match self.path {
            Path::EdgeFlags => (
                announcement.edgeflags.url.clone(),
                format!("Bearer {}", announcement.edgeflags.token),
            ),
            _ => {
                let url = announcement.flagsmith_text("url");
                let root = url.trim_end_matches("/api/v1/").to_owned();
                (
                    root,
                    format!("Api-Key {}", announcement.flagsmith_text("api_key")),
                )
            }
        };
        let request = self
            .client
            .request(method, format!("{root}{route}"))
            .header("authorization", key)
            .header(CLIENT_HEADER, &self.name)
            .json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let words = answer.text().await.unwrap();
        let is_late = words.contains("Duplicate priority");
        assert!(status.is_success() || is_late, "{route} {body}: {status} {words}");
    }

    /// Makes a flag on EdgeFlags.
    pub async fn make(&self, flag: &str) {
        let body = json!({"key": flag, "enabled": true, "value": "first"});
        self.send(Method::POST, "/api/v1/flags", &body).await;
    }

    /// A toggle, a value, or who gets something else.
    pub async fn edit(&self, flag: &Flag, mark: &str, dice: &mut Dice) {
        let enabled = dice.one_in(2);
        let text = json!({"type": "string", "value": mark});
        let own = flag.state.segment_overrides.first();
        match self.path {
            Path::EdgeFlags => {
                let body = match dice.below(3) {
                    0 => json!({"enabled": enabled}),
                    1 => json!({"value": mark}),
                    _ => {
                        json!({"targeting": {"rollout": {"percentage": dice.below(101), "attribute": "user_id"}}})
                    }
                };
                let route = format!("/api/v1/flags/{}/environments/staging", flag.key.0);
                self.send(Method::PUT, &route, &body).await;
            }
            Path::FlagsmithV1 => {
                let body = match (dice.below(3), own) {
                    (0, _) => json!({"environment_default": {"enabled": enabled}}),
                    (1, Some(own)) => {
                        let id: u64 = own.segment_id.parse().unwrap();
                        json!({"segment_overrides": [{"segment": {"id": id}, "enabled": enabled, "value": text}]})
                    }
                    _ => json!({"environment_default": {"value": text}}),
                };
                let (_, key) = self.environment();
                let route = format!("/api/__future__/environments/{key}/features/{}/", flag.remote_id);
                self.send(Method::PATCH, &route, &body).await;
            }
            Path::FlagsmithV2 => {
                let state = json!({
                    "enabled": enabled,
                    "feature_state_value": {"type": "unicode", "string_value": mark},
                    "feature_segment": null,
                });
                let body = json!({"publish_immediately": true, "feature_states_to_update": [state]});
                let (id, _) = self.environment();
                let route = format!("/api/v1/environments/{id}/features/{}/versions/", flag.remote_id);
                self.send(Method::POST, &route, &body).await;
            }
        }
    }

    /// The environment's number and client-side key on Flagsmith.
    fn environment(&self) -> (u64, String) {
        let list = self.sandbox.announcement().flagsmith["environments"]
            .as_array()
            .unwrap();
        let wanted = list
            .iter()
            .find(|one| one["name"] == self.path.environment())
            .unwrap();
        let key = wanted["client_key"].as_str().unwrap().to_owned();
        (wanted["id"].as_u64().unwrap(), key)
    }
}
