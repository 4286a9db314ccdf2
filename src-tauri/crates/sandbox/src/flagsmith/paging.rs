//! The list envelope `{"count", "next", "previous", "results"}`.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use crate::serve::FORWARDED_SCHEME;

/// The page size of a list that takes one, and the most it gives.
const LARGEST_PAGE: usize = 999;

/// A page of a list that honours `page_size`.
pub(crate) fn page(call: &Call, rows: &[Value]) -> Outcome {
    page_of(call, rows, Value::clone)
}

/// A page of a list that honours `page_size`, of which only the page is rendered.
pub(crate) fn page_of<T>(call: &Call, rows: &[T], render: impl Fn(&T) -> Value) -> Outcome {
    let asked = call
        .query("page_size")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|size| *size > 0);
    cut(
        call,
        rows,
        asked.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE),
        render,
    )
}

/// A page of a list whose size the caller cannot choose.
pub(crate) fn fixed_page<T>(call: &Call, rows: &[T], render: impl Fn(&T) -> Value) -> Outcome {
    cut(call, rows, LARGEST_PAGE, render)
}

fn cut<T>(call: &Call, rows: &[T], size: usize, render: impl Fn(&T) -> Value) -> Outcome {
    let pages = rows.len().div_ceil(size).max(1);
    let number = match call.query("page") {
        None => 1,
        Some("last") => pages,
        Some(text) => text.parse::<usize>().unwrap_or(0),
    };
    if number == 0 || number > pages {
        return Err(Answer::detail(404, "Invalid page."));
    }
    let from = (number - 1) * size;
    let results: Vec<Value> = rows.iter().skip(from).take(size).map(render).collect();
    let next = (number < pages).then(|| address(call, Some(number + 1)));
    let previous = match number {
        1 => None,
        2 => Some(address(call, None)),
        _ => Some(address(call, Some(number - 1))),
    };
    Ok(Answer::ok(
        json!({"count": rows.len(), "next": next, "previous": previous, "results": results}),
    ))
}

/// The absolute address of another page, built from the `Host` header, with sorted parameters.
fn address(call: &Call, number: Option<usize>) -> String {
    let mut parameters: Vec<(String, String)> = call
        .query
        .iter()
        .filter(|(name, _)| name != "page")
        .cloned()
        .collect();
    if let Some(number) = number {
        parameters.push(("page".to_owned(), number.to_string()));
    }
    parameters.sort();
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", quote(name), quote(value)))
        .collect();
    let host = call.header("host").unwrap_or("localhost");
    let separator = if query.is_empty() { "" } else { "?" };
    let scheme = call.header(FORWARDED_SCHEME).unwrap_or("http");
    format!("{scheme}://{host}{}{separator}{}", call.path, query.join("&"))
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                quoted.push(char::from(byte));
            }
            b' ' => quoted.push('+'),
            _ => quoted.push_str(&format!("%{byte:02X}")),
        }
    }
    quoted
}
