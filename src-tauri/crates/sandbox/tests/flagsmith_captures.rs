//! Holds the sandbox's answers to answers of a real server, where its captures are at hand.
//!
//! The captured requests are sent again in an order that rebuilds the captured server, so that ids come out
//! the same. Keys and uuids differ; what stood for what is learned from each pair of answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![allow(
    clippy::print_stdout,
    reason = "counts and skips are for whoever runs the test"
)]

mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use halyard_sandbox::Seed;
use halyard_sandbox::edge_proxy::EdgeProxy;
use halyard_sandbox::flagsmith::{AuditLicence, Flagsmith, Throttle, Trouble};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wire::Reply;
use wire::stand_ins::{self, StandIns};

const ORDER: &str = include_str!("flagsmith_order.txt");
const STAFF_TOKEN: &str = "0d44d0d40d44d0d40d44d0d40d44d0d40d44d0d4";

/// Captures that nothing here answers to, and why.
const LEFT_OUT: [(&str, &str); 8] = [
    ("audit-rows-from-serializer", "not an answer"),
    ("auth-signup", "the sandbox takes no new people"),
    ("config-project-overrides", "belongs to the server's own pages"),
    ("edge-proxy-openapi", "a description, not the service"),
    ("featurestate-options", "a description, not the service"),
    ("measurement-edge-proxy-load", "not an answer"),
    ("observation-scheduled-version-and-edge-proxy", "not an answer"),
    ("swagger-json-head", "a description, not the service"),
];
/// Its captured moment lay in the future.
const CONDITIONAL_WHILE_DOWN: &str = "db-down-environment-document-conditional";
/// Setting up an organisation is no part of the sandbox.
const SET_UP: &str = "organisation-create";

struct Replay {
    client: Client,
    flagsmith: Flagsmith,
    base: String,
    proxies: BTreeMap<&'static str, String>,
    stand_ins: StandIns,
    /// The uuid and the server key that the set-up made last.
    remembered: BTreeMap<&'static str, String>,
    problems: Vec<String>,
    covered: BTreeSet<String>,
    exact: usize,
    tasks: Vec<JoinHandle<()>>,
}

/// The day for which a capture schedules a version, and one that is still to
/// come when the captures are replayed: what is due can no longer be deleted.
const SCHEDULED: [&str; 2] = ["2026-11-22T00:00:00", "2096-11-22T00:00:00"];

fn captures() -> Option<BTreeMap<String, Value>> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/reference/captures/flagsmith");
    let files = fs::read_dir(folder).ok()?;
    let read = |path: PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let text = fs::read_to_string(path).ok()?.replace(SCHEDULED[0], SCHEDULED[1]);
        Some((name, serde_json::from_str(&text).ok()?))
    };
    Some(files.filter_map(|file| read(file.ok()?.path())).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_those_of_the_captures() {
    let Some(captures) = captures() else {
        println!("skipped: the captures are not here");
        return;
    };
    let flagsmith = Flagsmith::new(Seed::Empty);
    flagsmith.license_audit(AuditLicence::Unlicensed);
    let (base, task) = wire::serve(flagsmith.router()).await;
    let mut replay = Replay {
        client: wire::client(),
        flagsmith,
        base,
        proxies: BTreeMap::new(),
        stand_ins: StandIns::default(),
        remembered: BTreeMap::new(),
        problems: Vec::new(),
        covered: BTreeSet::new(),
        exact: 0,
        tasks: vec![task],
    };
    replay.learn_credentials(&captures);
    for line in ORDER
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match (line.strip_prefix('!'), line.split_once(' ')) {
            (Some(switch), _) => replay.switch(switch).await,
            (None, Some(_)) => replay.set_up(line).await,
            (None, None) => replay.capture(line, captures.get(line)).await,
        }
    }
    let left_out = |name: &&String| LEFT_OUT.iter().any(|(left_out, _)| left_out == name) || *name == SET_UP;
    let forgotten: Vec<&String> = captures
        .keys()
        .filter(|name| !replay.covered.contains(*name) && !left_out(name))
        .collect();
    println!(
        "{} of {} captures covered ({} equal but for times, uuids and keys); skipped: {}",
        replay.covered.len(),
        captures.len(),
        replay.exact,
        captures.len() - replay.covered.len()
    );
    assert!(replay.exact >= 230, "fewer whole bodies agree than before");
    for task in &replay.tasks {
        task.abort();
    }
    assert!(forgotten.is_empty(), "captures that no line names: {forgotten:?}");
    assert!(
        replay.problems.is_empty(),
        "{} differences:\n{}",
        replay.problems.len(),
        replay.problems.join("\n")
    );
}

impl Replay {
    /// The captured token, keys and password stand for ours.
    fn learn_credentials(&mut self, captures: &BTreeMap<String, Value>) {
        let described = self.flagsmith.describe();
        let header = |name: &str, header: &str| {
            let value = captures[name]["request"]["headers"][header].as_str().unwrap();
            value.split(' ').next_back().unwrap().to_owned()
        };
        let environment = &described["environments"][0];
        let client = captures["environment-create"]["body"]["api_key"]
            .as_str()
            .unwrap()
            .to_owned();
        let login = &captures["auth-login"]["request"]["body"];
        for (captured, ours) in [
            (
                header("auth-me", "Authorization"),
                described["token"].as_str().unwrap(),
            ),
            (
                header("organisations-list-apikey", "Authorization"),
                described["api_key"].as_str().unwrap(),
            ),
            (header("processor-monitoring-staff", "Authorization"), STAFF_TOKEN),
            (client, environment["client_key"].as_str().unwrap()),
            (login["email"].as_str().unwrap().to_owned(), "demo@acme.example"),
            (login["password"].as_str().unwrap().to_owned(), "sandbox-password"),
        ] {
            self.stand_ins.add(&captured, ours);
        }
    }

    fn our_key(&self, environment: usize) -> String {
        self.flagsmith.describe()["environments"][environment]["client_key"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn admin(&self, method: &str, path: &str, body: &str) -> Reply {
        let token = self.flagsmith.describe()["token"].as_str().unwrap().to_owned();
        let headers = [
            ("Authorization".to_owned(), format!("Token {token}")),
            ("Accept".to_owned(), "application/json".to_owned()),
            ("Content-Type".to_owned(), "application/json".to_owned()),
        ];
        let url = format!("{}/api/v1{path}", self.base);
        wire::send(&self.client, method, &url, &headers, Some(body.to_owned())).await
    }

    async fn set_up(&mut self, line: &str) {
        let mut parts = line.splitn(3, ' ');
        let (method, path, body) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap_or("{}"),
        );
        let reply = self.admin(method, path, body).await;
        assert!(
            reply.status < 300,
            "the set-up {line} got {} {}",
            reply.status,
            reply.text
        );
        if let Some(uuid) = reply.json()["uuid"].as_str() {
            self.remembered.insert("uuid", uuid.to_owned());
        }
    }

    async fn switch(&mut self, switch: &str) {
        let (name, count) = switch.split_once(' ').unwrap_or((switch, "0"));
        match name {
            "identities" | "versioned-identities" => {
                let key = self.our_key(if name == "identities" { 0 } else { 2 });
                for number in 0..count.parse().unwrap() {
                    let body = json!({"identifier": format!("user-{number:02}")}).to_string();
                    self.admin("POST", &format!("/environments/{key}/identities/"), &body)
                        .await;
                }
            }
            "server-key" => {
                let path = format!("/environments/{}/api-keys/", self.our_key(2));
                let reply = self.admin("POST", &path, "{\"name\": \"versioned\"}").await;
                self.remembered
                    .insert("server key", reply.json()["key"].as_str().unwrap().to_owned());
            }
            "proxies" => self.start_proxies().await,
            "database-down" => self.flagsmith.set_trouble(Some(Trouble::DatabaseDown)),
            "throttle" => self.flagsmith.set_throttle(Some(Throttle::per_minute(0))),
            other => panic!("no switch is called {other}"),
        }
    }

    /// One proxy that works, one whose upstream was never there, and one whose upstream is gone.
    async fn start_proxies(&mut self) {
        let described = self.flagsmith.describe();
        let environment = &described["environments"][0];
        let server_key = self.stand_ins.server_key();
        let pair = (environment["client_key"].as_str().unwrap().to_owned(), server_key);
        let (router, down) = wire::with_switch(self.flagsmith.router());
        let (gone, gone_task) = wire::serve(router).await;
        self.tasks.push(gone_task);
        let poll = Duration::from_millis(20);
        for (name, upstream, grace) in [
            ("works", self.base.clone(), Duration::from_secs(600)),
            (
                "coldstart",
                "http://127.0.0.1:9".to_owned(),
                Duration::from_secs(600),
            ),
            ("stale", gone, Duration::ZERO),
        ] {
            let proxy = EdgeProxy::new(format!("{upstream}/api/v1/"), vec![pair.clone()], poll, grace);
            proxy.start_polling(CancellationToken::new());
            let (address, task) = wire::serve(proxy.router()).await;
            self.tasks.push(task);
            if name != "coldstart" {
                self.wait_for_health(&address, 200).await;
            }
            self.proxies.insert(name, address);
        }
        down.store(true, Ordering::SeqCst);
        let stale = self.proxies["stale"].clone();
        self.wait_for_health(&stale, 503).await;
    }

    async fn wait_for_health(&self, address: &str, status: u16) {
        let mut turns = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..1_000 {
            turns.tick().await;
            let url = format!("{address}/proxy/health");
            if wire::send(&self.client, "GET", &url, &[], None).await.status == status {
                return;
            }
        }
        panic!("the proxy at {address} never became {status}");
    }

    async fn capture(&mut self, name: &str, capture: Option<&Value>) {
        let Some(capture) = capture else {
            self.problems.push(format!("{name}: there is no such capture"));
            return;
        };
        let request = &capture["request"];
        let (base, path) = self.place(name, request["url"].as_str().unwrap());
        let mut headers: Vec<(String, String)> = Vec::new();
        for (header, value) in request["headers"].as_object().unwrap() {
            let value = self.stand_ins.ours(value.as_str().unwrap());
            let known = self.stand_ins.appear_in(&value);
            let value = match self
                .remembered
                .get("server key")
                .filter(|_| header == "X-Environment-Key" && !known)
            {
                Some(server_key) if name == "environment-document-v2" => server_key.clone(),
                _ => value,
            };
            headers.push((header.clone(), value));
        }
        if name == "environment-document-large-headers-only" {
            headers.retain(|(header, _)| header != "X-Environment-Key");
            headers.push(("X-Environment-Key".to_owned(), self.stand_ins.server_key()));
        }
        if name == "environment-document-if-modified-since-same" {
            // What was last modified then was last modified at another time here.
            let at = self.remembered["last modified"].clone();
            headers.retain(|(header, _)| header != "If-Modified-Since");
            headers.push(("If-Modified-Since".to_owned(), at));
        }
        if name == CONDITIONAL_WHILE_DOWN {
            let tomorrow = std::time::SystemTime::now() + Duration::from_secs(86_400);
            headers.retain(|(header, _)| header != "If-Modified-Since");
            headers.push(("If-Modified-Since".to_owned(), httpdate::fmt_http_date(tomorrow)));
        }
        let body = match &request["body"] {
            Value::Null => None,
            Value::String(text) => Some(self.stand_ins.ours(text)),
            other => Some(self.stand_ins.ours(&other.to_string())),
        };
        let method = request["method"].as_str().unwrap();
        let reply = wire::send(&self.client, method, &format!("{base}{path}"), &headers, body).await;
        if let Some(at) = reply.header("last-modified") {
            self.remembered.insert("last modified", at.to_owned());
        }
        self.compare(name, capture, &reply);
        self.stand_ins.learn(&capture["body"], &reply.json());
        self.covered.insert(name.to_owned());
    }

    fn place(&self, name: &str, url: &str) -> (String, String) {
        let path = url.splitn(4, '/').nth(3).unwrap();
        let mut path = self.stand_ins.ours(&format!("/{path}"));
        if let Some(remembered) = self.remembered.get("uuid") {
            for part in url
                .split('/')
                .filter(|part| uuid::Uuid::parse_str(part).is_ok_and(|uuid| !uuid.is_nil()))
            {
                if !self.stand_ins.knows(part) {
                    path = path.replace(part, remembered);
                }
            }
        }
        let base = match name.strip_prefix("edge-proxy-") {
            Some(rest) => {
                let proxy = ["coldstart", "stale"]
                    .into_iter()
                    .find(|kind| rest.starts_with(kind));
                self.proxies[proxy.unwrap_or("works")].clone()
            }
            None => self.base.clone(),
        };
        (base, path)
    }

    fn compare(&mut self, name: &str, capture: &Value, reply: &Reply) {
        let mut problem = |text: String| self.problems.push(format!("{name}: {text}"));
        let status = capture["status"].as_u64().unwrap();
        if u64::from(reply.status) != status {
            problem(format!(
                "status {} and not {status}: {}",
                reply.status,
                head(&reply.text)
            ));
        }
        let wanted: BTreeMap<String, String> = capture["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let content_type = wanted.get("content-type").map(String::as_str);
        if reply.header("content-type") != content_type {
            problem(format!(
                "content type {:?} and not {content_type:?}",
                reply.header("content-type")
            ));
        }
        let names: BTreeSet<String> = wanted
            .keys()
            .filter(|name| !wire::belongs_to_connection(name))
            .cloned()
            .collect();
        if reply.header_names() != names {
            let ours = reply.header_names();
            let missing: Vec<&String> = names.difference(&ours).collect();
            let extra: Vec<&String> = ours.difference(&names).collect();
            problem(format!("headers missing {missing:?}, too many {extra:?}"));
        }
        for fixed in ["vary", "allow", "www-authenticate", "retry-after"] {
            let steady = fixed != "retry-after" || name == "throttled-429-user-token";
            if steady
                && wanted.contains_key(fixed)
                && reply.header(fixed) != wanted.get(fixed).map(String::as_str)
            {
                problem(format!(
                    "{fixed} is {:?} and not {:?}",
                    reply.header(fixed),
                    wanted.get(fixed)
                ));
            }
        }
        let (body, got) = (&capture["body"], reply.json());
        if matches!(body, Value::Object(_) | Value::Array(_)) && !name.ends_with("-headers-only") {
            let mut differences = Vec::new();
            wire::shape_differences(body, &got, "body", &mut differences);
            if matches!(got, Value::Null) {
                differences.push(format!("the body is no JSON: {}", head(&reply.text)));
            }
            differences.into_iter().for_each(problem);
            self.exact += usize::from(stand_ins::agree(body, &got));
        }
    }
}

fn head(text: &str) -> String {
    text.chars().take(200).collect()
}
