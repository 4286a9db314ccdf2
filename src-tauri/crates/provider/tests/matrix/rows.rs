//! One row per cause: how it is made to happen, and what must be offered.

use Ask::*;
use halyard_model::FlagsmithAuth::{OrganisationKey, UserToken};
use halyard_provider::diagnosis::Context;
use halyard_provider::{Diagnosis as D, Incident};
use halyard_sandbox::Effect;
use halyard_sandbox::staged::{
    detail, disallowed_host, edge_network, edge_network_rate_limited, entity_too_large, gateway, html, json,
    method_not_allowed, permission_missing, serving_blocked, sign_in_page, unknown_environment_key,
    unprocessable, with_header,
};
use serde_json::json;

use super::stage::{Ask, Make};
use super::support::NOW;

/// A cause, how it is made to happen, and the name of the remedy.
pub struct Row(pub D, pub &'static str, pub Make);

fn row(diagnosis: D, remedy: &'static str, make: Make) -> Row {
    Row(diagnosis, remedy, make)
}

fn staged(diagnosis: D, remedy: &'static str, ask: Ask, effect: Effect) -> Row {
    Row(diagnosis, remedy, Make::Staged(ask, effect))
}

fn hosted(diagnosis: D, ask: Ask, effect: Effect) -> Row {
    Row(diagnosis, "open-status-page", Make::Hosted(ask, effect))
}

fn redirect(to: &str) -> Effect {
    with_header(html(301, "Moved", ""), "location", to)
}

fn coded(status: u16, code: &str, words: &str) -> Effect {
    json(status, &json!({"error": words, "code": code}))
}

const ORGANISATION_KEY: &str = "Ab3dE6gH.Qb6bHVRCUyn2Yq9fJ1mW8xLz4T7pKs0D";
const USER_TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
const SERVER_KEY: &str = "ser.AbCdEfGhIjKlMnOpQrStUv";
const EDGEFLAGS_TOKEN: &str = "ff_defa_0123456789abcdefghij";

pub fn rows() -> Vec<Row> {
    let mut rows = addresses();
    rows.extend(keys());
    rows.extend(contents());
    rows.extend(services());
    rows.extend(transport());
    rows.extend(again());
    rows
}

fn addresses() -> Vec<Row> {
    vec![
        row(
            D::NotAnAddress,
            "edit-connection",
            Make::Pasted("ftp://flags.acme.test"),
        ),
        row(D::OtherService, "edit-connection", Make::OtherService),
        staged(
            D::MissingSlash,
            "edit-connection",
            List,
            redirect("/api/v1/organisations//"),
        ),
        staged(
            D::RedirectedWrite,
            "edit-connection",
            Version,
            redirect("https://flags.acme.test/"),
        ),
        staged(
            D::WantsHttps,
            "correct-address",
            List,
            redirect("https://127.0.0.1/api/v1/organisations/"),
        ),
        staged(
            D::WantsHttps,
            "correct-address",
            List,
            html(400, "The plain HTTP request was sent to HTTPS port", "nginx"),
        ),
        staged(
            D::SignInRedirect,
            "edit-connection",
            List,
            redirect("https://sign-in.acme.test/?next=/api"),
        ),
        staged(
            D::RedirectedElsewhere,
            "edit-connection",
            List,
            redirect("/login"),
        ),
        staged(
            D::RedirectWithoutTarget,
            "edit-connection",
            List,
            html(302, "Found", ""),
        ),
        row(
            D::MissingApiPrefix,
            "correct-address",
            Make::Base(List, "{http}/"),
        ),
        row(
            D::NoApiHere,
            "edit-connection",
            Make::Base(List, "{http}/elsewhere/api/v1/"),
        ),
        staged(
            D::Gone,
            "refresh",
            List,
            detail(404, "No Project matches the given query."),
        ),
        staged(
            D::MethodNotAllowed,
            "run-doctor",
            Version,
            method_not_allowed("POST"),
        ),
        staged(D::AllowedHosts, "edit-connection", List, disallowed_host()),
        staged(
            D::CaptivePortal,
            "try-again",
            List,
            html(511, "Network Authentication Required", ""),
        ),
        staged(
            D::DashboardPage,
            "edit-connection",
            List,
            html(200, "Flagsmith", "Loading"),
        ),
        staged(D::SignInPage, "edit-connection", List, sign_in_page()),
    ]
}

fn keys() -> Vec<Row> {
    let basic = with_header(
        html(401, "401 Authorization Required", "nginx"),
        "www-authenticate",
        "Basic realm=\"staff\"",
    );
    let not_provided = detail(401, "Authentication credentials were not provided.");
    vec![
        row(
            D::KeyCharacters,
            "type-key-again",
            Make::Key(List, OrganisationKey, "two\nlines"),
        ),
        staged(D::HeaderDropped, "show-requests", List, not_provided),
        staged(D::GatewaySignIn, "edit-connection", List, basic),
        row(
            D::EnvironmentKeyAsAdmin,
            "type-key-again",
            Make::Key(List, OrganisationKey, SERVER_KEY),
        ),
        row(
            D::EdgeFlagsTokenAtFlagsmith,
            "edit-connection",
            Make::Key(List, OrganisationKey, EDGEFLAGS_TOKEN),
        ),
        row(
            D::OrganisationKeyAsToken,
            "choose-key-kind",
            Make::Key(List, UserToken, ORGANISATION_KEY),
        ),
        row(
            D::TokenAsOrganisationKey,
            "choose-key-kind",
            Make::Key(List, OrganisationKey, USER_TOKEN),
        ),
        row(
            D::OrganisationKeyRefused,
            "type-key-again",
            Make::Key(List, OrganisationKey, ORGANISATION_KEY),
        ),
        row(
            D::UserTokenRefused,
            "type-key-again",
            Make::Key(List, UserToken, USER_TOKEN),
        ),
        row(
            D::OrganisationKeyMalformed,
            "type-key-again",
            Make::Key(List, OrganisationKey, "password1"),
        ),
        row(
            D::UserTokenMalformed,
            "type-key-again",
            Make::Key(List, UserToken, "password1"),
        ),
        row(
            D::EdgeFlagsTokenRefused,
            "type-key-again",
            Make::Key(EdgeFlagsList, OrganisationKey, EDGEFLAGS_TOKEN),
        ),
        row(
            D::FlagsmithKeyAtEdgeFlags,
            "type-key-again",
            Make::Key(EdgeFlagsList, OrganisationKey, SERVER_KEY),
        ),
        row(
            D::EdgeFlagsTokenMalformed,
            "type-key-again",
            Make::Key(EdgeFlagsList, OrganisationKey, "password1"),
        ),
        row(
            D::EnvironmentKeyUnknown,
            "edit-connection",
            Make::Key(Identity, OrganisationKey, "otherEnvironmentKey"),
        ),
        staged(
            D::EnvironmentKeyUnknown,
            "edit-connection",
            Identity,
            unknown_environment_key(),
        ),
        row(D::WrongRegion, "edit-connection", Make::Region),
        row(
            D::ProxyKeyUnknown,
            "copy-proxy-config",
            Make::Key(ProxyIdentity, OrganisationKey, "otherEnvironmentKey"),
        ),
        row(
            D::ProxyServerKey,
            "copy-proxy-config",
            Make::Key(ProxyIdentity, OrganisationKey, SERVER_KEY),
        ),
        staged(D::PermissionMissing, "type-key-again", List, permission_missing()),
        staged(
            D::EdgeFlagsPermissionMissing,
            "type-key-again",
            EdgeFlagsToggle,
            coded(403, "FORBIDDEN", "Missing permission: write:flags"),
        ),
        staged(D::ServingStopped, "show-limits", Identity, serving_blocked()),
    ]
}

fn contents() -> Vec<Row> {
    let refusal = |words: &str| detail(400, words);
    let conflict = json(
        409,
        &json!({"detail": "Cannot update flags in an environment with change requests enabled.", "code": "change_requests_enabled"}),
    );
    vec![
        staged(
            D::PlanNeeded,
            "show-limits",
            Version,
            detail(402, "Your plan does not include this feature."),
        ),
        staged(
            D::LimitReached,
            "show-limits",
            Version,
            refusal("The project has reached the maximum allowed segments limit."),
        ),
        row(D::ChangeRequestsRequired, "open-dashboard", Make::ChangeRequests),
        staged(D::ChangeRequestsRequired, "open-dashboard", Toggle, conflict),
        staged(
            D::VersioningOn,
            "refresh",
            Toggle,
            refusal(
                "This environment uses v2 feature versioning. Use the environment feature version endpoint instead.",
            ),
        ),
        staged(
            D::VersioningOff,
            "refresh",
            Version,
            json(
                400,
                &json!({"environment": "Environment must use v2 feature versioning."}),
            ),
        ),
        staged(
            D::VersionPublished,
            "refresh",
            Version,
            refusal("Cannot modify published version."),
        ),
        staged(
            D::OverrideConflict,
            "resolve-conflict",
            Version,
            json(
                400,
                &json!({"message": "An unresolvable conflict occurred: segment override already exists for segment 'qa'"}),
            ),
        ),
        row(
            D::ValueTooLong,
            "show-limits",
            Make::Write(json!("x".repeat(20_001))),
        ),
        row(D::NumberOutOfRange, "", Make::Write(json!(3_000_000_000_u64))),
        row(D::JsonValue, "", Make::Write(json!({"a": 1}))),
        staged(
            D::WeightsOver100,
            "",
            Toggle,
            json(
                400,
                &json!({"non_field_errors": ["Multivariate percentage values exceed 100%."]}),
            ),
        ),
        staged(
            D::DuplicateName,
            "refresh",
            Version,
            json(
                400,
                &json!({"name": ["Feature with that name already exists for this project."]}),
            ),
        ),
        staged(
            D::DuplicateName,
            "refresh",
            EdgeFlagsToggle,
            coded(409, "CONFLICT", "Flag already exists"),
        ),
        staged(
            D::PayloadTooLarge,
            "show-limits",
            EdgeFlagsToggle,
            coded(413, "PAYLOAD_TOO_LARGE", "Request body too large"),
        ),
        staged(D::ProxyPayloadLimit, "", Toggle, entity_too_large()),
        staged(
            D::BodyMangled,
            "show-requests",
            Toggle,
            refusal("JSON parse error - Expecting value: line 1 column 10 (char 9)"),
        ),
        staged(D::Unprocessable, "", ProxyIdentity, unprocessable()),
        staged(
            D::Refused,
            "show-requests",
            EdgeFlagsToggle,
            coded(400, "VALIDATION_ERROR", "enabled must be a boolean"),
        ),
        staged(D::MalformedJson, "try-again", List, Effect::MalformedJson),
        staged(D::WrongShape, "run-doctor", Document, Effect::WrongShape),
        staged(
            D::EndlessList,
            "show-requests",
            List,
            json(200, &json!({"next": "x", "results": [{"id": 1, "name": "a"}]})),
        ),
        row(D::TooLarge, "show-limits", Make::Huge),
        row(D::FlagGone, "refresh", Make::FlagGone),
        row(D::FlagNotServed, "refresh", Make::FlagNotServed),
        row(D::ListBehind, "try-again", Make::ListBehind),
    ]
}

fn services() -> Vec<Row> {
    let health = json(
        500,
        &json!({"DatabaseBackend": "unavailable: Database error", "MigrationsHealthCheck": "working"}),
    );
    let migrations = json(
        500,
        &json!({"DatabaseBackend": "working", "MigrationsHealthCheck": "unavailable: unapplied migrations"}),
    );
    let crash = Effect::Answer {
        status: 500,
        content_type: "text/plain; charset=utf-8".into(),
        body: "Internal Server Error".into(),
        headers: std::collections::BTreeMap::new(),
    };
    vec![
        staged(
            D::RateLimitedUntil,
            "wait-until",
            List,
            Effect::Throttle {
                retry_after: Some(18),
            },
        ),
        staged(
            D::RateLimited,
            "show-requests",
            List,
            Effect::Throttle { retry_after: None },
        ),
        staged(
            D::CloudflareRateLimit,
            "wait-until",
            EdgeFlagsList,
            edge_network_rate_limited(),
        ),
        hosted(D::CloudflareOrigin, List, edge_network(521)),
        hosted(D::CloudflareTls, List, edge_network(526)),
        staged(D::DatabaseDown, "run-doctor", List, health),
        staged(D::MigrationsUnfinished, "run-doctor", List, migrations),
        staged(
            D::IdentityFails,
            "try-again",
            Identity,
            html(500, "Server Error (500)", ""),
        ),
        staged(
            D::WriteFailed,
            "refresh",
            Version,
            html(500, "Server Error (500)", ""),
        ),
        staged(
            D::ServerError,
            "run-doctor",
            List,
            html(500, "Server Error (500)", ""),
        ),
        staged(
            D::EdgeFlagsInternal,
            "try-again",
            EdgeFlagsList,
            coded(500, "INTERNAL_ERROR", "Internal error"),
        ),
        hosted(D::BadGatewayHosted, List, gateway(502)),
        staged(D::BadGatewaySelfHosted, "run-doctor", List, gateway(502)),
        hosted(D::UnavailableHosted, List, gateway(503)),
        staged(D::UnavailableSelfHosted, "run-doctor", List, gateway(503)),
        staged(D::DocumentTimeout, "show-limits", Document, gateway(504)),
        row(D::DocumentTimeout, "show-limits", Make::Slow(Document)),
        hosted(D::GatewayTimeoutHosted, List, gateway(504)),
        staged(D::GatewayTimeoutSelfHosted, "run-doctor", List, gateway(504)),
        staged(D::ProxyKeyMissing, "show-requests", ProxyIdentity, crash),
        staged(
            D::ProxyFeatureNotFound,
            "refresh",
            ProxyIdentity,
            json(
                404,
                &json!({"status": "not_found", "message": "feature 'zzz' not found"}),
            ),
        ),
        staged(D::ProxyNoDocument, "run-doctor", ProxyIdentity, Effect::ColdProxy),
        row(D::ProxyNotReady, "run-doctor", Make::ProxyNotReady),
        staged(
            D::ProxyRouteMissing,
            "edit-connection",
            ProxyIdentity,
            detail(404, "Not Found"),
        ),
    ]
}

fn transport() -> Vec<Row> {
    use halyard_sandbox::Gate;
    let authenticated = Gate::Authenticated {
        user: "me".into(),
        password: "secret".into(),
    };
    vec![
        row(
            D::NameNotFound,
            "run-doctor",
            Make::Base(List, "http://flags.acme.test/api/v1/"),
        ),
        row(
            D::ConnectionRefused,
            "run-doctor",
            Make::Base(List, "http://127.0.0.1:1/api/v1/"),
        ),
        row(D::AnswerTimeout, "try-again", Make::Slow(List)),
        staged(D::CutBody, "try-again", List, Effect::CutBody),
        staged(D::NoAnswer, "try-again", List, Effect::Refuse),
        row(
            D::NotHttp,
            "correct-address",
            Make::Base(List, "{https-as-http}/api/v1/"),
        ),
        row(
            D::NotTls,
            "correct-address",
            Make::Base(List, "{http-as-https}/api/v1/"),
        ),
        row(D::UnknownIssuer, "add-certificate", Make::Door("unknown issuer")),
        row(D::CertificateExpired, "run-doctor", Make::Door("expired")),
        row(
            D::CertificateNotYetValid,
            "run-doctor",
            Make::Door("not yet valid"),
        ),
        row(
            D::CertificateWrongName,
            "edit-connection",
            Make::Door("wrong name"),
        ),
        row(D::ProxyAuthentication, "run-doctor", Make::Gate(authenticated)),
        row(
            D::ProxyRefusesTunnel,
            "run-doctor",
            Make::Gate(Gate::Refusing { status: 403 }),
        ),
        row(D::ProxyUnreachable, "run-doctor", Make::NoGate),
        row(D::BadBundle, "add-certificate", Make::Bundle),
    ]
}

fn looked_at(diagnosis: D, remedy: &'static str, make: Make, context: Context) -> Row {
    Row(diagnosis, remedy, Make::Again(Box::new(make), Box::new(context)))
}

/// Failures with what only the console knows.
fn again() -> Vec<Row> {
    let known = || Context {
        now: NOW,
        ..Context::default()
    };
    let incident = Incident {
        id: "1".into(),
        title: "Edge API latency".into(),
        impact: "minor".into(),
        status: "investigating".into(),
        started_at: None,
        updated_at: None,
        words: None,
        components: vec!["Edge API".into()],
        link: None,
    };
    vec![
        looked_at(
            D::Offline,
            "try-again",
            Make::Base(List, "http://flags.acme.test/api/v1/"),
            Context {
                others: vec![("Flags API".into(), false)],
                ..known()
            },
        ),
        looked_at(
            D::ClockWrong,
            "try-again",
            Make::Door("not yet valid"),
            Context {
                clock_ahead_millis: Some(3_600_000),
                ..known()
            },
        ),
        looked_at(
            D::KeyWithdrawn,
            "type-key-again",
            Make::Key(List, OrganisationKey, ORGANISATION_KEY),
            Context {
                last_success: Some(NOW.plus_millis(-3 * 3_600_000)),
                ..known()
            },
        ),
        looked_at(
            D::PermissionLost,
            "refresh",
            Make::Staged(List, permission_missing()),
            Context {
                last_success: Some(NOW.plus_millis(-600_000)),
                ..known()
            },
        ),
        looked_at(
            D::SharedKey,
            "wait-until",
            Make::Staged(
                List,
                Effect::Throttle {
                    retry_after: Some(18),
                },
            ),
            Context {
                own_requests: Some(40),
                budget: Some(500),
                ..known()
            },
        ),
        looked_at(
            D::DocumentOversized,
            "show-limits",
            Make::Staged(Document, gateway(504)),
            Context {
                document_bytes: Some(1_700_000),
                ..known()
            },
        ),
        looked_at(
            D::IncidentKnown,
            "open-status-page",
            Make::Hosted(List, gateway(502)),
            Context {
                incidents: vec![incident],
                ..known()
            },
        ),
        looked_at(
            D::HalfDeployed,
            "run-doctor",
            Make::Staged(List, gateway(502)),
            Context {
                version_change: Some(("2.264.0".into(), "2.265.0".into(), NOW.plus_millis(-180_000))),
                ..known()
            },
        ),
        looked_at(
            D::HealthLies,
            "run-doctor",
            Make::Staged(Identity, html(500, "Server Error (500)", "")),
            Context {
                healthy: Some(true),
                ..known()
            },
        ),
        looked_at(
            D::SporadicFaults,
            "try-again",
            Make::Staged(List, gateway(502)),
            Context {
                requests: 2_000,
                server_faults: 3,
                window: std::time::Duration::from_secs(3_600),
                ..known()
            },
        ),
    ]
}
