//! Conflicts: what happened, what each side is, how the next write is kept
//! from overwriting.

use halyard_model::{Edit, Environment, Scope, Service, Subject, SubjectState, Timestamp, Version};

use crate::{convert::seconds, view::LiveSideView};

/// A moment inside a sentence. The window puts it into the reader's own time.
pub fn moment(at: Timestamp) -> String {
    format!("{{{}}}", seconds(at))
}

/// A version for people: `version 40`, `version 9e107d9d`.
pub fn version(version: &Version) -> String {
    match version {
        // The first block of a uuid tells versions of one flag apart.
        Version::Uuid(uuid) => format!("version {}", uuid.split('-').next().unwrap_or(uuid)),
        Version::Number(number) => format!("version {number}"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `Version 40, {1763734860}`, as far as a state tells.
fn stamp(state: &SubjectState) -> Option<String> {
    let changed_at = state.flag_state().and_then(|state| state.updated_at);
    let version = state.version().map(|number| capital(&version(number)));
    match (version, changed_at) {
        (Some(version), Some(at)) => Some(format!("{version}, {}", moment(at))),
        (Some(version), None) => Some(version),
        (None, Some(at)) => Some(format!("Changed {}", moment(at))),
        (None, None) => None,
    }
}

/// Under `Base`: `Version 40, {1763734860}, where you began`.
pub fn base_label(base: Option<&SubjectState>) -> String {
    match base {
        None => "It did not exist when you began".into(),
        Some(base) => stamp(base).map_or_else(
            || "Where you began".into(),
            |stamp| format!("{stamp}, where you began"),
        ),
    }
}

/// Under `Theirs`.
pub fn theirs_label(theirs: Option<&SubjectState>, by: Option<&str>) -> String {
    let label = match theirs {
        None => "Deleted".into(),
        Some(theirs) => stamp(theirs).unwrap_or_else(|| "As the service has it".into()),
    };
    match by {
        Some(name) => format!("{label}, by {name}"),
        None => label,
    }
}

/// Under `Mine`: `Staged {1763734860} in EU launch`.
pub fn mine_label(edit: &Edit, change_set: Option<&str>) -> String {
    let at = moment(edit.created_at);
    match (&edit.wish, change_set) {
        (None, Some(set)) => format!("To be deleted, staged {at} in {set}"),
        (None, None) => format!("To be deleted, asked for {at}"),
        (Some(_), Some(set)) => format!("Staged {at} in {set}"),
        (Some(_), None) if edit.undoes.is_some() => format!("Led back {at}"),
        (Some(_), None) => format!("Asked for {at}"),
    }
}

/// Under `Merged result`: `Will be version 42`.
pub fn merged_label(theirs: Option<&SubjectState>) -> String {
    match theirs.and_then(SubjectState::version) {
        Some(Version::Number(number)) => format!("Will be version {}", number.saturating_add(1)),
        Some(Version::Uuid(_)) => "Will be a version of its own".into(),
        None => "Not written yet".into(),
    }
}

/// What happened and what was sent.
pub fn sentence(name: &str, already_sent: bool, live: LiveSideView) -> String {
    match (already_sent, live) {
        (false, _) => {
            format!("Somebody changed {name} after your edit began. Nothing of yours has been sent.")
        }
        (true, LiveSideView::Mine) => format!(
            "Somebody changed {name} just before your edit arrived. Both versions exist and yours is live; here is \
             the difference."
        ),
        (true, LiveSideView::Theirs) => format!(
            "Your edit of {name} was sent, and what the service holds now is somebody else's. Here is the difference."
        ),
        (true, LiveSideView::Neither) => {
            format!("Somebody changed {name} while your edit was on its way. Here is the difference.")
        }
    }
}

/// How a write is kept from overwriting, and what remains (`docs/safety.md`
/// has the measurements). `state` is what it would replace.
pub fn precondition(
    service: Service,
    environment: &Environment,
    subject: &Subject,
    state: Option<&SubjectState>,
) -> String {
    match (service, subject, state.and_then(SubjectState::version)) {
        (Service::EdgeFlags, Subject::Flag { .. } | Subject::Segment { .. } | Subject::Config { .. }, Some(is)) => {
            format!(
                "Written only if {} is still the latest. Otherwise you come back here.",
                version(is)
            )
        }
        (Service::EdgeFlags, Subject::FlagState { .. }, Some(is @ Version::Number(_))) => {
            format!(
                "Written only if {} is still the latest. Otherwise you come back here.",
                version(is)
            )
        }
        (Service::Flagsmith, Subject::FlagState { .. }, _) if environment.versioned => {
            "Published only if nobody has published meanwhile. A publish in the last instant is detected: both \
             versions exist, and you are shown the difference."
                .into()
        }
        (Service::Flagsmith, Subject::FlagState { .. }, _) => {
            "Read again just before it is sent, and sent only if nothing has changed. Flagsmith has no conditional \
             write here: a change between that read and the write, to the same part, would be overwritten unseen."
                .into()
        }
        _ if state.is_none() => "Looked for just before it is sent, and made only if nobody has made it.".into(),
        (_, subject, _) if subject.scope() == Scope::Project => {
            "Read again just before it is sent, and sent only if nothing has changed. It holds in every environment."
                .into()
        }
        _ => "Read again just before it is sent, and sent only if nothing has changed. A change within that instant \
              would not be noticed here."
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{ConnectionId, EditId, EnvironmentKey, FlagKey, FlagState, FlagValue, Protection};

    fn environment(versioned: bool) -> Environment {
        Environment {
            key: EnvironmentKey("e".into()),
            remote_id: "1".into(),
            name: "EU Production".into(),
            versioned,
            requires_change_requests: false,
            edge_identities: false,
            protection: Protection::None,
        }
    }

    fn state(version: Option<Version>, at: Option<i64>) -> SubjectState {
        let mut state = FlagState::plain(true, FlagValue::default());
        state.version = version;
        state.updated_at = at.map(Timestamp);
        state.into()
    }

    #[test]
    fn sides_say_what_they_are() {
        let numbered = state(Some(Version::Number(40)), Some(60_000));
        let unnumbered = state(None, Some(60_000));
        let bare = state(None, None);
        let uuid = state(Some(Version::Uuid("9e107d9d-372b".into())), None);
        let cases = [
            (
                Some(&numbered),
                "Version 40, {60}, where you began",
                "Version 40, {60}",
                "Will be version 41",
            ),
            (
                Some(&unnumbered),
                "Changed {60}, where you began",
                "Changed {60}",
                "Not written yet",
            ),
            (
                Some(&bare),
                "Where you began",
                "As the service has it",
                "Not written yet",
            ),
            (
                Some(&uuid),
                "Version 9e107d9d, where you began",
                "Version 9e107d9d",
                "Will be a version of its own",
            ),
            (
                None,
                "It did not exist when you began",
                "Deleted",
                "Not written yet",
            ),
        ];
        for (state, base, theirs, merged) in cases {
            assert_eq!(
                (base_label(state), theirs_label(state, None), merged_label(state)),
                (base.to_owned(), theirs.to_owned(), merged.to_owned())
            );
        }
        let site = (ConnectionId("c".into()), EnvironmentKey("e".into()));
        let subject = Subject::state_of(&FlagKey("f".into()));
        let mut edit = Edit::new(
            EditId("1".into()),
            site,
            subject,
            (None, Some(bare)),
            Timestamp(5_000),
        );
        assert_eq!(mine_label(&edit, Some("EU launch")), "Staged {5} in EU launch");
        assert_eq!(mine_label(&edit, None), "Asked for {5}");
        edit.wish = None;
        assert_eq!(
            mine_label(&edit, Some("EU launch")),
            "To be deleted, staged {5} in EU launch"
        );
    }

    #[test]
    fn each_way_to_write_says_what_keeps_it_safe() {
        let flag = FlagKey("f".into());
        let (on, whole) = (Subject::state_of(&flag), Subject::Flag { flag });
        let traits = Subject::Traits { identity: "u".into() };
        let numbered = state(Some(Version::Number(41)), None);
        let cases = [
            (
                Service::EdgeFlags,
                false,
                &on,
                Some(&numbered),
                "Written only if version 41",
            ),
            (
                Service::EdgeFlags,
                false,
                &whole,
                Some(&numbered),
                "Written only if version 41",
            ),
            (Service::Flagsmith, true, &on, None, "Published only if nobody"),
            (
                Service::Flagsmith,
                false,
                &on,
                None,
                "Read again just before it is sent, and sent only if nothing has changed. Flagsmith has no conditional write",
            ),
            (
                Service::Flagsmith,
                true,
                &whole,
                Some(&numbered),
                "Read again just before it is sent, and sent only if nothing has changed. It holds",
            ),
            (Service::Flagsmith, true, &traits, None, "Looked for just before"),
        ];
        for (service, versioned, subject, state, beginning) in cases {
            let told = precondition(service, &environment(versioned), subject, state);
            assert!(told.starts_with(beginning), "{told}");
        }
    }
}
