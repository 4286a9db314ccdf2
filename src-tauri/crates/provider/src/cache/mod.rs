//! Lists kept for the background refresh, so that a project's environments
//! share one reading and an unchanged list is not sent again.
//!
//! Kept by credential, since two may see different things, and known by a hash
//! of it, so that no key is here. Only lists of definitions are kept: no
//! evaluation, which holds personal data. Bounded in bytes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use halyard_model::Timestamp;
use sha2::{Digest, Sha256};
use url::Url;

/// All that is kept at most. A list at the documented limits is about a
/// megabyte a page.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A list larger than this is not kept.
const LARGEST: usize = 4 * 1024 * 1024;

/// Whose lists: a credential at a base address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner([u8; 32]);

impl Owner {
    /// Names an owner without keeping the key.
    pub(crate) fn of(base: &str, secret: &str) -> Owner {
        let mut hash = Sha256::new();
        hash.update(base.len().to_le_bytes());
        hash.update(base);
        hash.update(secret);
        Owner(hash.finalize().into())
    }
}

/// A list as it was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    /// `ETag`, to ask whether it changed.
    pub(crate) etag: Option<String>,
    /// The answer's body.
    pub(crate) body: Bytes,
    /// When it was asked for, or last confirmed: nothing in it is older.
    pub(crate) as_of: Timestamp,
    /// Until when it may be used without asking.
    pub(crate) fresh_until: Timestamp,
}

impl Kept {
    /// Whether it may be used without asking. A clock that was set back gives
    /// no lifetime.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        (self.as_of..self.fresh_until).contains(&now)
    }
}

/// How often everything of an owner was forgotten. A reading that began before
/// an edit must not be kept after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

/// Lists by owner and address.
#[derive(Debug, Default)]
pub(crate) struct ListCache(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<(Owner, Url), Kept>,
    bytes: usize,
    generation: u64,
}

impl ListCache {
    /// What is kept, and the generation to keep its successor with.
    pub(crate) fn look(&self, owner: Owner, url: &Url) -> (Option<Kept>, Generation) {
        let inner = self.lock();
        let kept = inner.kept.get(&(owner, url.clone())).cloned();
        (kept, Generation(inner.generation))
    }

    /// Keeps a list, unless something was forgotten since it was asked for.
    pub(crate) fn keep(&self, owner: Owner, url: &Url, kept: Kept, asked_in: Generation) {
        let mut inner = self.lock();
        let key = (owner, url.clone());
        inner.remove(&key);
        if inner.generation != asked_in.0 || kept.body.len() > LARGEST {
            return;
        }
        while inner.bytes + kept.body.len() > MOST_BYTES {
            let oldest = inner.kept.iter().min_by_key(|(_, kept)| kept.as_of);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            inner.remove(&oldest);
        }
        inner.bytes += kept.body.len();
        inner.kept.insert(key, kept);
    }

    /// Forgets everything of an owner, as after an edit of its own.
    pub(crate) fn forget(&self, owner: Owner) {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.kept.retain(|(other, _), _| *other != owner);
        inner.bytes = inner.kept.values().map(|kept| kept.body.len()).sum();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn remove(&mut self, key: &(Owner, Url)) {
        if let Some(kept) = self.kept.remove(key) {
            self.bytes -= kept.body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(bytes: usize, as_of: i64) -> Kept {
        Kept {
            etag: None,
            body: Bytes::from(vec![b' '; bytes]),
            as_of: Timestamp(as_of),
            fresh_until: Timestamp(as_of + 30_000),
        }
    }

    fn url(number: usize) -> Url {
        Url::parse(&format!("https://edgeflags.test/api/v1/flags?offset={number}")).unwrap()
    }

    #[test]
    fn memory_stays_bounded_and_the_oldest_goes_first() {
        let cache = ListCache::default();
        let owner = Owner::of("https://edgeflags.test", "ff_one");
        for number in 0..100_u32 {
            let (_, generation) = cache.look(owner, &url(0));
            let list = kept(1024 * 1024, i64::from(number));
            cache.keep(owner, &url(number as usize), list, generation);
            let inner = cache.lock();
            assert!(inner.bytes <= MOST_BYTES);
            let held: usize = inner.kept.values().map(|kept| kept.body.len()).sum();
            assert_eq!(inner.bytes, held);
        }
        assert_eq!(cache.look(owner, &url(0)).0, None);
        assert!(cache.look(owner, &url(99)).0.is_some());
        let (_, generation) = cache.look(owner, &url(99));
        cache.keep(owner, &url(99), kept(LARGEST + 1, 7), generation);
        assert_eq!(
            cache.look(owner, &url(99)).0,
            None,
            "the old one is gone, the huge one not kept"
        );
    }

    #[test]
    fn what_was_asked_before_an_edit_is_not_kept_after_it() {
        let cache = ListCache::default();
        let one = Owner::of("https://edgeflags.test", "ff_one");
        let other = Owner::of("https://edgeflags.test", "ff_other");
        let (_, before) = cache.look(one, &url(0));
        cache.keep(other, &url(0), kept(10, 1), before);
        cache.forget(one);
        cache.keep(one, &url(0), kept(10, 1), before);
        assert_eq!(cache.look(one, &url(0)).0, None);
        assert!(cache.look(other, &url(0)).0.is_some(), "somebody else's stay");
    }

    #[test]
    fn owners_differ_by_base_and_key_and_show_neither() {
        let owner = Owner::of("https://a", "ff_secret");
        assert_ne!(owner, Owner::of("https://a", "ff_other"));
        assert_ne!(owner, Owner::of("https://af", "f_secret"));
        assert!(!format!("{owner:?}").contains("ff_secret"));
        let list = kept(1, 1000);
        let fresh = [999, 1000, 30_999, 31_000].map(|now| list.is_fresh(Timestamp(now)));
        assert_eq!(fresh, [false, true, true, false]);
    }
}
