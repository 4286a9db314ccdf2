//! Answers that are a success by their status and not by their content.

use super::evidence::{Evidence, Shape};
use super::row::{Row, Words, happened};
use super::{Diagnosis, Remedy};
use crate::FailureKind;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::DashboardPage,
        applies: |e| is_page(e) && e.shows("flagsmith"),
        words: |e| {
            not_json(
                e,
                happened(format!(
                    "{} answered with its dashboard instead of data.",
                    e.name()
                ))
                .because("The address leads to the dashboard, which answers every path with its page.")
                .then("Use the address of the API: it is often another port or another name.")
                .by(Remedy::EditConnection),
            )
        },
    },
    Row {
        diagnosis: Diagnosis::SignInPage,
        applies: |e| matches!(e.shape(), Some(Shape::NotJson { .. })),
        words: |e| {
            let page = if is_page(e) {
                "a web page"
            } else {
                "something else"
            };
            not_json(
                e,
                happened(format!("{} was asked for data and {page} came back.", e.asked.host()))
                    .because("A sign-in page or a network's own page stands in front of the API, or the address leads to a web site.")
                    .then("Open the address in a browser and sign in there, or correct the address.")
                    .by(Remedy::EditConnection),
            )
        },
    },
    Row {
        diagnosis: Diagnosis::MalformedJson,
        applies: |e| matches!(e.shape(), Some(Shape::Broken { .. })),
        words: |e| {
            let (place, expected) = place_of(e);
            happened(format!("The answer breaks the rules of JSON ({place})."))
                .because("The server or a proxy in between cut the answer off or changed it.")
                .then("Try again; if it stays so, look for a proxy that rewrites answers.")
                .by(Remedy::TryAgain)
                .sorted(malformed(format!("{place}: {expected}")))
        },
    },
    Row {
        diagnosis: Diagnosis::WrongShape,
        applies: |e| matches!(e.shape(), Some(Shape::Other { .. })),
        words: |e| {
            let (place, expected) = place_of(e);
            happened(format!("The answer is not of the documented shape ({place})."))
                .because("The server's version may be one that Halyard does not know, or the address leads to another API.")
                .then("Compare the server's version with the supported ones.")
                .by(Remedy::RunDoctor)
                .sorted(malformed(format!("{place}: {expected}")))
        },
    },
    Row {
        diagnosis: Diagnosis::EndlessList,
        applies: |e| matches!(e.shape(), Some(Shape::Endless { .. })),
        words: |e| {
            let (place, _) = place_of(e);
            happened(format!("The {place} repeats itself and does not end."))
                .because("The server or a cache in between answers every page with the same rows.")
                .then("Look for a cache in front of the server that ignores the query of an address.")
                .by(Remedy::ShowRequests)
                .sorted(malformed(format!(
                    "{place}: a list that ends, with pages that differ"
                )))
        },
    },
    Row {
        diagnosis: Diagnosis::TooLarge,
        applies: |e| matches!(e.shape(), Some(Shape::TooLarge(_))),
        words: |e| {
            let Some(Shape::TooLarge(limit)) = e.shape() else {
                return happened("The answer is too large and was not read.");
            };
            let size = size(*limit);
            happened(format!("The answer is larger than {size} and was not read."))
                .because("The environment is far beyond the service's own limits, or the address leads to something else.")
                .then("Check the address; if it is right, remove flags, segments or overrides that nobody needs.")
                .by(Remedy::ShowLimits)
                .sorted(malformed(format!("whole answer: more than {size}")))
        },
    },
];

fn malformed(place: String) -> FailureKind {
    FailureKind::Malformed { place }
}

/// Whether the answer is a page for people.
fn is_page(e: &Evidence) -> bool {
    let kind = e.answer().and_then(|answer| answer.content_type.as_deref());
    matches!(e.shape(), Some(Shape::NotJson { .. })) && kind.is_some_and(|kind| kind.contains("html"))
}

fn not_json(e: &Evidence, words: Words) -> Words {
    let (what, _) = place_of(e);
    let kind = e.answer().and_then(|answer| answer.content_type.as_deref());
    let found = kind.unwrap_or("no content type");
    words.sorted(malformed(format!("{what}: expected JSON, found {found}")))
}

fn place_of(e: &Evidence) -> (&str, &str) {
    match e.shape() {
        Some(Shape::NotJson { what } | Shape::Endless { what }) => (what, ""),
        Some(Shape::Broken { place, expected } | Shape::Other { place, expected }) => (place, expected),
        Some(Shape::TooLarge(_)) | None => ("answer", ""),
    }
}

fn size(bytes: usize) -> String {
    let megabytes = bytes / (1024 * 1024);
    if megabytes > 0 {
        format!("{megabytes} MB")
    } else {
        format!("{bytes} bytes")
    }
}
