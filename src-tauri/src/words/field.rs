//! Names of fields for people.

use halyard_model::{FieldPath, Subject};

/// Where a field's name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Under the name of what is changed: an override says whose it is.
    Change,
    /// Above a note that says whose it is: an override is its segment's name.
    Conflict,
}

/// The path of the row that holds all labels together.
pub const TAGS: &str = "tags";

/// A field's name: `Value`, `Override for B2B buyers`, `Trait plan`. `segment`
/// is the name of the segment whose override it belongs to.
pub fn label(path: &FieldPath, subject: &Subject, segment: &str, place: Place) -> String {
    let own = |part: &str| match (place, part) {
        (Place::Change, "") => format!("Override for {segment}"),
        (Place::Change, part) => format!("Override for {segment}, {part}"),
        (Place::Conflict, "") => segment.to_owned(),
        (Place::Conflict, part) => format!("{segment}, {part}"),
    };
    match path {
        FieldPath::Existence => existence(subject).into(),
        FieldPath::Name => "Name".into(),
        FieldPath::Description => "Description".into(),
        FieldPath::Enabled => "State".into(),
        FieldPath::Value => "Value".into(),
        FieldPath::Weights => "Weights".into(),
        FieldPath::Options => "Options".into(),
        FieldPath::Override(_) | FieldPath::OverrideValue(_) => own(""),
        FieldPath::OverrideEnabled(_) => own("state"),
        FieldPath::OverrideWeights(_) => own("weights"),
        FieldPath::OverrideOrder => "Override order".into(),
        FieldPath::HasTargeting => "Targeting of its own".into(),
        FieldPath::Rules => "Rules".into(),
        FieldPath::Rollout => "Rollout".into(),
        FieldPath::Targeting(name) => format!("Targeting, {name}"),
        FieldPath::ActiveFrom => "Active from".into(),
        FieldPath::ActiveUntil => "Active until".into(),
        FieldPath::Tag(tag) => format!("Tag {tag}"),
        FieldPath::Archived => "Archived".into(),
        FieldPath::ServerOnly => "Server-side only".into(),
        FieldPath::Trait(name) => format!("Trait {name}"),
        FieldPath::EnvironmentValue(environment) => format!("Value in {environment}"),
    }
}

/// A subject as a whole.
pub fn existence(subject: &Subject) -> &'static str {
    match subject {
        Subject::FlagState { .. } => "The flag here",
        Subject::IdentityOverride { .. } => "Identity override",
        Subject::Flag { .. } => "The flag",
        Subject::Segment { .. } => "The segment",
        Subject::Traits { .. } => "The traits",
        Subject::Config { .. } => "The config",
    }
}

/// Whose a field is, where its name does not say it.
pub fn note(path: &FieldPath, subject: &Subject, place: Place) -> Option<&'static str> {
    match subject {
        Subject::Flag { .. } | Subject::Segment { .. } => Some("All environments"),
        Subject::Config { .. } if matches!(path, FieldPath::EnvironmentValue(_)) => None,
        Subject::Config { .. } => Some("All environments"),
        Subject::IdentityOverride { .. } => Some("Identity override"),
        Subject::Traits { .. } => None,
        Subject::FlagState { .. } if place == Place::Change => None,
        Subject::FlagState { .. } => match path {
            _ if path.override_of().is_some() => Some("Segment override"),
            FieldPath::Enabled | FieldPath::Value | FieldPath::Weights => Some("Environment default"),
            _ => None,
        },
    }
}

/// Why a field is decided as one, where that needs saying.
pub fn why_one(path: &FieldPath) -> Option<&'static str> {
    match path {
        FieldPath::Weights | FieldPath::OverrideWeights(_) | FieldPath::Options => {
            Some("One field, because it must add up to 100%.")
        }
        FieldPath::OverrideOrder => Some("One field, because one place depends on the others."),
        FieldPath::Rules => Some("One field, because the rules hold together."),
        FieldPath::Existence | FieldPath::Override(_) => {
            Some("One field, because one side removed what the other changed.")
        }
        _ => None,
    }
}

/// What stands where a field has nothing.
pub fn absent(path: &FieldPath, subject: &Subject) -> &'static str {
    match path {
        FieldPath::Existence => match subject {
            Subject::IdentityOverride { .. } => "No override",
            Subject::Traits { .. } => "No traits",
            _ => "Does not exist",
        },
        FieldPath::Override(_) | FieldPath::OverrideEnabled(_) => "No override",
        FieldPath::Value | FieldPath::OverrideValue(_) => "No value",
        FieldPath::EnvironmentValue(_) => "No value of its own",
        FieldPath::Weights | FieldPath::Options | FieldPath::OverrideWeights(_) => "No options",
        FieldPath::OverrideOrder => "No overrides",
        FieldPath::Description => "No description",
        FieldPath::Rules => "No rules",
        FieldPath::Rollout => "No rollout",
        FieldPath::HasTargeting => "No",
        FieldPath::Tag(_) => "No tag",
        _ => "Not set",
    }
}

/// A value of an object of which only some keys changed: `Value, key from`.
pub fn with_keys(label: &str, keys: &[String]) -> String {
    let word = if keys.len() == 1 { "key" } else { "keys" };
    format!("{label}, {word} {}", super::number::series(keys))
}

/// A place in an order: `first`, `second`, `4th`.
pub fn place(position: usize) -> String {
    match position {
        0 => "first".into(),
        1 => "second".into(),
        2 => "third".into(),
        other => {
            let number = other + 1;
            let ending = match (number % 100, number % 10) {
                (11..=13, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            format!("{number}{ending}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FlagKey;

    #[test]
    fn names_say_whose_a_field_is() {
        let flag = FlagKey("f".into());
        let state = Subject::state_of(&flag);
        let cases = [
            ("enabled", Place::Change, "State", None),
            ("weights", Place::Conflict, "Weights", Some("Environment default")),
            ("override:1", Place::Change, "Override for VIP", None),
            ("override_value:1", Place::Change, "Override for VIP", None),
            (
                "override_weights:1",
                Place::Change,
                "Override for VIP, weights",
                None,
            ),
            (
                "override_value:1",
                Place::Conflict,
                "VIP",
                Some("Segment override"),
            ),
            (
                "override_enabled:1",
                Place::Conflict,
                "VIP, state",
                Some("Segment override"),
            ),
            ("override_order", Place::Conflict, "Override order", None),
        ];
        for (path, place, name, whose) in cases {
            let path = path.parse().unwrap();
            assert_eq!(label(&path, &state, "VIP", place), name);
            assert_eq!(note(&path, &state, place), whose, "{name}");
        }
        let config = Subject::Config { key: "c".into() };
        let here = FieldPath::EnvironmentValue("staging".into());
        assert_eq!(label(&here, &config, "", Place::Change), "Value in staging");
        assert_eq!(note(&here, &config, Place::Change), None);
        let everywhere = Subject::Flag { flag };
        assert_eq!(
            note(&FieldPath::Archived, &everywhere, Place::Change),
            Some("All environments")
        );
    }

    #[test]
    fn places_have_their_endings() {
        let told: Vec<String> = [0, 2, 3, 10, 20, 21, 110].into_iter().map(place).collect();
        assert_eq!(told, ["first", "third", "4th", "11th", "21st", "22nd", "111th"]);
    }
}
