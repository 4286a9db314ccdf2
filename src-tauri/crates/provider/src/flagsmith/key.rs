//! What kind of key a text looks like, to name the likely mistake.

use halyard_model::FlagsmithAuth;

use crate::{Failure, FailureKind};

/// What a text looks like. Only a guess, for a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    OrganisationKey,
    UserToken,
    ServerSideKey,
    ClientSideKey,
    EdgeFlagsToken,
    Other,
}

fn looks(key: &str) -> Looks {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    if key.starts_with("ser.") {
        return Looks::ServerSideKey;
    }
    if key.starts_with("ff_") {
        return Looks::EdgeFlagsToken;
    }
    if key.len() == 40 && key.chars().all(|c| c.is_ascii_hexdigit()) {
        return Looks::UserToken;
    }
    if let Some((prefix, secret)) = key.split_once('.')
        && plain(prefix)
        && plain(secret)
        && secret.len() >= 16
    {
        return Looks::OrganisationKey;
    }
    if (20..=24).contains(&key.len()) && plain(key) {
        return Looks::ClientSideKey;
    }
    Looks::Other
}

/// Says of an unaccepted key what it looks like and what is needed.
pub(super) fn explain(failure: &mut Failure, key: &str, auth: FlagsmithAuth) {
    if failure.kind != FailureKind::Unauthorised {
        return;
    }
    let (cause, next_step) = match (looks(key), auth) {
        (Looks::ServerSideKey | Looks::ClientSideKey, FlagsmithAuth::OrganisationKey) => (
            "This looks like an environment key.",
            "The Admin API needs an organisation key.",
        ),
        (Looks::ServerSideKey | Looks::ClientSideKey, FlagsmithAuth::UserToken) => (
            "This looks like an environment key.",
            "The Admin API needs a user token or an organisation key.",
        ),
        (Looks::EdgeFlagsToken, _) => (
            "This looks like an EdgeFlags token.",
            "The Admin API needs an organisation key, or the connection should be an EdgeFlags one.",
        ),
        (Looks::OrganisationKey, FlagsmithAuth::UserToken) => (
            "This looks like an organisation key, and it was sent as a user token.",
            "Choose organisation key as the kind of key.",
        ),
        (Looks::UserToken, FlagsmithAuth::OrganisationKey) => (
            "This looks like a user token, and it was sent as an organisation key.",
            "Choose user token as the kind of key.",
        ),
        (Looks::OrganisationKey, FlagsmithAuth::OrganisationKey) => (
            "It may be mistyped, revoked or expired, or belong to another installation: the server answers all of these alike.",
            "Check it, or make a new key in the organisation's settings.",
        ),
        (Looks::UserToken, FlagsmithAuth::UserToken) => (
            "It may be mistyped or withdrawn, or belong to another installation.",
            "Copy the token again from the account page.",
        ),
        (Looks::Other, FlagsmithAuth::OrganisationKey) => (
            "This does not look like an organisation key, which has a short part, a dot and a long part.",
            "Copy the whole key, as it was shown when it was made.",
        ),
        (Looks::Other, FlagsmithAuth::UserToken) => (
            "This does not look like a user token, which has 40 characters from 0 to 9 and a to f.",
            "Copy the token again from the account page.",
        ),
    };
    failure.cause = Some(cause.to_owned());
    failure.next_step = Some(next_step.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        for (key, expected) in [
            (
                "Ab3dE6gH.Qb6bHVRCUyn2Yq9fJ1mW8xLz4T7pKs0D",
                Looks::OrganisationKey,
            ),
            ("0123456789abcdef0123456789abcdef01234567", Looks::UserToken),
            ("ser.AbCdEfGhIjKlMnOpQrStUv", Looks::ServerSideKey),
            ("AbCdEfGhIjKlMnOpQrStUv", Looks::ClientSideKey),
            ("ff_defa_0123456789abcdefghij", Looks::EdgeFlagsToken),
            ("", Looks::Other),
            ("password1", Looks::Other),
            ("Ab3dE6gH.", Looks::Other),
        ] {
            assert_eq!(looks(key), expected, "{key}");
        }
    }

    #[test]
    fn an_environment_key_is_named_as_the_cause() {
        let mut failure = Failure::new(FailureKind::Unauthorised, "Flagsmith did not accept the key.");
        explain(
            &mut failure,
            "ser.AbCdEfGhIjKlMnOpQrStUv",
            FlagsmithAuth::OrganisationKey,
        );
        assert_eq!(
            failure.in_full(),
            "Flagsmith did not accept the key. This looks like an environment key. \
             The Admin API needs an organisation key."
        );
    }
}
