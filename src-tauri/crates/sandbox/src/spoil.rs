//! Answers that a fault puts in the place of the true one.

use std::{
    collections::BTreeMap,
    io,
    time::{Duration, SystemTime},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};
use futures_util::stream;
use serde_json::{Value, json};

use crate::{Effect, ErrorBody, Surface, edgeflags};

/// One piece of a huge body.
const PIECE: usize = 64 * 1024;

/// 429 as the service itself would say it.
pub(crate) fn throttled(surface: Surface, retry_after_seconds: Option<u64>) -> Response {
    if surface == Surface::EdgeFlags {
        return edgeflags::throttled(retry_after_seconds);
    }
    let detail = match retry_after_seconds {
        Some(seconds) => format!("Request was throttled. Expected available in {seconds} seconds."),
        None => "Request was throttled.".to_owned(),
    };
    let mut response = whole(
        StatusCode::TOO_MANY_REQUESTS,
        "application/json",
        json!({ "detail": detail }).to_string(),
    );
    if let Some(seconds) = retry_after_seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A 5xx that comes from a proxy or a framework, not from the service's own code.
pub(crate) fn server_error(surface: Surface, status: u16, body: ErrorBody) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Error");
    match body {
        ErrorBody::Html => {
            let page = format!(
                "<!doctype html>\n<html lang=\"en\">\n<head><title>{code} {reason}</title></head>\n\
                 <body><h1>{code} {reason}</h1></body>\n</html>\n",
                code = status.as_u16(),
            );
            whole(status, "text/html; charset=utf-8", page)
        }
        ErrorBody::Json if surface == Surface::EdgeFlags => whole(
            status,
            "application/json",
            json!({ "error": reason, "code": "INTERNAL_ERROR" }).to_string(),
        ),
        ErrorBody::Json => whole(
            status,
            "application/json",
            json!({ "detail": reason, "error": reason }).to_string(),
        ),
        ErrorBody::Empty => whole(status, "text/plain", String::new()),
    }
}

/// Exactly what a fault says. A header that HTTP does not allow is left out.
pub(crate) fn answered(
    status: u16,
    content_type: &str,
    body: &str,
    headers: &BTreeMap<String, String>,
) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = ("content-type", content_type);
    let further = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in std::iter::once(kind).chain(further) {
        let parsed = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = parsed
            && !value.is_empty()
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// An answer whose clock is off by what the faults say. A server whose clock is right sends its own time.
pub(crate) fn with_clock(mut answer: Response, effects: &[Effect]) -> Response {
    let skew: i64 = effects
        .iter()
        .map(|effect| match effect {
            Effect::ClockSkew { seconds } => *seconds,
            _ => 0,
        })
        .sum();
    let now = SystemTime::now();
    let distance = Duration::from_secs(skew.unsigned_abs());
    let shown = if skew > 0 {
        now.checked_add(distance)
    } else {
        now.checked_sub(distance)
    };
    if let Some(shown) = shown.filter(|_| skew != 0)
        && let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(shown))
    {
        answer.headers_mut().insert(header::DATE, date);
    }
    answer
}

/// Valid JSON whose members have the names of this world and other types.
pub(crate) fn wrong_shape() -> Response {
    let body = json!({
        "results": 7,
        "next": {},
        "flags": "none",
        "configs": 0,
        "segments": true,
        "environments": { "production": [] },
        "feature_states": "many",
        "id": [],
    });
    whole(StatusCode::OK, "application/json", body.to_string())
}

/// The true answer's text without its end, of a length that the headers tell truly.
pub(crate) async fn malformed(answer: Response) -> Response {
    let text = text_of(answer).await;
    let mut kept = text.len().saturating_sub(2).max(1).min(text.len());
    while !text.is_char_boundary(kept) {
        kept -= 1;
    }
    let broken = if text.is_empty() {
        "{\"".to_owned()
    } else {
        text.get(..kept).unwrap_or("{").to_owned()
    };
    whole(StatusCode::OK, "application/json", broken)
}

/// The true answer, which breaks off half way although its length was promised.
pub(crate) async fn cut(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let promised = bytes.len().max(64);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
    if parts.status == StatusCode::NO_CONTENT || parts.status == StatusCode::NOT_MODIFIED {
        // Neither may carry a body, so there would be nothing to cut.
        parts.status = StatusCode::OK;
    }
    let half = bytes.slice(..bytes.len() / 2);
    let pieces = stream::unfold(Some(half), |first| async move {
        match first {
            Some(piece) if !piece.is_empty() => Some((Ok(piece), Some(Bytes::new()))),
            _ => {
                // The first half has to be on the wire before the connection breaks.
                tokio::task::yield_now().await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
            }
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// A JSON object of at least this many bytes, in pieces and without a promised length.
pub(crate) fn huge(bytes: u64) -> Response {
    let n_pieces = bytes.div_ceil(PIECE as u64);
    let opening = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{\"padding\":\""))]);
    let piece = Bytes::from(vec![b'a'; PIECE]);
    let middle = stream::iter((0..n_pieces).map(move |_| Ok(piece.clone())));
    let closing = stream::iter([Ok(Bytes::from_static(b"\"}"))]);
    let body = futures_util::StreamExt::chain(futures_util::StreamExt::chain(opening, middle), closing);
    let mut response = Response::new(Body::from_stream(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The page that a client asked for, as a number, and the request for the first page.
pub(crate) fn first_page(method: &Method, uri: &Uri) -> Option<(u64, Uri)> {
    if method != Method::GET {
        return None;
    }
    let query = uri.query().unwrap_or_default().as_bytes();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query).into_owned().collect();
    let page = pairs
        .iter()
        .find(|(name, _)| name == "page")
        .and_then(|(_, value)| value.parse().ok());
    let kept = pairs
        .iter()
        .filter(|(name, _)| name != "page" && name != "offset");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .finish();
    let target = if query.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{query}", uri.path())
    };
    Some((page.unwrap_or(1), target.parse().ok()?))
}

/// A list's first page, told as if it were the `page`th and another one followed.
pub(crate) async fn endless(answer: Response, page: u64, uri: &Uri, origin: &str) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut list) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if list.get("next").is_some() {
        let separator = if uri.query().is_some() { '&' } else { '?' };
        list["next"] = json!(format!("{origin}{uri}{separator}page={}", page.saturating_add(1)));
    }
    if list.get("has_more").is_some() {
        list["has_more"] = json!(true);
        list["total"] = json!(1_000_000_000);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::ETAG);
    Response::from_parts(parts, Body::from(list.to_string()))
}

async fn text_of(answer: Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn whole(status: StatusCode, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
