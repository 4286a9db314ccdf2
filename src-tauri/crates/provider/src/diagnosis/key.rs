//! What kind of key a text looks like, to name the likely mistake.

/// What a key looks like. Only a guess, for a sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeyKind {
    OrganisationKey,
    UserToken,
    ServerSideKey,
    ClientSideKey,
    EdgeFlagsToken,
    #[default]
    Other,
}

impl KeyKind {
    pub(crate) fn of(key: &str) -> KeyKind {
        let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
        if key.starts_with("ser.") {
            return KeyKind::ServerSideKey;
        }
        if key.starts_with("ff_") {
            return KeyKind::EdgeFlagsToken;
        }
        if key.len() == 40 && key.chars().all(|c| c.is_ascii_hexdigit()) {
            return KeyKind::UserToken;
        }
        if let Some((prefix, secret)) = key.split_once('.')
            && plain(prefix)
            && plain(secret)
            && secret.len() >= 16
        {
            return KeyKind::OrganisationKey;
        }
        if (20..=24).contains(&key.len()) && plain(key) {
            return KeyKind::ClientSideKey;
        }
        KeyKind::Other
    }

    /// As a part of a sentence.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            KeyKind::OrganisationKey => "which looks like an organisation key",
            KeyKind::UserToken => "which looks like a user token",
            KeyKind::ServerSideKey => "a server-side environment key (ser.…)",
            KeyKind::ClientSideKey => "which looks like a client-side environment key",
            KeyKind::EdgeFlagsToken => "an EdgeFlags token (ff_…)",
            KeyKind::Other => "of no known form",
        }
    }

    pub(crate) fn is_environment_key(self) -> bool {
        matches!(self, KeyKind::ServerSideKey | KeyKind::ClientSideKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        for (key, expected) in [
            (
                "Ab3dE6gH.Qb6bHVRCUyn2Yq9fJ1mW8xLz4T7pKs0D",
                KeyKind::OrganisationKey,
            ),
            ("0123456789abcdef0123456789abcdef01234567", KeyKind::UserToken),
            ("ser.AbCdEfGhIjKlMnOpQrStUv", KeyKind::ServerSideKey),
            ("AbCdEfGhIjKlMnOpQrStUv", KeyKind::ClientSideKey),
            ("ff_defa_0123456789abcdefghij", KeyKind::EdgeFlagsToken),
            ("", KeyKind::Other),
            ("password1", KeyKind::Other),
            ("Ab3dE6gH.", KeyKind::Other),
        ] {
            assert_eq!(KeyKind::of(key), expected, "{key}");
        }
    }
}
