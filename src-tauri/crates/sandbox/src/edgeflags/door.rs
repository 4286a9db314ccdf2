//! The one way in: token, budget, route, permission and body, in the service's order.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Method, Uri, header},
    response::Response,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refusal, insert},
    kind::Kind,
    openapi,
    project::Project,
    resources,
    route::Route,
    tokens::Token,
};

const LARGEST_BODY: usize = 1_048_576;

/// A request with its body, before anything is known about it.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
}

impl Call<'_> {
    /// A query parameter, decoded.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        url::form_urlencoded::parse(query)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// `limit` (1 to 200, 50 unless given) and `offset` (0 unless given).
    pub(super) fn page(&self) -> Result<(usize, usize), Refusal> {
        let number = |name: &str, unless_given: usize| match self.query(name) {
            None => Ok(unless_given),
            Some(text) => text
                .parse()
                .map_err(|_| Refusal::invalid(format!("{name} must be a whole number"))),
        };
        let limit = number("limit", 50)?;
        if !(1..=200).contains(&limit) {
            return Err(Refusal::invalid("limit must be from 1 to 200"));
        }
        Ok((limit, number("offset", 0)?))
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        let kind = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(Refusal::invalid("Content-Type must be application/json"));
        }
        serde_json::from_slice(self.body).map_err(|_| Refusal::invalid("The body is not a JSON object"))
    }

    fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        value.strip_prefix("Bearer ").map(str::trim)
    }
}

/// Answers one request.
pub(super) fn answer(project: &mut Project, call: &Call<'_>) -> Response {
    let route = Route::parse(call.uri.path());
    if let Some(public) = route.as_ref().filter(|route| route.is_public()) {
        return answer_public(public, call);
    }
    let now = Timestamp::now();
    let token = call
        .bearer()
        .and_then(|text| project.tokens.iter().find(|token| token.accepts(text, now)));
    let Some(token) = token.cloned() else {
        return Refusal::unauthorized().into_response();
    };
    let class = route.as_ref().map_or(super::limits::Class::Management, |it| {
        it.class(call.method.as_str())
    });
    let budget = project.limits.draw(token.budget_key(), class, &project.options);
    let outcome = if budget.granted {
        decide(project, call, &token, route)
    } else {
        Err(Refusal::rate_limited())
    };
    let mut response = match outcome {
        Ok(answer) => answer.into_response(call.headers),
        Err(refusal) => refusal.into_response(),
    };
    budget.write(response.headers_mut());
    response
}

fn decide(
    project: &mut Project,
    call: &Call<'_>,
    token: &Token,
    route: Option<Route>,
) -> Result<Answer, Refusal> {
    let method = call.method.as_str();
    let route = route.ok_or_else(|| Refusal::not_found("Route"))?;
    if !route.methods().contains(&method) {
        return Err(Refusal::method_not_allowed());
    }
    if let Some(needed) = route.permission(method).filter(|needed| !token.may(needed)) {
        return Err(Refusal::forbidden(needed));
    }
    if call.body.len() > LARGEST_BODY {
        return Err(Refusal::too_large());
    }
    resources::carry_out(project, call, token, &route)
}

fn answer_public(route: &Route, call: &Call<'_>) -> Response {
    if call.method != Method::GET {
        return Refusal::method_not_allowed().into_response();
    }
    let (answer, cache) = match route {
        Route::OpenApi => (
            Answer::ok(openapi::document()).cached_for(3600),
            "public, max-age=3600, stale-while-revalidate=86400",
        ),
        Route::Docs => {
            let mut page = Response::new(Body::from(openapi::DOCS_PAGE));
            insert(
                page.headers_mut(),
                header::CONTENT_TYPE.as_str(),
                "text/html; charset=utf-8",
            );
            return page;
        }
        _ => (
            Answer::ok(json!({ "status": "ok", "environment": "production" })).cached_for(10),
            "public, max-age=10, stale-while-revalidate=30",
        ),
    };
    let mut response = answer.into_response(call.headers);
    insert(response.headers_mut(), header::CACHE_CONTROL.as_str(), cache);
    response
}

/// How long an answer about one resource may be kept, in seconds.
pub(super) fn one_max_age(kind: Kind) -> u32 {
    match kind {
        Kind::Flag => 10,
        Kind::Config | Kind::Segment => kind.list_max_age(),
    }
}
