//! Who made a moment: asked of the service's audit log in the background,
//! after a refresh that found a difference. No refresh waits for it or fails
//! with it.

use std::collections::HashMap;

use halyard_mirror::MomentFilter;
use halyard_model::{
    Author, Edit, EditId, Moment, MomentId, SegmentKey, Subject, SubjectState, Timestamp, Touched,
    TouchedKind,
};
use halyard_provider::{AuditEntry, AuditReach, Urgency};

use crate::{Console, ConsoleError, state::Site};

/// How Halyard's own edits are signed.
const YOU: &str = "You, in Halyard";

/// How far a service's clock may be off, in milliseconds.
const SLACK: i64 = 120_000;

/// Entries may be written seconds after the change: so many refreshes ask
/// again.
const TRIES: u8 = 4;

/// More than a moment needs to be explained.
const MOST_AUTHORS: usize = 20;

/// What looking for authors has come to.
#[derive(Default)]
pub(crate) struct AuthorSearch {
    /// Moments without an author, and how often it was looked for one.
    wanted: HashMap<Site, (MomentId, u8)>,
    /// Who is behind the other side of a conflict; none while it is asked, or
    /// where nobody tells.
    conflicts: HashMap<(EditId, u32), Option<String>>,
}

/// What became of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing more is to be found.
    Settled,
    /// The log may still come to it.
    NotYet,
}

impl Console {
    /// After a refresh: looks for the author of what it found, and of what
    /// earlier ones found whose log was late.
    pub(crate) async fn look_for_author(&self, site: &Site, changed: bool) {
        if changed && let Some(moment) = self.last_moments(site, 1).await.first() {
            let first_look = (moment.id, 0);
            self.volatile().authors.wanted.insert(site.clone(), first_look);
        }
        if !self.volatile().authors.wanted.contains_key(site) {
            return;
        }
        let (console, site) = (self.clone(), site.clone());
        tokio::spawn(async move {
            let found = console.find_authors(&site).await.unwrap_or_else(|error| {
                tracing::info!(connection = site.0.0, %error, "nobody told who made a change");
                Found::NotYet
            });
            let wanted = &mut console.volatile().authors.wanted;
            let Some((_, tries)) = wanted.get_mut(&site) else {
                return;
            };
            *tries += 1;
            if found == Found::Settled || *tries >= TRIES {
                wanted.remove(&site);
            }
        });
    }

    async fn last_moments(&self, site: &Site, limit: u32) -> Vec<Moment> {
        let wanted = MomentFilter {
            environments: vec![site.clone()],
            limit,
            ..MomentFilter::default()
        };
        self.inner.mirror.moments(&wanted).await.unwrap_or_default()
    }

    async fn find_authors(&self, site: &Site) -> Result<Found, ConsoleError> {
        let moments = self.last_moments(site, 2).await;
        let Some(moment) = moments.first() else {
            return Ok(Found::Settled);
        };
        // The first one that is kept was made by nobody in particular.
        let Some(before) = moment.before else {
            return Ok(Found::Settled);
        };
        let mut own = self.own_authors(site, moment, before).await?;
        let reach = self.reach(site).await?.going(Urgency::Background);
        let since = before.plus_millis(-SLACK);
        let answer = reach.provider.audit(reach.target(), since).await;
        let (entries, found) = match answer {
            Ok(answer) => {
                let audit = self.heard(&site.0, answer);
                let given = !matches!(audit.reach, AuditReach::NotGiven(_));
                (audit.entries, if given { Found::NotYet } else { Found::Settled })
            }
            Err(failure) => {
                tracing::info!(connection = site.0.0, %failure, "the audit log could not be read");
                (Vec::new(), Found::NotYet)
            }
        };
        let known = moments
            .get(1)
            .map(|earlier| earlier.authors.as_slice())
            .unwrap_or_default();
        let others = authors(moment, before, &entries, known, &own);
        let found = match others.is_empty() && own.is_empty() {
            true => found,
            false => Found::Settled,
        };
        let mut all: Vec<Author> = own.drain(..).map(|own| own.author).chain(others).collect();
        all.sort_by_key(|author| author.at);
        all.truncate(MOST_AUTHORS);
        if !all.is_empty() && all != moment.authors {
            self.inner.mirror.set_authors(moment.id, &all).await?;
            self.tell_timeline(&site.0);
        }
        Ok(found)
    }

    /// What Halyard itself did in the time of a moment.
    async fn own_authors(
        &self,
        site: &Site,
        moment: &Moment,
        before: Timestamp,
    ) -> Result<Vec<OwnAuthor>, ConsoleError> {
        let edits = self.inner.mirror.edits_confirmed_since(&site.0, before).await?;
        let own = edits.into_iter().filter_map(|edit| {
            let at = edit.attempt.answered_at.or(edit.attempt.settled_at)?;
            let about = about(&edit)?;
            let here = edit.subject.scope() == halyard_model::Scope::Project || edit.environment == site.1;
            let in_time = before < at && at <= moment.first_seen.plus_millis(SLACK);
            (here && in_time && is_touched(moment, &about)).then(|| OwnAuthor {
                sent_at: edit.attempt.sent_at.unwrap_or(at),
                author: Author {
                    name: YOU.to_owned(),
                    at,
                    what: what(&edit, &about.1),
                },
                about,
            })
        });
        Ok(own.collect())
    }

    /// Who is behind the other side of a conflict, as far as the audit log
    /// told. Asked once, in the background; an event tells when it is known.
    pub(crate) fn author_of_conflict(&self, edit: &Edit) -> Option<String> {
        // Another round may have another other side.
        let round = (edit.id.clone(), edit.rounds);
        {
            let conflicts = &mut self.volatile().authors.conflicts;
            if let Some(known) = conflicts.get(&round) {
                return known.clone();
            }
            conflicts.insert(round.clone(), None);
        }
        let (console, edit) = (self.clone(), edit.clone());
        tokio::spawn(async move {
            match console.find_other_side(&edit).await {
                Ok(Some(name)) => {
                    let site = (edit.connection.clone(), edit.environment.clone());
                    console.volatile().authors.conflicts.insert(round, Some(name));
                    console.tell_environment(&site);
                }
                Ok(None) => {}
                Err(error) => tracing::info!(%error, "nobody told who is behind a conflict"),
            }
        });
        None
    }

    async fn find_other_side(&self, edit: &Edit) -> Result<Option<String>, ConsoleError> {
        let site = (edit.connection.clone(), edit.environment.clone());
        let Some(about) = about(edit) else {
            return Ok(None);
        };
        let reach = self.reach(&site).await?.going(Urgency::Background);
        let since = edit.created_at.plus_millis(-SLACK);
        let answer = reach.provider.audit(reach.target(), since).await?;
        let audit = self.heard(&site.0, answer);
        let theirs = audit
            .entries
            .into_iter()
            .find(|entry| entry.about.as_ref() == Some(&about));
        Ok(theirs.and_then(|entry| entry.who))
    }
}

/// An own edit as an author.
struct OwnAuthor {
    author: Author,
    about: (TouchedKind, String),
    sent_at: Timestamp,
}

/// The entries that explain a moment, as authors. What an earlier moment was
/// explained by, and what is Halyard's own, is left out.
fn authors(
    moment: &Moment,
    before: Timestamp,
    entries: &[AuditEntry],
    known: &[Author],
    own: &[OwnAuthor],
) -> Vec<Author> {
    let until = moment.first_seen.plus_millis(SLACK);
    let since = before.plus_millis(-SLACK);
    let explains = |entry: &&AuditEntry| {
        let about = entry.about.as_ref();
        since <= entry.at && entry.at <= until && about.is_some_and(|about| is_touched(moment, about))
    };
    let is_own = |entry: &AuditEntry| {
        own.iter().any(|one| {
            entry.about.as_ref() == Some(&one.about)
                && one.sent_at.plus_millis(-2_000) <= entry.at
                && entry.at <= one.author.at.plus_millis(2_000)
        })
    };
    entries
        .iter()
        .filter(explains)
        .filter(|entry| !is_own(entry))
        .filter_map(|entry| {
            Some(Author {
                name: entry.who.clone()?,
                at: entry.at,
                what: entry.what.clone(),
            })
        })
        .filter(|author| !known.contains(author))
        .collect()
}

/// Whether a moment changed a part. Where it does not name all of them, it may
/// have.
fn is_touched(moment: &Moment, (kind, name): &(TouchedKind, String)) -> bool {
    let counts = moment.counts;
    let all = u64::from(counts.added) + u64::from(counts.changed) + u64::from(counts.removed);
    let is_it = |one: &Touched| one.kind == *kind && one.name == *name;
    moment.touched.iter().any(is_it) || u64::try_from(moment.touched.len()).is_ok_and(|named| named < all)
}

/// What an edit is about, as moments name it; none for what they do not hold.
fn about(edit: &Edit) -> Option<(TouchedKind, String)> {
    Some(match &edit.subject {
        Subject::FlagState { flag } | Subject::Flag { flag } => (TouchedKind::Flag, flag.0.clone()),
        Subject::IdentityOverride { identity, .. } => (TouchedKind::Identity, identity.clone()),
        Subject::Segment { segment } => (TouchedKind::Segment, segment_name(edit, segment)),
        Subject::Config { key } => (TouchedKind::Config, key.clone()),
        Subject::Traits { .. } => return None,
    })
}

fn segment_name(edit: &Edit, key: &SegmentKey) -> String {
    match edit.wish.as_ref().or(edit.base.as_ref()) {
        Some(SubjectState::Segment(segment)) => segment.name.clone(),
        _ => key.name_to_be().unwrap_or(&key.0).to_owned(),
    }
}

/// Such as `new_checkout: enabled, value`.
fn what(edit: &Edit, name: &str) -> String {
    let fields: Vec<String> = edit.changes().iter().map(ToString::to_string).collect();
    format!("{name}: {}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use halyard_model::{ConnectionId, EnvironmentKey, MomentSource, TouchedCounts, TouchedHow};

    use super::*;

    const BEFORE: Timestamp = Timestamp(10_000_000);
    const SEEN: Timestamp = Timestamp(10_030_000);

    fn moment(touched: &[(TouchedKind, &str)], changed: u32) -> Moment {
        Moment {
            id: MomentId(2),
            connection: ConnectionId("c".into()),
            environment: EnvironmentKey("e".into()),
            first_seen: SEEN,
            last_seen: SEEN,
            before: Some(BEFORE),
            source: MomentSource::Refresh,
            document_updated_at: None,
            name: None,
            pinned: false,
            touched: touched
                .iter()
                .map(|(kind, name)| Touched {
                    kind: *kind,
                    name: (*name).to_owned(),
                    how: TouchedHow::Changed,
                })
                .collect(),
            counts: TouchedCounts {
                changed,
                ..TouchedCounts::default()
            },
            authors: Vec::new(),
            flag_count: 1,
            segment_count: 0,
            document_bytes: 1,
        }
    }

    fn entry(at: i64, who: Option<&str>, kind: TouchedKind, name: &str) -> AuditEntry {
        AuditEntry {
            at: Timestamp(at),
            who: who.map(str::to_owned),
            what: "x".into(),
            about: Some((kind, name.to_owned())),
        }
    }

    #[test]
    fn entries_explain_what_they_are_about_in_their_time() {
        use TouchedKind::{Flag, Segment};
        let named = moment(&[(Flag, "a"), (Segment, "s")], 2);
        let many = moment(&[(Flag, "a")], 60);
        let at = BEFORE.0 + 1;
        let known = |at: i64| Author {
            name: "Maya".into(),
            at: Timestamp(at),
            what: "x".into(),
        };
        let own = |at: i64| OwnAuthor {
            author: Author {
                name: YOU.into(),
                at: Timestamp(at),
                what: "a: enabled".into(),
            },
            about: (Flag, "a".into()),
            sent_at: Timestamp(at - 100),
        };
        for (name, moment, entry, known, own, expected) in [
            (
                "its flag",
                &named,
                entry(at, Some("Maya"), Flag, "a"),
                vec![],
                vec![],
                true,
            ),
            (
                "its segment",
                &named,
                entry(at, Some("Maya"), Segment, "s"),
                vec![],
                vec![],
                true,
            ),
            (
                "another flag",
                &named,
                entry(at, Some("Maya"), Flag, "b"),
                vec![],
                vec![],
                false,
            ),
            (
                "a flag called like the segment",
                &named,
                entry(at, Some("Maya"), Flag, "s"),
                vec![],
                vec![],
                false,
            ),
            (
                "any flag, where not all are named",
                &many,
                entry(at, Some("Maya"), Flag, "b"),
                vec![],
                vec![],
                true,
            ),
            (
                "nobody",
                &named,
                entry(at, None, Flag, "a"),
                vec![],
                vec![],
                false,
            ),
            (
                "a clock that is off",
                &named,
                entry(BEFORE.0 - SLACK, Some("Maya"), Flag, "a"),
                vec![],
                vec![],
                true,
            ),
            (
                "long before",
                &named,
                entry(BEFORE.0 - SLACK - 1, Some("Maya"), Flag, "a"),
                vec![],
                vec![],
                false,
            ),
            (
                "long after",
                &named,
                entry(SEEN.0 + SLACK + 1, Some("Maya"), Flag, "a"),
                vec![],
                vec![],
                false,
            ),
            (
                "told of the moment before",
                &named,
                entry(at, Some("Maya"), Flag, "a"),
                vec![known(at)],
                vec![],
                false,
            ),
            (
                "our own",
                &named,
                entry(at, Some("Token"), Flag, "a"),
                vec![],
                vec![own(at + 50)],
                false,
            ),
            (
                "after our own",
                &named,
                entry(at + 9_000, Some("Maya"), Flag, "a"),
                vec![],
                vec![own(at)],
                true,
            ),
        ] {
            let found = authors(moment, BEFORE, std::slice::from_ref(&entry), &known, &own);
            assert_eq!(!found.is_empty(), expected, "{name}");
        }
    }
}
