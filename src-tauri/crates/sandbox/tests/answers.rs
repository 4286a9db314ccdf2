//! Answers that are staged, and clocks that are off.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod door;

use halyard_sandbox::{Effect, ErrorBody, Fault, Running, Surface, staged};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};

fn client() -> Client {
    let builder = Client::builder().no_proxy().redirect(Policy::none());
    builder.build().expect("a client")
}

fn organisations(running: &Running) -> reqwest::RequestBuilder {
    let announcement = running.announcement();
    client()
        .get(format!("{}organisations/", announcement.flagsmith_text("url")))
        .header(
            "authorization",
            format!("Token {}", announcement.flagsmith_text("token")),
        )
}

async fn answered(running: &Running) -> Response {
    organisations(running).send().await.expect("an answer")
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("text"))
}

#[tokio::test]
async fn what_is_staged_is_answered_and_nothing_is_carried_out() {
    let running = door::start(Default::default()).await;
    let cases = [
        (staged::disallowed_host(), 400, "text/html", "Bad Request (400)"),
        (
            staged::unknown_environment_key(),
            401,
            "application/json",
            "Environment Key",
        ),
        (
            staged::serving_blocked(),
            403,
            "application/json",
            "disabled from serving",
        ),
        (
            staged::permission_missing(),
            403,
            "application/json",
            "permission",
        ),
        (
            staged::method_not_allowed("PUT"),
            405,
            "application/json",
            "\\\"PUT\\\"",
        ),
        (staged::not_acceptable(), 406, "application/json", "Accept header"),
        (staged::entity_too_large(), 413, "text/html", "Too Large"),
        (
            staged::unsupported_media_type("text/plain"),
            415,
            "application/json",
            "text/plain",
        ),
        (staged::unprocessable(), 422, "application/json", "Field required"),
        (staged::gateway(502), 502, "text/html", "Bad Gateway"),
        (staged::gateway(504), 504, "text/html", "Gateway Time-out"),
        (staged::edge_network(522), 522, "text/html", "timed out"),
        (
            staged::edge_network_rate_limited(),
            429,
            "text/html",
            "Error 1015",
        ),
        (staged::sign_in_page(), 200, "text/html", "Sign in"),
    ];
    for (effect, status, kind, part) in cases {
        running
            .faults()
            .set(Fault::of(effect.clone()).on(Surface::EdgeFlags).method("PUT"));
        let body = json!({ "enabled": false });
        let response = door::send(
            &running,
            reqwest::Method::PUT,
            "/api/v1/flags/guest_checkout",
            Some(body),
        )
        .await;
        assert_eq!(response.status(), status, "{effect:?}");
        assert!(
            header(&response, "content-type")
                .expect("a type")
                .starts_with(kind),
            "{effect:?}"
        );
        let text = response.text().await.expect("text");
        assert!(text.contains(part), "{effect:?}: {text}");
    }
    let flag = running.edgeflags().flag("guest_checkout").expect("seeded");
    assert_eq!(flag["version"], json!(3));
}

#[tokio::test]
async fn staged_headers_arrive() {
    let running = door::start(Default::default()).await;
    running.faults().set(Fault::of(staged::edge_network(521)));
    let response = answered(&running).await;
    assert_eq!(header(&response, "server"), Some("cloudflare"));
    assert!(header(&response, "cf-ray").is_some());
    let portal = staged::captive_portal("http://portal.example/login");
    running.faults().set(Fault::of(portal));
    let response = answered(&running).await;
    assert_eq!(
        (response.status().as_u16(), header(&response, "location")),
        (302, Some("http://portal.example/login"))
    );
    let bare = Effect::Answer {
        status: 401,
        content_type: String::new(),
        body: String::new(),
        headers: [("bad name".to_owned(), "x".to_owned())].into(),
    };
    running.faults().set(Fault::of(bare));
    let response = answered(&running).await;
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type")),
        (401, None)
    );
}

#[tokio::test]
async fn a_clock_that_is_off_shows_in_the_date_of_every_answer() {
    let running = door::start(Default::default()).await;
    let skewed = [(7_200, 200), (-7_200, 200), (7_200, 503)];
    for (seconds, status) in skewed {
        running.faults().clear();
        running.faults().set(Fault::of(Effect::ClockSkew { seconds }));
        if status == 503 {
            running.faults().set(Fault::of(Effect::ServerError {
                status,
                body: ErrorBody::Empty,
            }));
        }
        let response = answered(&running).await;
        assert_eq!(response.status(), status);
        let date = httpdate::parse_http_date(header(&response, "date").expect("a date")).expect("a date");
        let now = std::time::SystemTime::now();
        let off = date.duration_since(now).map_or_else(
            |error| -error.duration().as_secs_f64(),
            |ahead| ahead.as_secs_f64(),
        );
        #[allow(clippy::cast_precision_loss, reason = "some thousands of seconds")]
        let wanted = seconds as f64;
        assert!((off - wanted).abs() < 120.0, "{off} and not {wanted}");
    }
}

#[tokio::test]
async fn an_internal_error_of_edgeflags_has_its_code() {
    let running = door::start(Default::default()).await;
    running.faults().set(Fault::of(Effect::ServerError {
        status: 500,
        body: ErrorBody::Json,
    }));
    let response = door::send(&running, reqwest::Method::GET, "/api/v1/flags", None).await;
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], "INTERNAL_ERROR");
}
