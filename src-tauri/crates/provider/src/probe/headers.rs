//! What an answer's headers say about asking again.

use std::time::Duration;

use halyard_model::Timestamp;
use reqwest::header::{CACHE_CONTROL, ETAG, HeaderMap, LAST_MODIFIED};

use super::Stamp;

/// A name longer than this is nobody's.
const LONGEST_NAME: usize = 200;

/// Longer than any documented lifetime of an answer.
const LONGEST_LIFETIME: u64 = 86_400;

/// What a later conditional read may refer to.
pub(crate) fn stamp_of(headers: &HeaderMap, at: Timestamp) -> Stamp {
    let text = |name| {
        let value = headers.get(name)?.to_str().ok()?.trim();
        (!value.is_empty() && value.len() <= LONGEST_NAME).then(|| value.to_owned())
    };
    Stamp {
        last_modified: text(LAST_MODIFIED),
        etag: text(ETAG),
        unchanged: 0,
        content_at: Some(at),
    }
}

/// How long an answer may be used again without asking; `None` where it may
/// not, or where nothing is said.
pub(crate) fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let mut longest = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().ok()?.split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let name = name.trim().to_ascii_lowercase();
            if matches!(name.as_str(), "no-store" | "no-cache") {
                return None;
            }
            if name == "max-age" {
                let seconds = argument.trim().trim_matches('"').parse::<u64>().ok()?;
                longest = Some(Duration::from_secs(seconds.min(LONGEST_LIFETIME)));
            }
        }
    }
    longest.filter(|lifetime| !lifetime.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_with_care() {
        for (value, expected) in [
            ("private, max-age=30", Some(30)),
            ("max-age=\"60\", stale-while-revalidate=300", Some(60)),
            ("Max-Age=10", Some(10)),
            ("max-age=30, no-cache", None),
            ("max-age=0, no-cache, no-store, must-revalidate, private", None),
            ("max-age=0", None),
            ("max-age=soon", None),
            ("max-age=-5", None),
            ("max-age=99999999999", Some(86_400)),
            ("public", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, value.parse().unwrap());
            assert_eq!(lifetime(&headers), expected.map(Duration::from_secs), "{value}");
        }
        assert_eq!(lifetime(&HeaderMap::new()), None);
    }

    #[test]
    fn an_endless_name_is_not_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, "\"abc\"".parse().unwrap());
        headers.insert(LAST_MODIFIED, "x".repeat(300).parse().unwrap());
        let stamp = stamp_of(&headers, Timestamp(7));
        assert_eq!(
            (stamp.etag.as_deref(), stamp.last_modified),
            (Some("\"abc\""), None)
        );
        assert_eq!(stamp.content_at, Some(Timestamp(7)));
    }
}
