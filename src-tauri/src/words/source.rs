//! What an evaluation was made against.

use halyard_model::Timestamp;

use super::number::plural;

/// `12 s`, `4 min`, `3 h`, `2 days`.
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = (now.unix_seconds() - since.unix_seconds()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        86_400..172_800 => "1 day".into(),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `The mirror of Production`, and how many edits are laid over it.
pub fn mirror(environment: &str, edits: usize) -> String {
    match edits {
        0 => format!("The mirror of {environment}"),
        edits => format!(
            "The mirror of {environment} plus {}",
            plural(edits as u64, "edit", "edits")
        ),
    }
}

/// The same for a run that is over, with the age the mirror had then.
pub fn mirror_then(environment: &str, edits: usize, checked_at: Option<Timestamp>, now: Timestamp) -> String {
    let mirror = mirror(environment, edits);
    match checked_at {
        Some(at) => format!("{mirror}, synced {} before", age(at, now)),
        None => mirror,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_whole() {
        let now = Timestamp(10_000_000_000);
        let cases = [
            (12, "12 s"),
            (240, "4 min"),
            (7_200, "2 h"),
            (90_000, "1 day"),
            (500_000, "5 days"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(age(Timestamp(now.0 - seconds * 1_000), now), expected);
        }
    }

    #[test]
    fn a_source_names_the_edits_laid_over_it() {
        let now = Timestamp(10_000_000_000);
        assert_eq!(mirror("Production", 0), "The mirror of Production");
        assert_eq!(mirror("Production", 1), "The mirror of Production plus 1 edit");
        assert_eq!(
            mirror_then("Production", 3, Some(Timestamp(now.0 - 12_000)), now),
            "The mirror of Production plus 3 edits, synced 12 s before"
        );
    }
}
