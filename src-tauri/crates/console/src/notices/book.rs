//! Which troubles are news. Pure: what is wrong now goes in, what is worth a
//! notice comes out.

use std::collections::HashMap;
use std::hash::Hash;

use halyard_model::Timestamp;

/// A trouble that comes back within this time was never gone.
const WELL_MILLIS: i64 = 10 * 60_000;

/// A trouble that lasts is worth a word again after this time.
const AGAIN_MILLIS: i64 = 4 * 3_600_000;

/// What is known of one trouble.
#[derive(Clone, Copy, Debug)]
struct Known {
    told_at: Timestamp,
    well_since: Option<Timestamp>,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub(super) struct Wrong<S> {
    /// What names it.
    pub(super) subject: S,
    /// Since when, where that is known.
    pub(super) since: Option<Timestamp>,
}

/// Remembers what was told: one notice for each trouble until it has been
/// gone for ten minutes, another one every four hours while it lasts, and
/// none for what was wrong before the book was opened.
#[derive(Debug)]
pub(crate) struct NoticeBook<S> {
    opened_at: Option<Timestamp>,
    known: HashMap<S, Known>,
}

impl<S> Default for NoticeBook<S> {
    fn default() -> NoticeBook<S> {
        NoticeBook {
            opened_at: None,
            known: HashMap::new(),
        }
    }
}

impl<S: Clone + Eq + Hash> NoticeBook<S> {
    /// Takes in everything that is wrong at `now`, and gives what is news, in
    /// the order given. The first call opens the book: nothing is news then.
    pub(super) fn take_in(&mut self, wrong: &[Wrong<S>], now: Timestamp) -> Vec<S> {
        let opening = self.opened_at.is_none();
        let opened_at = *self.opened_at.get_or_insert(now);
        let is_wrong = |subject: &S| wrong.iter().any(|one| one.subject == *subject);
        self.known.retain(|subject, known| {
            if is_wrong(subject) {
                // Well for long enough without anybody having looked between.
                let well_for = known.well_since.take().map_or(0, |since| now.millis_since(since));
                return well_for < WELL_MILLIS;
            }
            let since = *known.well_since.get_or_insert(now);
            now.millis_since(since) < WELL_MILLIS
        });
        let mut news = Vec::new();
        for one in wrong {
            let is_old = opening || one.since.is_some_and(|since| since < opened_at);
            let due = match self.known.get(&one.subject) {
                None => !is_old,
                Some(known) if now.millis_since(known.told_at) < AGAIN_MILLIS => continue,
                Some(_) => true,
            };
            self.known.insert(
                one.subject.clone(),
                Known {
                    told_at: now,
                    well_since: None,
                },
            );
            if due {
                news.push(one.subject.clone());
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const BEGUN: i64 = 1_795_000_000_000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp(BEGUN + minutes * MINUTE)
    }

    fn wrong(subject: &'static str, since_minute: i64) -> Wrong<&'static str> {
        Wrong {
            subject,
            since: Some(at(since_minute)),
        }
    }

    #[test]
    fn each_trouble_is_told_once_until_it_was_gone_for_a_while() {
        let mut book = NoticeBook::default();
        // Minute, what is wrong then with the minute it began in, what is told.
        type Step = (i64, &'static [(&'static str, i64)], &'static [&'static str]);
        let steps: &[Step] = &[
            (0, &[("old", -60)], &[]),
            (1, &[("old", -60)], &[]),
            // Seen only now, and older than Halyard's start.
            (2, &[("old", -60), ("older", -90)], &[]),
            (3, &[("fra-2", 3)], &["fra-2"]),
            (4, &[("fra-2", 3)], &[]),
            // Flapping is one trouble.
            (5, &[], &[]),
            (9, &[("fra-2", 9)], &[]),
            (10, &[], &[]),
            (19, &[], &[]),
            (20, &[], &[]),
            // Gone for ten minutes: the next is another one.
            (21, &[("fra-2", 21), ("fra-1", 21)], &["fra-2", "fra-1"]),
            // One that lasts is told again after hours, and only then.
            (21 + 239, &[("fra-2", 21), ("fra-1", 21)], &[]),
            (21 + 240, &[("fra-2", 21)], &["fra-2"]),
            (21 + 241, &[("fra-2", 21)], &[]),
            (21 + 480, &[("fra-2", 21)], &["fra-2"]),
        ];
        for (minute, troubles, told) in steps {
            let troubles: Vec<_> = troubles
                .iter()
                .map(|(subject, since)| wrong(subject, *since))
                .collect();
            assert_eq!(book.take_in(&troubles, at(*minute)), *told, "minute {minute}");
        }
    }

    #[test]
    fn a_trouble_of_unknown_age_is_news_after_the_start() {
        let mut book = NoticeBook::default();
        let unknown = |subject| Wrong { subject, since: None };
        assert!(book.take_in(&[unknown("a")], at(0)).is_empty(), "the start");
        assert_eq!(book.take_in(&[unknown("a"), unknown("b")], at(1)), ["b"]);
    }

    #[test]
    fn what_was_gone_while_nobody_looked_is_another_trouble() {
        let mut book = NoticeBook::default();
        book.take_in(&[], at(0));
        assert_eq!(book.take_in(&[wrong("a", 1)], at(1)), ["a"]);
        assert!(book.take_in(&[], at(2)).is_empty());
        assert_eq!(book.take_in(&[wrong("a", 60)], at(60)), ["a"]);
    }
}
