//! Staged edits, change sets and publishing.

use std::time::Duration;

use halyard_console::{Leftover, LeftoverKind, PublishProgress};
use halyard_model::{ChangeSetState, PauseReason, Service};

use super::{
    number::{plural, series},
    surface::span,
};

/// What happened when an edit was staged. `others` are in the set beside it.
pub fn staged(set: &str, others: usize) -> String {
    match others {
        0 => format!("Staged in {set}."),
        1 => format!("Staged in {set}, with 1 other."),
        more => format!("Staged in {set}, with {more} others."),
    }
}

/// A decided edit went back into its set.
pub fn queued(name: &str, set: Option<&str>) -> String {
    match set {
        Some(set) => format!("{name} waits in {set} as you decided, and is sent with it."),
        None => format!("{name} waits as you decided."),
    }
}

/// Somebody made the same change meanwhile.
pub const ALREADY_THERE: &str = "Somebody has made the same change. Nothing will be sent.";

/// Somebody changed something else of the subject meanwhile.
pub fn moved(name: &str) -> String {
    format!("Somebody has changed {name} since. Theirs is kept, and yours is laid over it.")
}

/// Another edit comes first.
pub fn waits_for(names: &[String]) -> String {
    format!("Sent after {}, which it needs.", series(names))
}

/// A wait in the middle of sending.
pub fn waiting(tries: u32) -> String {
    match tries {
        0 | 1 => "Waits for the service".into(),
        tries => format!("Waits for the service, try {tries}"),
    }
}

/// What a write that was cut off left behind.
pub fn leftover(leftover: &Leftover, name: &str) -> String {
    match leftover.kind {
        LeftoverKind::Draft => {
            format!("A draft of {name} that nobody published. Removing it changes nothing that is live.")
        }
        LeftoverKind::Duplicate if leftover.name.is_empty() => {
            format!("A second one of {name}, written late. Removing it leaves the first.")
        }
        LeftoverKind::Duplicate => format!(
            "A second {} in {name}, written late. Removing it leaves the first.",
            leftover.name
        ),
    }
}

/// The one line above the progress. While a pause has an end, the window adds
/// how long it takes.
pub fn headline(progress: &PublishProgress) -> String {
    let open = progress.conflicted + progress.refused + progress.unknown;
    match &progress.state {
        ChangeSetState::Publishing if progress.waits_until.is_some() => {
            "Publishing paused by the service".into()
        }
        ChangeSetState::Publishing => "Publishing".into(),
        ChangeSetState::Paused(PauseReason::Held) => "Publishing held".into(),
        ChangeSetState::Paused(PauseReason::Ended) => "Halyard ended in the middle of publishing".into(),
        ChangeSetState::Paused(PauseReason::NeedsYou) if open == 1 => "1 edit needs you".into(),
        ChangeSetState::Paused(PauseReason::NeedsYou) => format!("{open} edits need you"),
        ChangeSetState::Paused(PauseReason::Unreachable { .. }) => {
            "Publishing stands still: the service cannot be reached".into()
        }
        ChangeSetState::Published => "Published".into(),
        ChangeSetState::Open | ChangeSetState::Discarded => "Not being published".into(),
    }
}

/// What was answered and what is done.
pub fn detail(progress: &PublishProgress) -> String {
    let why = match &progress.state {
        ChangeSetState::Paused(PauseReason::Unreachable { reason }) => Some(reason.as_str()),
        _ => progress.waits_because.as_deref(),
    };
    let done = format!(
        "{} of {} {} sent and confirmed; nothing is sent twice.",
        progress.confirmed,
        plural(progress.total.into(), "edit", "edits"),
        if progress.total == 1 { "is" } else { "are" },
    );
    let mut open: Vec<String> = Vec::new();
    let mut add = |number: u32, one: &str, many: &str| {
        if number > 0 {
            open.push(plural(number.into(), one, many));
        }
    };
    add(progress.conflicted, "is in conflict", "are in conflict");
    add(progress.refused, "was refused", "were refused");
    add(
        progress.unknown,
        "has no known outcome yet",
        "have no known outcome yet",
    );
    let open = (!open.is_empty()).then(|| format!("{}.", series(&open)));
    [why.map(str::to_owned), Some(done), open]
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
        .join(" ")
}

/// How long the rest takes: `5 writes, about 2 s`.
pub fn forecast(writes: u32, takes: Duration) -> String {
    let writes = plural(writes.into(), "write", "writes");
    let seconds = i64::try_from(takes.as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
    format!("{writes}, about {}", span(seconds.max(1)))
}

/// How each edit of a set is kept from overwriting.
pub const PRECONDITION: &str =
    "Each edit is written only if its subject is still as it was when you staged it.";

/// What keeps a set safe and what is left open.
pub fn safety(
    service: Service,
    versioned: Versioned,
    state: &ChangeSetState,
    next: Option<usize>,
) -> Vec<String> {
    let mut told = Vec::new();
    match state {
        ChangeSetState::Publishing => told.push(match next {
            Some(next) => {
                format!("You can close Halyard. Publishing goes on from edit {next} when it opens.")
            }
            None => "You can close Halyard. What is left is read again when it opens.".into(),
        }),
        ChangeSetState::Paused(_) => {
            told.push("You can close Halyard. The rest is kept and sent when you go on.".into());
        }
        ChangeSetState::Open => {
            told.push("Nothing is sent before you publish. It is kept when Halyard is closed.".into());
        }
        ChangeSetState::Published => {
            told.push("Rolling back makes one change set, with a precondition for each edit.".into());
            return told;
        }
        ChangeSetState::Discarded => {
            told.push("Nothing of it is deleted. It can be brought back.".into());
            return told;
        }
    }
    told.push(
        match (service, versioned) {
            (Service::Flagsmith, Versioned::All) => {
                "All changes to one flag go live together, as one version. Flags follow each other in this order."
            }
            (Service::Flagsmith, Versioned::Some) => {
                "Where an environment is versioned, all changes to one flag go live together. Elsewhere they are one \
                 call where the server offers it, and one after the other where it does not."
            }
            (Service::Flagsmith, Versioned::None) => {
                "All changes to one flag are one call where the server offers it; where not, they follow each other, \
                 and a stop in the middle is shown."
            }
            (Service::EdgeFlags, _) => {
                "All changes to one flag are one write. Flags follow each other in this order."
            }
        }
        .to_owned(),
    );
    told.push(
        "What is made is sent first and what is deleted last, so that a stop leaves nothing that names what is not \
         there."
            .into(),
    );
    told.push("Your colleagues and scripts share this rate budget.".into());
    told
}

/// How many of the environments that a set touches publish versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioned {
    /// Every one.
    All,
    /// Some.
    Some,
    /// None.
    None,
}

/// Why a set cannot be published as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// Another set of the connection is being published.
    Other {
        /// Its name.
        set: String,
    },
    /// Nothing is ticked.
    Nothing,
    /// Ticked edits are in conflict.
    Conflicts(usize),
    /// A ticked edit cannot be sent.
    Problem {
        /// What it is about.
        name: String,
        /// What is wrong.
        sentence: String,
    },
    /// An environment takes no edits from here.
    ReadOnly {
        /// The environment's name.
        environment: String,
        /// It wants change requests.
        change_requests: bool,
    },
    /// A ticked edit needs one that is not ticked.
    Needs {
        /// What it is about.
        name: String,
        /// What it needs.
        other: String,
    },
}

/// The same in a sentence.
pub fn blocked(blocked: &Blocked) -> String {
    match blocked {
        Blocked::Other { set } => format!("{set} is being published. One change set goes at a time."),
        Blocked::Nothing => "Nothing is ticked.".into(),
        Blocked::Conflicts(1) => "1 edit is in conflict. Decide it or untick it.".into(),
        Blocked::Conflicts(many) => format!("{many} edits are in conflict. Decide them or untick them."),
        Blocked::Problem { name, sentence } => format!("{name} cannot be sent as it is. {sentence}"),
        Blocked::ReadOnly {
            environment,
            change_requests: true,
        } => {
            format!("{environment} takes changes only through change requests, which Halyard does not send.")
        }
        Blocked::ReadOnly { environment, .. } => {
            format!("{environment} is read-only in Halyard. Its protection can be changed in Settings.")
        }
        Blocked::Needs { name, other } => format!("{name} needs {other}, which is not ticked."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{ChangeSetId, Timestamp};

    fn progress(state: ChangeSetState) -> PublishProgress {
        PublishProgress {
            set: ChangeSetId("s".into()),
            state,
            total: 8,
            confirmed: 3,
            refused: 0,
            conflicted: 0,
            unknown: 0,
            left: 5,
            sending: None,
            waits_until: None,
            waits_because: None,
        }
    }

    #[test]
    fn progress_says_what_is_done_and_what_is_open() {
        let waits = PublishProgress {
            waits_until: Some(Timestamp(1)),
            waits_because: Some("Flagsmith asked for 26 s of patience.".into()),
            ..progress(ChangeSetState::Publishing)
        };
        assert_eq!(headline(&waits), "Publishing paused by the service");
        assert_eq!(
            detail(&waits),
            "Flagsmith asked for 26 s of patience. 3 of 8 edits are sent and confirmed; nothing is sent twice."
        );
        let stuck = PublishProgress {
            conflicted: 1,
            refused: 2,
            ..progress(ChangeSetState::Paused(PauseReason::NeedsYou))
        };
        assert_eq!(headline(&stuck), "3 edits need you");
        assert!(
            detail(&stuck).ends_with("1 is in conflict and 2 were refused."),
            "{}",
            detail(&stuck)
        );
        assert_eq!(forecast(5, Duration::from_millis(1_600)), "5 writes, about 2 s");
    }

    #[test]
    fn what_is_blocked_says_what_to_do() {
        let cases = [
            (Blocked::Nothing, "Nothing is ticked."),
            (
                Blocked::Conflicts(2),
                "2 edits are in conflict. Decide them or untick them.",
            ),
            (
                Blocked::Needs {
                    name: "a".into(),
                    other: "b".into(),
                },
                "a needs b, which is not ticked.",
            ),
        ];
        for (why, sentence) in cases {
            assert_eq!(blocked(&why), sentence);
        }
    }

    #[test]
    fn staging_counts_the_others() {
        let told: Vec<String> = [0, 1, 3].map(|others| staged("Draft", others)).into();
        assert_eq!(
            told,
            [
                "Staged in Draft.",
                "Staged in Draft, with 1 other.",
                "Staged in Draft, with 3 others."
            ]
        );
    }
}
