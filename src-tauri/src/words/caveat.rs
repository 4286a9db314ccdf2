//! Why a server may answer differently although the evaluation is exact.

use halyard_engine::Caveat;

/// What may differ for every flag of an environment.
pub fn of_environment(caveat: Caveat) -> Option<String> {
    let sentence = match caveat {
        Caveat::BucketMayDiffer => {
            "The server buckets identities by its own record numbers here, so splits may differ."
        }
        Caveat::LocalOverridesDisabled => {
            "Identity overrides are not part of this document, so they are not seen here."
        }
        // True everywhere, and so no news; a comparison names it where nothing else explains a difference.
        Caveat::SystemTraits => return None,
        other => return Some(of_flag(other)),
    };
    Some(sentence.into())
}

/// What may differ for one flag.
pub fn of_flag(caveat: Caveat) -> String {
    let sentence = match caveat {
        Caveat::LocalOverridesDisabled => {
            "The server may know an identity override that is not in the document."
        }
        Caveat::BucketMayDiffer => "The server may use another bucket for this identity.",
        Caveat::HiddenWhenDisabled => {
            "Left out of answers, because this environment hides flags that are off."
        }
        Caveat::ServerOnly => "Left out for client-side keys.",
        Caveat::PinnedOptions => {
            "The server lets this override's weights choose an option; an evaluation of the document does not."
        }
        _ => "The server may answer differently.",
    };
    sentence.into()
}
