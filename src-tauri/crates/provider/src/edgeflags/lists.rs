//! Reading the lists of a project, page by page.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use halyard_model::Timestamp;
use reqwest::header::IF_NONE_MATCH;
use serde_json::Value;
use url::Url;

use super::EdgeFlags;
use super::wire::{CONFIGS, Item, Kind, Page, SEGMENTS, page};
use crate::cache::{Kept, Owner};
use crate::http::{Call, Reply, Timeout, endless, malformed, parse};
use crate::probe::{lifetime, stamp_of};
use crate::{Failure, FailureKind, Urgency};

/// Rows asked for at once: the most that the documented lists allow.
pub(super) const PAGE_SIZE: usize = 200;
/// More rows than any list can have.
const MOST_ROWS: usize = 250_000;
/// More pages than any list can have.
pub(super) const MOST_PAGES: u32 = 2_000;
/// How often a list is read that moved while it was read.
const READINGS: u32 = 3;

/// Whose word is enough for what a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The service's content alone.
    Content,
    /// The service's word that a list kept here did not change, by its tag,
    /// which is a hash of the content.
    Tag,
    /// The lifetime that the service gave a list. Only for what nobody waits
    /// for; the list's age is told.
    Lifetime,
}

impl Trust {
    /// Whoever waits is shown the service's content.
    pub(super) fn for_urgency(urgency: Urgency) -> Trust {
        match urgency {
            Urgency::Interactive => Trust::Content,
            Urgency::Background => Trust::Lifetime,
        }
    }
}

/// How many rows are read, out of how many where the list tells.
pub(super) type Seen<'a> = dyn Fn(u32, Option<u32>) + Send + Sync + 'a;

/// A reader of lists; remembers how old the oldest part is that it gave out.
pub(super) struct Lists<'a> {
    client: &'a EdgeFlags,
    call: &'a Call<'a>,
    owner: Owner,
    trust: Trust,
    oldest: Mutex<Option<Timestamp>>,
}

impl<'a> Lists<'a> {
    pub(super) fn new(client: &'a EdgeFlags, call: &'a Call<'a>, owner: Owner, trust: Trust) -> Lists<'a> {
        Lists {
            client,
            call,
            owner,
            trust,
            oldest: Mutex::new(None),
        }
    }

    /// The same service, to be asked what a kept list is worth.
    pub(super) fn by_tag(&self) -> Lists<'a> {
        let trust = match self.trust {
            Trust::Content => Trust::Content,
            Trust::Tag | Trust::Lifetime => Trust::Tag,
        };
        Lists::new(self.client, self.call, self.owner, trust)
    }

    /// The moment nothing given out is older than; `None` before the first
    /// page.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        *self.oldest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A whole list, sorted by key. A list that moves while it is read is read
    /// again, since pages by offset then skip or repeat.
    pub(super) async fn list(&self, kind: Kind, seen: &Seen<'_>) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        for _ in 0..READINGS {
            let (read, moved) = self.list_once(kind, seen).await?;
            items = read;
            if !moved {
                break;
            }
        }
        items.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(items)
    }

    async fn list_once(&self, kind: Kind, seen: &Seen<'_>) -> Result<(Vec<Item>, bool), Failure> {
        let call = self.call;
        let what = format!("list of {}", kind.plural);
        let url = call.at(&["api", "v1", kind.plural]);
        let mut items: Vec<Item> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        let mut first_total = None;
        let mut moved = false;
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let page = self.one_page(kind, offset).await?;
            let total = page.total.and_then(|total| usize::try_from(total).ok());
            let length = page.items.len();
            if total.is_some_and(|total| total > MOST_ROWS) || items.len() + length > MOST_ROWS {
                return Err(call.about(&url, malformed(&what, "a list of a plausible length")));
            }
            moved |= offset > 0 && first_total != total;
            first_total = first_total.or(total);
            let before = items.len();
            items.extend(
                page.items
                    .into_iter()
                    .filter(|item| known.insert(item.key.clone())),
            );
            seen(counted(items.len()), total.map(counted));
            if length == 0 || !page.has_more {
                return Ok((items, moved));
            }
            if items.len() == before {
                return Err(call.about(&url, endless(&what)));
            }
            offset += length;
        }
        Err(call.about(&url, malformed(&what, "a list that ends")))
    }

    /// Configs and segments. A list that the token may not read is empty.
    pub(super) async fn others(
        &self,
        configs_told: &Seen<'_>,
        segments_told: &Seen<'_>,
    ) -> Result<(Vec<Item>, Vec<Item>), Failure> {
        tokio::try_join!(
            self.list_if_allowed(CONFIGS, configs_told),
            self.list_if_allowed(SEGMENTS, segments_told),
        )
    }

    async fn list_if_allowed(&self, kind: Kind, seen: &Seen<'_>) -> Result<Vec<Item>, Failure> {
        match self.list(kind, seen).await {
            Err(failure) if matches!(failure.kind, FailureKind::Forbidden | FailureKind::NotFound) => {
                Ok(Vec::new())
            }
            other => other,
        }
    }

    pub(super) async fn one_page(&self, kind: Kind, offset: usize) -> Result<Page, Failure> {
        let mut url = self.call.at(&["api", "v1", kind.plural]);
        url.query_pairs_mut()
            .append_pair("limit", &PAGE_SIZE.to_string())
            .append_pair("offset", &offset.to_string());
        let answer = self.answer(&url, &format!("list of {}", kind.plural)).await?;
        page(answer, kind).map_err(|failure| self.call.about(&url, failure))
    }

    async fn answer(&self, url: &Url, what: &str) -> Result<Value, Failure> {
        let now = (self.call.settings().now)();
        let kept = |body: &[u8]| parse(body, what).map_err(|failure| self.call.about(url, failure));
        let cache = &self.client.lists;
        let (known, generation) = cache.look(self.owner, url);
        let known = known.filter(|_| self.trust != Trust::Content);
        if let Some(list) = &known
            && self.trust == Trust::Lifetime
            && list.is_fresh(now)
        {
            self.note(list.as_of);
            return kept(&list.body);
        }
        self.note(now);
        let tag = known.as_ref().and_then(|list| list.etag.clone());
        let conditions = tag.map(|tag| (IF_NONE_MATCH, tag));
        let reply = self.ask(url, conditions.as_slice()).await?;
        let fresh_until = lifetime(&reply.headers).map_or(now, |lifetime| {
            now.plus_millis(i64::try_from(lifetime.as_millis()).unwrap_or(0))
        });
        if let (304, Some(list)) = (reply.status, known) {
            let list = Kept {
                as_of: now,
                fresh_until,
                ..list
            };
            cache.keep(self.owner, url, list.clone(), generation);
            return kept(&list.body);
        }
        let value = self.call.parsed(&reply, what)?;
        let list = Kept {
            etag: stamp_of(&reply.headers, now).etag,
            body: reply.body,
            as_of: now,
            fresh_until,
        };
        if list.etag.is_some() || fresh_until > now {
            cache.keep(self.owner, url, list, generation);
        }
        Ok(value)
    }

    /// An answer that is a success, or one that a condition allows.
    async fn ask(
        &self,
        url: &Url,
        conditions: &[(reqwest::header::HeaderName, String)],
    ) -> Result<Reply, Failure> {
        if !conditions.is_empty() {
            let reply = self.call.ask(url.clone(), conditions, Timeout::Ordinary).await?;
            if matches!(reply.status, 200..300 | 304) {
                return Ok(reply);
            }
            // Something in front of the service failed: the plain way knows
            // when to try again.
            if !matches!(reply.status, 502..=504) {
                return Err(self.call.status_failure(&reply));
            }
        }
        let method = reqwest::Method::GET;
        self.call.read(method, url.clone(), None, Timeout::Ordinary).await
    }

    fn note(&self, as_of: Timestamp) {
        let mut oldest = self.oldest.lock().unwrap_or_else(PoisonError::into_inner);
        *oldest = Some(oldest.map_or(as_of, |oldest| oldest.min(as_of)));
    }
}

fn counted(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
