//! Reading lists page by page, without trusting that they end.

use std::collections::HashSet;

use reqwest::Method;
use serde::de::DeserializeOwned;
use url::Url;

use super::wire::{Page, Row};
use crate::http::{Call, Timeout, endless, malformed};
use crate::{Failure, FailureKind};

/// Rows asked for at once. The service takes up to 999; half of that keeps
/// progress visible. Some lists ignore it.
const PAGE_SIZE: u32 = 500;

/// More rows than any list can have: the service's own limits are a hundred
/// times smaller.
const MOST_ROWS: usize = 250_000;

/// More pages than any list can have.
const MOST_PAGES: u32 = 2_000;

/// Reads a whole list, paged or bare. `seen` hears how many rows are read, out
/// of how many where the list tells. A row that appears on two pages, because
/// the list moved meanwhile, is kept once.
pub(super) async fn all<T: Row + DeserializeOwned>(
    call: &Call<'_>,
    url: Url,
    what: &str,
    seen: &(dyn Fn(u32, Option<u32>) + Send + Sync),
) -> Result<Vec<T>, Failure> {
    let mut rows: Vec<T> = Vec::new();
    let mut known: HashSet<u64> = HashSet::new();
    for number in 1..=MOST_PAGES {
        let Some(page) = page::<T>(call, &url, number, what).await? else {
            return Ok(rows);
        };
        let count = page.count.and_then(|count| usize::try_from(count).ok());
        if count.is_some_and(|count| count > MOST_ROWS) || rows.len() + page.results.len() > MOST_ROWS {
            return Err(call.about(&url, malformed(what, "a list of a plausible length")));
        }
        let length = page.results.len();
        let before = rows.len();
        rows.extend(page.results.into_iter().filter(|row| known.insert(row.id())));
        seen(counted(rows.len()), count.map(counted));
        if page.next.is_none() || length == 0 || count.is_some_and(|count| rows.len() >= count) {
            return Ok(rows);
        }
        if rows.len() == before {
            return Err(call.about(&url, endless(what)));
        }
    }
    Err(call.about(&url, malformed(what, "a list that ends")))
}

fn counted(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// One page; nothing where the list became shorter and this page is gone.
async fn page<T: DeserializeOwned>(
    call: &Call<'_>,
    url: &Url,
    number: u32,
    what: &str,
) -> Result<Option<Page<T>>, Failure> {
    let mut url = url.clone();
    url.query_pairs_mut()
        .append_pair("page", &number.to_string())
        .append_pair("page_size", &PAGE_SIZE.to_string());
    let reply = match call.read(Method::GET, url, None, Timeout::Ordinary).await {
        Ok(reply) => reply,
        Err(failure) if number > 1 && failure.kind == FailureKind::NotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    if reply.body.trim_ascii_start().first() == Some(&b'[') {
        return Ok(Some(Page {
            count: None,
            next: None,
            results: call.parsed(&reply, what)?,
        }));
    }
    call.parsed(&reply, what).map(Some)
}
