//! Answers that services and what stands before them are known to give, ready to be set as faults.
//!
//! ```
//! use halyard_sandbox::{Fault, Surface, staged};
//!
//! let wrong_host = Fault::of(staged::disallowed_host()).on(Surface::Flagsmith);
//! ```
//!
//! Each gives an [`Effect::Answer`]: it is answered exactly so, and the request is not carried out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Effect, effect::page};

/// A page with this status.
pub fn html(status: u16, title: &str, text: &str) -> Effect {
    Effect::Answer {
        status,
        content_type: page(),
        body: format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><title>{title}</title></head>\n\
             <body><h1>{title}</h1><p>{text}</p></body>\n</html>\n"
        ),
        headers: BTreeMap::new(),
    }
}

/// JSON with this status.
pub fn json(status: u16, body: &Value) -> Effect {
    Effect::Answer {
        status,
        content_type: "application/json".to_owned(),
        body: body.to_string(),
        headers: BTreeMap::new(),
    }
}

/// JSON in the manner of Flagsmith's framework: `{"detail": …}`.
pub fn detail(status: u16, sentence: &str) -> Effect {
    json(status, &json!({ "detail": sentence }))
}

/// An answer with one header more.
pub fn with_header(effect: Effect, name: &str, value: &str) -> Effect {
    match effect {
        Effect::Answer {
            status,
            content_type,
            body,
            mut headers,
        } => {
            headers.insert(name.to_owned(), value.to_owned());
            Effect::Answer {
                status,
                content_type,
                body,
                headers,
            }
        }
        other => other,
    }
}

/// Flagsmith asked by a host name that `DJANGO_ALLOWED_HOSTS` does not hold: its framework's 400 page.
pub fn disallowed_host() -> Effect {
    html(400, "Bad Request (400)", "")
}

/// An unknown environment key as the documentation has it; servers answer 403.
pub fn unknown_environment_key() -> Effect {
    detail(401, "Invalid or missing Environment Key")
}

/// The hosted service when the organisation's plan serves no flags any more.
pub fn serving_blocked() -> Effect {
    detail(403, "Organisation is disabled from serving flags.")
}

/// A token that may not do this.
pub fn permission_missing() -> Effect {
    detail(403, "You do not have permission to perform this action.")
}

/// A method that the route does not know.
pub fn method_not_allowed(method: &str) -> Effect {
    let effect = detail(405, &format!("Method \"{method}\" not allowed."));
    with_header(effect, "allow", "GET, HEAD, OPTIONS")
}

/// An `Accept` header that cannot be served.
pub fn not_acceptable() -> Effect {
    detail(406, "Could not satisfy the request Accept header.")
}

/// A body of the wrong type.
pub fn unsupported_media_type(kind: &str) -> Effect {
    detail(415, &format!("Unsupported media type \"{kind}\" in request."))
}

/// A body too large for the proxy before the service: 413 as nginx says it.
pub fn entity_too_large() -> Effect {
    html(413, "413 Request Entity Too Large", "nginx")
}

/// A body that the Edge Proxy cannot read: 422 with its list of problems.
pub fn unprocessable() -> Effect {
    let problem = json!({
        "type": "missing", "loc": ["body", "identifier"], "msg": "Field required", "input": {},
    });
    json(422, &json!({ "detail": [problem] }))
}

/// 502, 503 or 504 of a proxy in front of a server of one's own.
pub fn gateway(status: u16) -> Effect {
    let title = match status {
        503 => "503 Service Temporarily Unavailable".to_owned(),
        504 => "504 Gateway Time-out".to_owned(),
        other => format!("{other} Bad Gateway"),
    };
    with_header(html(status, &title, "nginx/1.27.0"), "server", "nginx/1.27.0")
}

/// An error page of the content network before a hosted service: 520 to 526, or another 5xx. `cf-ray` names
/// the request.
pub fn edge_network(status: u16) -> Effect {
    let reason = match status {
        520 => "Web server returned an unknown error",
        521 => "Web server is down",
        522 => "Connection timed out",
        523 => "Origin is unreachable",
        524 => "A timeout occurred",
        525 => "SSL handshake failed",
        526 => "Invalid SSL certificate",
        _ => "Error",
    };
    let title = format!("{reason} | Error code {status}");
    network_page(html(status, &title, "Cloudflare"))
}

/// The content network's own limit: 429 with error 1015 on a page, and no service behind it asked.
pub fn edge_network_rate_limited() -> Effect {
    let effect = html(
        429,
        "Access denied | Error 1015",
        "You are being rate limited. Cloudflare",
    );
    with_header(network_page(effect), "retry-after", "30")
}

fn network_page(effect: Effect) -> Effect {
    let effect = with_header(effect, "server", "cloudflare");
    with_header(effect, "cf-ray", "8c0ffee000000000-FRA")
}

/// A sign-in page in the way: 200, and not from the service.
pub fn sign_in_page() -> Effect {
    html(
        200,
        "Sign in to your company account",
        "<form action=\"/login\" method=\"post\"><input name=\"user\"></form>",
    )
}

/// A captive portal, which sends everybody to its own host.
pub fn captive_portal(to: &str) -> Effect {
    with_header(html(302, "Found", "Sign in to the network."), "location", to)
}
