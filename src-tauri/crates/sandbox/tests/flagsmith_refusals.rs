//! What Flagsmith does not take or does not find, in the sandbox as in the real server.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod wire;

use serde_json::{Value, json};
use wire::acme::{PRODUCTION, Server};

/// The page that stands for a fault inside the server.
const FAULT: (u16, Value) = (500, Value::Null);

async fn answer(server: &Server, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let reply = server.admin(method, path, body).await;
    let is_json = reply.header("content-type") == Some("application/json");
    (reply.status, if is_json { reply.json() } else { Value::Null })
}

#[tokio::test]
async fn the_one_call_route_takes_typed_text_and_nothing_else() {
    let server = Server::start().await;
    let path = format!(
        "/api/__future__/environments/{}/features/2/",
        server.key(PRODUCTION, "client_key")
    );
    let refused = |why: Value| (400, json!({"environment_default": why}));
    let before = server.state(PRODUCTION, "free_shipping_threshold").await;
    for (default, expected) in [
        (
            json!({"value": null}),
            refused(json!({"value": ["This field may not be null."]})),
        ),
        (
            json!({"value": "bare"}),
            refused(json!({"value": {"non_field_errors": [
                "Invalid data. Expected a dictionary, but got str."
            ]}})),
        ),
        (
            json!({"value": {"type": "json", "value": "1"}}),
            refused(json!({"value": {"type": ["\"json\" is not a valid choice."]}})),
        ),
        (
            json!({"value": {"type": "string"}}),
            refused(json!({"value": {"value": ["This field is required."]}})),
        ),
        (
            json!({"value": {"type": "string", "value": null}}),
            refused(json!({"value": {"value": ["This field may not be null."]}})),
        ),
        (
            json!({"value": {"type": "string", "value": "a\u{0}b"}}),
            refused(json!({"value": {"value": ["Null characters are not allowed."]}})),
        ),
        (
            json!({"value": {"type": "integer", "value": "abc"}}),
            refused(json!({"value": ["'abc' is not a valid integer"]})),
        ),
        (
            json!({"value": {"type": "boolean", "value": "yes"}}),
            refused(json!({"value": ["'yes' is not a valid boolean (use 'true' or 'false')"]})),
        ),
        (
            json!({"enabled": null}),
            refused(json!({"enabled": ["This field may not be null."]})),
        ),
        (
            json!({"value": {"type": "integer", "value": "3000000000"}}),
            FAULT,
        ),
        (
            json!({"value": {"type": "string", "value": "x".repeat(20_001)}}),
            FAULT,
        ),
    ] {
        let body = json!({"environment_default": default});
        assert_eq!(
            answer(&server, "PATCH", &path, Some(body)).await,
            expected,
            "{default}"
        );
    }
    assert_eq!(
        server.state(PRODUCTION, "free_shipping_threshold").await,
        before,
        "nothing was changed"
    );
}

#[tokio::test]
async fn text_loses_the_blanks_around_it_by_every_route() {
    let server = Server::start().await;
    let state = server.state(PRODUCTION, "guest_checkout").await;
    let one_call = format!(
        "/api/__future__/environments/{}/features/{}/",
        server.key(PRODUCTION, "client_key"),
        state["feature"]
    );
    let typed = server.state_path(PRODUCTION, &state);
    let flat = format!("/features/featurestates/{}/", state["id"]);
    for (path, body) in [
        (
            &one_call,
            json!({"environment_default": {"value": {"type": "string", "value": " a b\u{a0}\n"}}}),
        ),
        (&typed, json!({"feature_state_value": "\u{1f} a b\t"})),
        (
            &flat,
            json!({"environment": 3, "feature_state_value": {"type": "unicode", "string_value": "a b "}}),
        ),
    ] {
        let emptied = json!({"feature_state_value": "  "});
        assert_eq!(server.admin("PUT", &typed, Some(emptied)).await.status, 200);
        assert_eq!(
            server.state(PRODUCTION, "guest_checkout").await["feature_state_value"],
            ""
        );
        let method = if path == &typed { "PUT" } else { "PATCH" };
        assert_eq!(server.admin(method, path, Some(body)).await.status, 200, "{path}");
        let after = server.state(PRODUCTION, "guest_checkout").await;
        assert_eq!(after["feature_state_value"], "a b", "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_many_ways() {
    let server = Server::start().await;
    let key = server.key(PRODUCTION, "client_key");
    let detail = |status: u16, sentence: &str| (status, json!({"detail": sentence}));
    let forbidden = detail(403, "You do not have permission to perform this action.");
    let no_choice = json!({"feature": [
        "Select a valid choice. That choice is not one of the available choices."
    ]});
    let nothing = json!({"count": 0, "next": null, "previous": null, "results": []});
    for (path, expected) in [
        (
            "/features/featurestates/?environment=3&feature=99999".to_owned(),
            (400, no_choice.clone()),
        ),
        (
            "/features/featurestates/?environment=3&feature=abc".to_owned(),
            (400, no_choice),
        ),
        (
            "/features/featurestates/?environment=99999&feature=2".to_owned(),
            forbidden.clone(),
        ),
        (
            format!("/environments/{key}/featurestates/?feature=99999"),
            (200, nothing.clone()),
        ),
        (
            "/features/feature-segments/?environment=99999&feature=2".to_owned(),
            FAULT,
        ),
        ("/projects/1/features/?environment=99999".to_owned(), FAULT),
        ("/projects/1/features/2/?environment=99999".to_owned(), FAULT),
        (
            "/projects/99999/features/".to_owned(),
            detail(404, "No Project matches the given query."),
        ),
        ("/projects/99999/segments/".to_owned(), forbidden.clone()),
        ("/projects/99999/tags/".to_owned(), FAULT),
        (
            "/environments/99999/features/2/versions/".to_owned(),
            detail(404, "No Environment matches the given query."),
        ),
        (format!("/environments/{key}/identities/99999/traits/"), FAULT),
        (
            format!("/environments/{key}/identities/99999/featurestates/"),
            (200, nothing),
        ),
        ("/environments/gone/identities/".to_owned(), forbidden),
        (
            "/api/__future__/environments/gone/features/2/".to_owned(),
            detail(404, "Not found."),
        ),
    ] {
        assert_eq!(answer(&server, "GET", &path, None).await, expected, "{path}");
    }
}

#[tokio::test]
async fn identifiers_and_trait_names_lose_their_blanks_and_odd_traits_are_refused() {
    let server = Server::start().await;
    let key = server.key(PRODUCTION, "client_key");
    let ask = async |body: Value| {
        let headers = [("X-Environment-Key", key.as_str())];
        let reply = server.send("POST", "/identities/", &headers, Some(body)).await;
        (reply.status, reply.json())
    };
    let row = json!({"trait_key": " plan ", "trait_value": " b "});
    let (status, answer) = ask(json!({"identifier": " mia\n", "transient": true, "traits": [row]})).await;
    assert_eq!((status, &answer["identifier"]), (200, &json!("mia")));
    assert_eq!(
        (
            &answer["traits"][0]["trait_key"],
            &answer["traits"][0]["trait_value"]
        ),
        (&json!("plan"), &json!(" b "))
    );
    let (status, answer) = ask(json!({"identifier": 5, "transient": true})).await;
    assert_eq!((status, &answer["identifier"]), (200, &json!("5")));
    for (traits, expected) in [
        (json!(null), json!(["This field may not be null."])),
        (
            json!({}),
            json!({"non_field_errors": ["Expected a list of items but got type \"dict\"."]}),
        ),
        (
            json!([{"trait_key": "plan"}]),
            json!([{"trait_value": ["This field is required."]}]),
        ),
        (
            json!([{"trait_value": "beta"}]),
            json!([{"trait_key": ["This field is required."]}]),
        ),
        (
            json!([{"trait_key": " ", "trait_value": 1}]),
            json!([{"trait_key": ["This field may not be blank."]}]),
        ),
        (
            json!([{"trait_key": "k".repeat(201), "trait_value": 1}]),
            json!([{"trait_key": ["Ensure this field has no more than 200 characters."]}]),
        ),
        (
            json!([{"trait_key": "plan", "trait_value": "v".repeat(2001)}]),
            json!([{"trait_value": ["Value string is too long. Must be less than 2000 character"]}]),
        ),
    ] {
        let asked = json!({"identifier": "mia", "transient": true, "traits": traits});
        assert_eq!(ask(asked).await, (400, json!({"traits": expected})), "{traits}");
    }
}
