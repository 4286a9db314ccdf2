//! HTTPS by a private authority and by wrong certificates; the forward proxy before it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use std::error::Error;

use halyard_sandbox::{Config, Effect, Fault, HttpsPlace, Passage, Running, Sandbox, Surface};
use reqwest::{Certificate, Client, ClientBuilder, Proxy};
use serde_json::{Value, json};

async fn start() -> (Running, HttpsPlace) {
    let running = Sandbox::start(Config {
        https: true,
        proxy: true,
        ..Config::default()
    })
    .await
    .expect("free ports");
    let place = running.announcement().https.clone().expect("announced");
    (running, place)
}

fn trusting(place: &HttpsPlace) -> ClientBuilder {
    let authority = Certificate::from_pem(place.ca_pem.as_bytes()).expect("a certificate");
    Client::builder().no_proxy().tls_certs_merge([authority])
}

fn client(place: &HttpsPlace) -> Client {
    trusting(place).build().expect("a client")
}

/// A client that trusts the authority and goes through the forward proxy.
fn through(running: &Running, place: &HttpsPlace, user: Option<(&str, &str)>) -> Client {
    let address = &running.announcement().proxy.as_ref().expect("announced").url;
    let mut proxy = Proxy::all(address).expect("an address");
    if let Some((user, password)) = user {
        proxy = proxy.basic_auth(user, password);
    }
    let authority = Certificate::from_pem(place.ca_pem.as_bytes()).expect("a certificate");
    let builder = Client::builder().proxy(proxy).tls_certs_merge([authority]);
    builder.build().expect("a client")
}

fn features(running: &Running, base: &str) -> String {
    format!(
        "{base}projects/{}/features/?page_size=1",
        running.announcement().flagsmith["project"]
    )
}

async fn ask(running: &Running, client: &Client, url: &str) -> Result<reqwest::Response, reqwest::Error> {
    let token = format!("Token {}", running.announcement().flagsmith_text("token"));
    client.get(url).header("authorization", token).send().await
}

/// Everything that an error says, down to its first cause.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[tokio::test]
async fn who_trusts_the_authority_is_served_with_pages_that_stay_on_https() {
    let (running, place) = start().await;
    let port = place
        .url
        .split(':')
        .nth(2)
        .expect("a port")
        .split('/')
        .next()
        .expect("a port")
        .to_owned();
    for base in [place.url.clone(), format!("https://localhost:{port}/api/v1/")] {
        let response = ask(&running, &client(&place), &features(&running, &base))
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200, "{base}");
        let page: Value = response.json().await.expect("JSON");
        assert!(
            page["next"].as_str().expect("more").starts_with(&base),
            "{}",
            page["next"]
        );
    }
    running
        .faults()
        .set(Fault::of(Effect::EndlessPaging).on(Surface::Flagsmith));
    let response = ask(&running, &client(&place), &features(&running, &place.url))
        .await
        .expect("an answer");
    let page: Value = response.json().await.expect("JSON");
    assert!(page["next"].as_str().expect("more").starts_with(&place.url));
}

#[tokio::test]
async fn wrong_certificates_are_wrong_each_in_its_way() {
    let (running, place) = start().await;
    for (url, word) in [
        (&place.expired_url, "expired"),
        (&place.not_yet_valid_url, "not valid yet"),
        (&place.wrong_name_url, "not valid for name"),
        (&place.self_signed_url, "UnknownIssuer"),
    ] {
        let error = ask(&running, &client(&place), url).await.expect_err(word);
        assert!(
            error.is_connect() && causes(&error).contains(word),
            "{word}: {}",
            causes(&error)
        );
    }
    let stranger = door::client();
    let error = ask(&running, &stranger, &place.url)
        .await
        .expect_err("nobody vouches");
    assert!(causes(&error).contains("UnknownIssuer"), "{}", causes(&error));
}

#[tokio::test]
async fn the_forward_proxy_opens_tunnels_and_passes_requests_on() {
    let (running, place) = start().await;
    let client = through(&running, &place, None);
    let port = place
        .url
        .split(':')
        .nth(2)
        .expect("a port")
        .split('/')
        .next()
        .expect("a port")
        .to_owned();
    let hidden = format!("https://flagsmith.test:{port}/api/v1/");
    let response = ask(&running, &client, &features(&running, &hidden))
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let plain = running.announcement().flagsmith_text("url").to_owned();
    let response = ask(&running, &client, &features(&running, &plain))
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let page: Value = response.json().await.expect("JSON");
    assert!(
        page["next"].as_str().expect("more").starts_with(&plain),
        "the host came through"
    );
    let passage = |method: &str, target: String| Passage {
        method: method.to_owned(),
        target,
        status: 200,
    };
    let host = plain
        .trim_start_matches("http://")
        .trim_end_matches("/api/v1/")
        .to_owned();
    assert_eq!(
        running.forward_proxy().passages(),
        [
            passage("CONNECT", format!("flagsmith.test:{port}")),
            passage("GET", host)
        ]
    );
    let url = format!("{}passages", running.announcement().control.url);
    let told: Value = door::client()
        .get(url)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(told["passages"].as_array().map(Vec::len), Some(2));

    let elsewhere = ask(&running, &client, "http://flags.elsewhere.example/")
        .await
        .expect("an answer");
    assert_eq!(elsewhere.status(), 403, "it leads to this machine only");
    let gone = ask(&running, &client, "http://127.0.0.1:9/")
        .await
        .expect("an answer");
    assert_eq!(gone.status(), 502);
}

#[tokio::test]
async fn the_forward_proxy_may_ask_for_a_password_or_refuse() {
    let (running, place) = start().await;
    running.faults().set(Fault::of(Effect::TunnelAuthentication {
        user: "ada".to_owned(),
        password: "secret:word".to_owned(),
    }));
    let plain = running.announcement().flagsmith_text("url").to_owned();
    for (user, admitted) in [
        (None, false),
        (Some(("ada", "wrong")), false),
        (Some(("ada", "secret:word")), true),
    ] {
        let client = through(&running, &place, user);
        let tunnel = ask(&running, &client, &features(&running, &place.url)).await;
        assert_eq!(tunnel.is_ok(), admitted, "{user:?}");
        let answer = ask(&running, &client, &features(&running, &plain))
            .await
            .expect("an answer");
        assert_eq!(answer.status(), if admitted { 200 } else { 407 }, "{user:?}");
        assert_eq!(answer.headers().contains_key("proxy-authenticate"), !admitted);
    }
    assert!(!running.journal_contains("secret:word"));
    running.faults().clear();
    running
        .faults()
        .set(Fault::of(Effect::TunnelRefusal { status: 502 }));
    let client = through(&running, &place, None);
    ask(&running, &client, &place.url).await.expect_err("no tunnel");
    let answer = ask(&running, &client, &plain).await.expect("an answer");
    assert_eq!(answer.status(), 502);
    let states: Vec<u16> = running
        .forward_proxy()
        .passages()
        .iter()
        .map(|one| one.status)
        .collect();
    assert_eq!(states, [407, 407, 407, 407, 200, 200, 502, 502]);
}

#[tokio::test]
async fn neither_is_opened_unless_asked_for() {
    let running = door::start(Default::default()).await;
    let announced = json!(running.announcement());
    assert_eq!((announced.get("https"), announced.get("proxy")), (None, None));
}
