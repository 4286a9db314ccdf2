//! What to know before segments and identities are changed.

use halyard_model::{Environment, Service};

use super::number::plural;

/// What to know before changing a segment. `uses` are those in every
/// environment that is read.
pub fn segment_notes(service: Service, uses: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if uses > 0 {
        notes.push(format!(
            "A change reaches {} at once, in every environment.",
            plural(u64::try_from(uses).unwrap_or(u64::MAX), "use", "uses")
        ));
    }
    notes.push(match service {
        Service::Flagsmith => {
            "Flagsmith keeps no version of a segment, so a change in the instant between the last look and the write \
             would not be noticed."
        }
        Service::EdgeFlags => "All conditions must hold. For one or the other, use two segments.",
    }
    .to_owned());
    notes
}

/// What to know before giving an identity something of its own.
pub fn identity_notes(environment: &Environment) -> Vec<String> {
    let mut notes =
        vec!["What an identity has of its own comes before segments and the environment's state.".to_owned()];
    if environment.requires_change_requests {
        notes.push(format!(
            "{} takes changes to flags only through change requests. Identity overrides bypass them.",
            environment.name
        ));
    } else {
        notes.push("Identity overrides go live at once; they bypass change requests and versions.".into());
    }
    notes
}

/// Why a subject cannot be changed here.
pub fn read_only(environment: &Environment, locked: bool) -> Option<String> {
    if environment.requires_change_requests {
        return Some(format!(
            "{} takes changes only through change requests, which Halyard does not send.",
            environment.name
        ));
    }
    locked.then(|| {
        format!(
            "{} is read-only in Halyard. Its protection can be changed in Settings.",
            environment.name
        )
    })
}
