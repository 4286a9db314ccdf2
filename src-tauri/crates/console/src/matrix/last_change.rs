//! Who changed a flag last, as far as the history tells.

use std::collections::{HashMap, hash_map::Entry};

use halyard_mirror::MomentFilter;
use halyard_model::{
    Author, ConnectionId, EnvironmentKey, Flag, FlagKey, Moment, Timestamp, TouchedHow, TouchedKind,
};

use crate::{Console, ConsoleError};

/// How far back it is looked, in moments.
const MOMENTS: u32 = 300;

/// The last change of a flag in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastChange {
    /// When, as exactly as it is known: by the service's audit log, else by its
    /// word on the flag, else when the change was first seen.
    pub at: Timestamp,
    /// Who, where the audit log told.
    pub by: Option<String>,
}

/// The newest moments of an environment, by the flags that they touched.
#[derive(Default)]
pub(super) struct LastChanges {
    by_flag: HashMap<FlagKey, Known>,
}

struct Known {
    /// The change took place after that.
    after: Option<Timestamp>,
    first_seen: Timestamp,
    author: Option<Author>,
}

impl LastChanges {
    /// Of an environment.
    pub(super) async fn of(
        console: &Console,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<LastChanges, ConsoleError> {
        let filter = MomentFilter {
            environments: vec![(connection.clone(), environment.clone())],
            limit: MOMENTS,
            ..MomentFilter::default()
        };
        Ok(LastChanges::among(&console.inner.mirror.moments(&filter).await?))
    }

    /// Of moments, the newest in front.
    fn among(moments: &[Moment]) -> LastChanges {
        let mut by_flag = HashMap::new();
        for moment in moments {
            let touched = moment.touched.iter();
            let flags = touched.filter(|one| one.kind == TouchedKind::Flag && one.how != TouchedHow::Removed);
            for one in flags {
                if let Entry::Vacant(unknown) = by_flag.entry(FlagKey(one.name.clone())) {
                    unknown.insert(Known {
                        after: moment.before,
                        first_seen: moment.first_seen,
                        author: author_of(moment, &one.name).cloned(),
                    });
                }
            }
        }
        LastChanges { by_flag }
    }

    /// The last change of a flag.
    pub(super) fn of_flag(&self, flag: &Flag) -> Option<LastChange> {
        let told = flag.state.updated_at;
        let Some(known) = self.by_flag.get(&flag.key) else {
            return told.map(|at| LastChange { at, by: None });
        };
        // The service's word counts where it fits what was seen: a Flagsmith
        // may change a flag and leave it alone.
        let fits = |at: &Timestamp| known.after.is_some_and(|after| *at > after) && *at <= known.first_seen;
        Some(match &known.author {
            Some(author) => LastChange {
                at: author.at,
                by: Some(author.name.clone()),
            },
            None => LastChange {
                at: told.filter(fits).unwrap_or(known.first_seen),
                by: None,
            },
        })
    }
}

/// Who of a moment's authors changed a flag: the last whose own words name it,
/// or the only one, where only this flag changed.
fn author_of<'m>(moment: &'m Moment, flag: &str) -> Option<&'m Author> {
    let named = moment.authors.iter().filter(|author| names(&author.what, flag));
    named
        .max_by_key(|author| author.at)
        .or_else(|| match &moment.authors[..] {
            [only] if moment.touched.len() == 1 => Some(only),
            _ => None,
        })
}

/// Whether a text has a name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    text.match_indices(name).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        // A full stop behind it ends the sentence.
        let after = text[place + name.len()..].trim_start_matches('.').chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_of_its_own() {
        for (text, named) in [
            ("Flag state updated for feature: new_checkout", true),
            ("new_checkout.", true),
            ("Changed new_checkout, then left", true),
            ("Changed new_checkout_v2", false),
            ("Changed my_new_checkout", false),
            ("Changed something", false),
        ] {
            assert_eq!(names(text, "new_checkout"), named, "{text}");
        }
    }
}
