//! What an environment document says about one flag.

use serde_json::{Value, json};

use super::Content;
use crate::{FlagKey, FlagValue, document::digest_of};

/// What a document, or a list, says about one flag.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagPart {
    /// Names all of it: the state, the shares of options, the overrides of
    /// segments and identities. The same name, the same content; `None` where
    /// it was not a document.
    pub digest: Option<String>,
    /// The state where no override says otherwise.
    pub content: Content,
}

/// What an environment document says about one flag, by the rules of
/// [`document_digest`](crate::document_digest). `None` where it does not have
/// the flag, or is no document.
pub fn flag_part(document: &Value, flag: &FlagKey) -> Option<FlagPart> {
    let own = states_of(&document["feature_states"], flag);
    // Of several the last is the one that counts.
    let last = *own.last()?;
    let content = Content {
        enabled: last["enabled"].as_bool()?,
        value: FlagValue(last["feature_state_value"].clone()),
    };
    let overrides = |list: &Value, name: &str, states: &str| -> Vec<Value> {
        let all = list.as_array().into_iter().flatten();
        all.filter_map(|one| {
            let found = states_of(&one[states], flag);
            (!found.is_empty()).then(|| json!([one[name], found]))
        })
        .collect()
    };
    let whole = json!([
        own,
        overrides(&document["project"]["segments"], "id", "feature_states"),
        overrides(&document["identity_overrides"], "identifier", "identity_features"),
    ]);
    Some(FlagPart {
        digest: digest_of(&whole),
        content,
    })
}

fn states_of<'d>(list: &'d Value, flag: &FlagKey) -> Vec<&'d Value> {
    let all = list.as_array().into_iter().flatten();
    all.filter(|state| state["feature"]["name"] == flag.0.as_str())
        .collect()
}
