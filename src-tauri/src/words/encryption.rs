//! The encryption of the local copy.

use halyard_console::{Encryption, EncryptionFacts, EncryptionHindrance, Lock, secret::SecretError};

use crate::view::{EncryptionView, NoticeView};

/// Whether the local copy is encrypted, and what that means.
pub fn encryption(facts: &EncryptionFacts) -> EncryptionView {
    let sentence = match (facts.now, &facts.item) {
        (Encryption::On, Some(item)) => format!(
            "The local copy is encrypted. Only the system keychain has its key, as the item {item} of Halyard. Should \
             that be lost, nobody can read the copy, you included."
        ),
        (Encryption::On, None) => "The local copy is encrypted.".into(),
        (Encryption::Off, _) => {
            "The local copy is not encrypted: whoever can read your files can read it.".into()
        }
    };
    EncryptionView {
        on: facts.now == Encryption::On,
        blocked: facts.hindrance.as_ref().map(|why| hindrance(why).into()),
        sentence,
    }
}

/// Why it cannot be turned on.
pub fn hindrance(why: &EncryptionHindrance) -> &'static str {
    match why {
        EncryptionHindrance::InMemory => "Nothing is kept on this disk in this session.",
        EncryptionHindrance::KeyStore(SecretError::Absent { .. }) => {
            "No system keychain answers, so the key could not be kept. Start one and try again."
        }
        EncryptionHindrance::KeyStore(SecretError::Locked { .. }) => {
            "The system keychain is locked or does not let Halyard in, so the key could not be kept. Unlock it and \
             try again."
        }
    }
}

/// Why there is nothing to show.
pub fn locked(lock: &Lock) -> NoticeView {
    let (reason, next_step) = match lock {
        Lock::Waiting => (
            "the system keychain has not given its key yet".into(),
            "Unlock the keychain if it asks; Halyard then goes on by itself.".into(),
        ),
        Lock::KeyMissing { item } => (
            "its key is not in the system keychain".into(),
            format!("Bring its item {item} of Halyard back, such as from a backup of the keychain, and try again."),
        ),
        Lock::KeyWrong { item } => (
            format!("the keychain's item {item} of Halyard is not its key"),
            "Bring the item back as it was and try again.".to_owned(),
        ),
        Lock::KeyStore(SecretError::Absent { .. }) => (
            "no system keychain answers".into(),
            "Start one (on Linux: GNOME Keyring, KWallet or KeePassXC with the Secret Service on) and try again."
                .into(),
        ),
        Lock::KeyStore(SecretError::Locked { .. }) => (
            "the system keychain is locked or does not let Halyard in".into(),
            "Unlock it and try again.".into(),
        ),
    };
    NoticeView {
        sentence: format!("The local copy is encrypted, and {reason}."),
        next_step: format!(
            "{next_step} Or set the local copy aside and begin with an empty one, which is filled from your services \
             again. Nothing is deleted: with its key, the old one can be read again."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lock_says_what_to_do() {
        let item = "mirror-0011223344556677".to_owned();
        let reason = "org.freedesktop.Secret.Error.IsLocked".to_owned();
        for (lock, said) in [
            (Lock::Waiting, "goes on by itself"),
            (Lock::KeyMissing { item: item.clone() }, item.as_str()),
            (Lock::KeyWrong { item: item.clone() }, "as it was"),
            (
                Lock::KeyStore(SecretError::Absent {
                    reason: reason.clone(),
                }),
                "Start one",
            ),
            (Lock::KeyStore(SecretError::Locked { reason }), "Unlock it"),
        ] {
            let notice = locked(&lock);
            assert!(notice.next_step.contains(said), "{notice:?}");
            assert!(
                notice.next_step.contains("set the local copy aside"),
                "{notice:?}"
            );
            assert!(!notice.sentence.contains("freedesktop"), "{notice:?}");
        }
    }
}
