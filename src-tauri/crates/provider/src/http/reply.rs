//! An answer, read whole.

use bytes::Bytes;
use halyard_model::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use url::Url;

use super::limits;
use crate::Failure;
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Answered, Asked, Evidence, Outcome, Shape};

/// How much of an answer or of a service's own words is kept, in characters.
const EXCERPT: usize = 300;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What it answers.
    pub(crate) asked: Asked,
    /// The server's certificate as it was shown, DER; `None` for plain HTTP.
    pub(crate) certificate: Option<Bytes>,
}

impl Reply {
    /// Whether the answer says that it is JSON. One without a content type is
    /// judged by its first character.
    pub(crate) fn is_json(&self) -> bool {
        match self.header(CONTENT_TYPE.as_str()) {
            Some(kind) => {
                let kind = kind.split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
            }
            None => matches!(self.body.trim_ascii_start().first(), Some(b'{' | b'[')),
        }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON of any shape, where it is JSON.
    pub(crate) fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as `T`. Anything else is [`crate::FailureKind::Malformed`], naming
    /// the place inside `what`.
    pub(crate) fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, Failure> {
        if !self.is_json() {
            return Err(self.misshapen(Shape::NotJson {
                what: what.to_owned(),
            }));
        }
        read(&self.body, what).map_err(|shape| self.misshapen(shape))
    }

    /// A failure of an answer whose status is a success.
    fn misshapen(&self, shape: Shape) -> Failure {
        let answered = self.answered(Timestamp(0), Some(shape));
        diagnose(Evidence::new(
            self.asked.clone(),
            Outcome::Answered(Box::new(answered)),
        ))
    }

    /// The answer as evidence; `now` is when it came.
    pub(crate) fn answered(&self, now: Timestamp, shape: Option<Shape>) -> Answered {
        let text = |name: &str| self.header(name).map(|text| shorten(text, 200));
        let body = self.is_json().then(|| self.value()).flatten();
        let member = |name: &str| body.as_ref().and_then(|body| body.get(name));
        Answered {
            status: self.status,
            content_type: text(CONTENT_TYPE.as_str()).map(|kind| shorten(&kind, 60)),
            location: self.location(),
            retry_at: limits::retry_at(&self.headers, now),
            now,
            authenticate: text("www-authenticate"),
            server: text("server"),
            request_id: ["cf-ray", "x-request-id", "x-amzn-requestid", "x-amz-cf-id"]
                .into_iter()
                .find_map(text),
            words: self.words(),
            code: member("code")
                .and_then(Value::as_str)
                .map(|code| shorten(code, 60)),
            current_version: member("details")
                .and_then(|details| details.get("current_version"))
                .and_then(Value::as_u64),
            is_json: self.is_json(),
            excerpt: self.excerpt(),
            shape,
        }
    }

    /// Where it redirects to, absolute and without query.
    fn location(&self) -> Option<String> {
        let target = self
            .header(LOCATION.as_str())
            .filter(|target| !target.is_empty())?;
        let asked = Url::parse(&self.asked.address).ok()?;
        Some(super::sort::plain_address(&asked.join(target).ok()?))
    }

    /// The first few hundred characters of the body.
    pub(crate) fn excerpt(&self) -> Option<String> {
        // A character takes at most four bytes; one more shows that text was cut.
        let start = &self.body[..self.body.len().min((EXCERPT + 1) * 4)];
        let text = shorten(String::from_utf8_lossy(start).trim(), EXCERPT);
        (!text.is_empty()).then_some(text)
    }

    /// The service's own words about a refusal, whatever shape they came in.
    pub(crate) fn words(&self) -> Option<String> {
        if !self.is_json() {
            return None;
        }
        let mut words = Vec::new();
        gather(&self.value()?, "", &mut words);
        (!words.is_empty()).then(|| shorten(&words.join(" "), EXCERPT))
    }
}

/// Parses JSON; a failure names the place inside `what`.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8], what: &str) -> Result<T, Failure> {
    read(text, what).map_err(unasked)
}

fn read<T: DeserializeOwned>(text: &[u8], what: &str) -> Result<T, Shape> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| misplaced(&error, what))
}

fn misplaced(error: &serde_path_to_error::Error<serde_json::Error>, what: &str) -> Shape {
    let path = error.path().to_string();
    let place = if path == "." {
        what.to_owned()
    } else {
        format!("{what}, at {path}")
    };
    let expected = shorten(&error.inner().to_string(), 160);
    match error.inner().classify() {
        Category::Data => Shape::Other { place, expected },
        Category::Io | Category::Syntax | Category::Eof => Shape::Broken { place, expected },
    }
}

/// A failure of shape at a place.
pub(crate) fn malformed(place: &str, expected: &str) -> Failure {
    unasked(Shape::Other {
        place: place.to_owned(),
        expected: expected.to_owned(),
    })
}

/// A failure of a list that repeats itself.
pub(crate) fn endless(what: &str) -> Failure {
    unasked(Shape::Endless {
        what: what.to_owned(),
    })
}

/// A failure of shape found apart from the answer it was in.
fn unasked(shape: Shape) -> Failure {
    let answered = Answered {
        shape: Some(shape),
        is_json: true,
        ..Answered::default()
    };
    diagnose(Evidence::new(
        Asked::default(),
        Outcome::Answered(Box::new(answered)),
    ))
}

/// At most `most` characters of a text, with an ellipsis where it was cut.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Collects texts from an error body. Services answer `{"detail": …}`,
/// `{"error": …}`, `{"field": ["…"]}`, `["…"]` and deeper nestings.
fn gather(value: &Value, field: &str, words: &mut Vec<String>) {
    const PLAIN: [&str; 5] = ["", "detail", "message", "error", "non_field_errors"];
    // In a place these name the whole body and the types that were tried.
    const NO_FIELDS: [&str; 5] = ["body", "str", "int", "float", "bool"];
    if words.len() >= 5 {
        return;
    }
    match value {
        Value::String(text) if PLAIN.contains(&field) => words.push(text.clone()),
        Value::String(text) => words.push(format!("{field}: {text}")),
        Value::Array(items) => items.iter().for_each(|item| gather(item, field, words)),
        Value::Object(members) => {
            // FastAPI, on which the Edge Proxy stands, describes each problem by
            // a place, a sentence and more.
            if let (Some(Value::Array(place)), Some(Value::String(text))) =
                (members.get("loc"), members.get("msg"))
            {
                let named = place.iter().rev().filter_map(Value::as_str);
                let field = named.into_iter().find(|name| !NO_FIELDS.contains(name));
                return gather(&Value::String(text.clone()), field.unwrap_or_default(), words);
            }
            for (name, member) in members {
                if matches!(name.as_str(), "code" | "status") && member.is_string() {
                    continue;
                }
                gather(member, name, words);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;
    use serde_json::json;

    fn reply(content_type: Option<&str>, body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        if let Some(kind) = content_type {
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        }
        Reply {
            status: 400,
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            asked: Asked {
                method: "GET".into(),
                address: "https://host/".into(),
                ..Asked::default()
            },
            certificate: None,
        }
    }

    #[test]
    fn words_are_found_in_every_shape_of_refusal() {
        for (body, expected) in [
            (json!({"detail": "Invalid page."}), "Invalid page."),
            (json!(["Only text."]), "Only text."),
            (
                json!({"integer_value": ["Too large."]}),
                "integer_value: Too large.",
            ),
            (json!({"non_field_errors": ["Over 100%."]}), "Over 100%."),
            (
                json!({"environment_default": {"value": ["'abc' is not a valid integer"]}}),
                "value: 'abc' is not a valid integer",
            ),
            (
                json!({"detail": [
                    {"type": "missing", "loc": ["body", "identifier"], "msg": "Field required", "input": {}},
                    {"type": "string_type", "loc": ["body", "traits", 0, "trait_value", "str"],
                     "msg": "Input should be a valid string", "input": [1]},
                    {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "ctx": {}},
                ]}),
                "identifier: Field required trait_value: Input should be a valid string JSON decode error",
            ),
            (
                json!({"error": "Version conflict", "code": "CONFLICT", "details": {"current_version": 3}}),
                "Version conflict",
            ),
        ] {
            let reply = reply(Some("application/json"), &body.to_string());
            assert_eq!(reply.words().as_deref(), Some(expected));
        }
        assert_eq!(reply(Some("text/html"), "{\"detail\": 1}").words(), None);
    }

    #[test]
    fn a_wrong_shape_names_its_place() {
        #[derive(serde::Deserialize, Debug)]
        struct Row {
            #[serde(rename = "id")]
            _id: u64,
        }
        let reply = reply(
            Some("application/json; charset=utf-8"),
            r#"[{"id": 1}, {"id": "x"}]"#,
        );
        let failure = reply.json::<Vec<Row>>("list of features").unwrap_err();
        let FailureKind::Malformed { place } = failure.kind else {
            panic!("{failure:?}");
        };
        assert!(place.starts_with("list of features, at [1].id: "), "{place}");
    }

    #[test]
    fn json_is_known_by_its_content_type() {
        assert!(reply(Some("application/json; charset=utf-8"), "").is_json());
        assert!(reply(Some("application/problem+json"), "").is_json());
        assert!(!reply(Some("text/html"), "{}").is_json());
        assert!(reply(None, " {}").is_json());
        assert!(!reply(None, "<html>").is_json());
    }

    #[test]
    fn excerpts_are_cut_between_characters() {
        let long = "🚀".repeat(1000);
        let excerpt = reply(Some("text/plain"), &long).excerpt().unwrap();
        assert_eq!(excerpt.chars().count(), EXCERPT + 1);
    }
}
