//! The local copy encrypted: its key's way into the keychain and out of it,
//! and what is said where the key is not there.

use std::{path::Path, sync::Arc};

use halyard_console::{
    Beginning, Console, ConsoleError, Encryption, EncryptionHindrance, Lock, MirrorError, SystemClock, Theme,
    secret::{KeyStore, SecretError},
};
use halyard_mirror::{Mirror, MirrorKey};
use tokio_util::sync::CancellationToken;

use crate::fakes::Keychain;

async fn open(folder: &Path, keys: &Arc<Keychain>) -> (Console, Beginning) {
    Console::open(folder, keys.clone(), Arc::new(SystemClock))
        .await
        .unwrap()
}

/// A folder with an encrypted local copy that remembers something.
async fn encrypted(folder: &Path, keys: &Arc<Keychain>) {
    let (console, _) = open(folder, keys).await;
    console.set_theme(Theme::Dark).await.unwrap();
    let facts = console.set_encryption(Encryption::On).await.unwrap();
    assert_eq!((facts.now, facts.hindrance), (Encryption::On, None));
    console.close().await;
}

async fn theme_of(console: &Console) -> Theme {
    console.settings().await.unwrap().theme
}

fn item_of(folder: &Path) -> String {
    format!("mirror-{}", Mirror::key_needed(folder).unwrap().unwrap())
}

fn no_keychain() -> SecretError {
    SecretError::Absent {
        reason: "no bus".into(),
    }
}

#[tokio::test]
async fn turned_on_and_off_nothing_is_lost_and_no_key_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    encrypted(folder.path(), &keys).await;
    assert_eq!(keys.count(), 1);

    let (console, beginning) = open(folder.path(), &keys).await;
    assert_eq!((beginning, console.lock()), (Beginning::Ready, None));
    assert!(console.is_encrypted().await);
    assert_eq!(theme_of(&console).await, Theme::Dark);
    let facts = console.encryption().await.unwrap();
    assert_eq!(
        (facts.now, facts.item),
        (Encryption::On, Some(item_of(folder.path())))
    );
    let again = console.set_encryption(Encryption::On).await.unwrap();
    assert_eq!((again.now, keys.count()), (Encryption::On, 1));

    let facts = console.set_encryption(Encryption::Off).await.unwrap();
    assert_eq!((facts.now, facts.item), (Encryption::Off, None));
    assert_eq!(keys.count(), 0);
    console.close().await;
    let asked = keys.asked();
    let (console, _) = open(folder.path(), &keys).await;
    assert!(!console.is_encrypted().await);
    assert_eq!(keys.asked(), asked, "a plain file asks for no key");
    assert_eq!(theme_of(&console).await, Theme::Dark);
    console.close().await;
}

#[tokio::test]
async fn without_a_keychain_it_is_not_turned_on() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    let (console, _) = open(folder.path(), &keys).await;
    keys.fail_with(Some(no_keychain()));
    let hindrance = EncryptionHindrance::KeyStore(no_keychain());
    console.probe_key_store().await;
    assert_eq!(
        console.encryption().await.unwrap().hindrance,
        Some(hindrance.clone())
    );
    let refused = console.set_encryption(Encryption::On).await;
    assert!(matches!(refused, Err(ConsoleError::Encryption(why)) if why == hindrance));
    assert_eq!(Mirror::key_needed(folder.path()).unwrap(), None);

    // Turning it off needs no keychain; the key it leaves opens nothing any more.
    keys.fail_with(None);
    console.set_encryption(Encryption::On).await.unwrap();
    keys.fail_with(Some(no_keychain()));
    let facts = console.set_encryption(Encryption::Off).await.unwrap();
    assert_eq!(facts.now, Encryption::Off);
    console.close().await;

    let in_memory = folder.path().join("a file");
    std::fs::write(&in_memory, "").unwrap();
    let (console, _) = open(&in_memory, &keys).await;
    let facts = console.encryption().await.unwrap();
    assert_eq!(facts.hindrance, Some(EncryptionHindrance::InMemory));
    assert!(console.set_encryption(Encryption::On).await.is_err());
}

#[tokio::test]
async fn a_conversion_that_fails_leaves_no_key_behind() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    let (console, _) = open(folder.path(), &keys).await;
    let (other, _) = Mirror::open(folder.path(), None).await.unwrap();
    let refused = console.set_encryption(Encryption::On).await;
    assert!(
        matches!(refused, Err(ConsoleError::Mirror(MirrorError::Busy))),
        "{refused:?}"
    );
    assert_eq!(
        (keys.count(), console.encryption().await.unwrap().now),
        (0, Encryption::Off)
    );
    other.close().await;
    console.set_encryption(Encryption::On).await.unwrap();
    console.close().await;

    // The other way, the key stays as long as the file needs it.
    let (console, _) = open(folder.path(), &keys).await;
    let key = keys.retrieve(&item_of(folder.path())).await.unwrap().unwrap();
    let (other, _) = Mirror::open(folder.path(), MirrorKey::parse(key.expose()).as_ref())
        .await
        .unwrap();
    assert!(console.set_encryption(Encryption::Off).await.is_err());
    assert_eq!(keys.count(), 1);
    other.close().await;
    console.close().await;
}

#[tokio::test]
async fn without_its_key_it_says_why_and_opens_when_the_key_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    encrypted(folder.path(), &keys).await;
    let item = item_of(folder.path());
    let key = keys.retrieve(&item).await.unwrap().unwrap();
    let other = halyard_console::Credential::new(MirrorKey::generate().unwrap().expose());
    let before = std::fs::read(folder.path().join("mirror.sqlite")).unwrap();

    keys.fail_with(Some(no_keychain()));
    let (console, beginning) = open(folder.path(), &keys).await;
    assert_eq!(beginning, Beginning::Ready);
    assert_eq!(console.lock(), Some(Lock::KeyStore(no_keychain())));
    assert!(console.is_encrypted().await);
    let answers = [
        console.connections().await.err(),
        console.set_theme(Theme::Light).await.err(),
        console.unlock().await.err(),
        console.encryption().await.err(),
        console.set_encryption(Encryption::Off).await.err(),
    ];
    for answer in answers {
        let locked = matches!(answer, Some(ConsoleError::Mirror(MirrorError::Locked(_))));
        assert!(locked, "{answer:?}");
    }

    keys.fail_with(None);
    keys.lose();
    console.unlock().await.unwrap_err();
    assert_eq!(console.lock(), Some(Lock::KeyMissing { item: item.clone() }));
    keys.persist(&item, &other).await.unwrap();
    console.unlock().await.unwrap_err();
    assert_eq!(console.lock(), Some(Lock::KeyWrong { item: item.clone() }));
    assert!(
        std::fs::read(folder.path().join("mirror.sqlite")).unwrap() == before,
        "not touched"
    );

    keys.persist(&item, &key).await.unwrap();
    console.unlock().await.unwrap();
    assert_eq!(console.lock(), None);
    assert_eq!(theme_of(&console).await, Theme::Dark);
    console.unlock().await.unwrap();
    console.set_mirror_aside().await.unwrap_err();
    assert_eq!(
        theme_of(&console).await,
        Theme::Dark,
        "only what is locked is set aside"
    );
    console.close().await;
}

#[tokio::test]
async fn a_keychain_that_asks_a_person_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    encrypted(folder.path(), &keys).await;
    let asking = keys.hold().await;
    let (console, _) = open(folder.path(), &keys).await;
    assert_eq!(console.lock(), Some(Lock::Waiting));
    drop(asking);
    console.until_unlocked(&CancellationToken::new()).await;
    assert_eq!(theme_of(&console).await, Theme::Dark);
    console.close().await;
}

#[tokio::test]
async fn set_aside_the_old_copy_is_kept_and_the_new_one_encrypted_too() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    encrypted(folder.path(), &keys).await;
    let item = item_of(folder.path());
    let key = keys.retrieve(&item).await.unwrap().unwrap();
    keys.lose();
    let (console, _) = open(folder.path(), &keys).await;
    let kept_as = console.set_mirror_aside().await.unwrap();
    let told = Beginning::Anew {
        kept_as: kept_as.clone(),
        now: Encryption::On,
    };
    assert_eq!((console.lock(), console.found_later()), (None, Some(told)));
    assert_eq!(theme_of(&console).await, Theme::System);
    assert_ne!(item_of(folder.path()), item);

    // With the old key found again, turning encryption off keeps it: the file
    // that was set aside still needs it.
    keys.persist(&item, &key).await.unwrap();
    console.set_encryption(Encryption::Off).await.unwrap();
    assert_eq!(keys.count(), 1);
    console.close().await;
    std::fs::rename(kept_as, folder.path().join("mirror.sqlite")).unwrap();
    let (console, _) = open(folder.path(), &keys).await;
    assert_eq!(theme_of(&console).await, Theme::Dark);
    console.close().await;
}

#[tokio::test]
async fn set_aside_without_a_keychain_the_new_copy_is_plain_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(Keychain::default());
    encrypted(folder.path(), &keys).await;
    keys.fail_with(Some(no_keychain()));
    let (console, _) = open(folder.path(), &keys).await;
    console.set_mirror_aside().await.unwrap();
    let told = console.found_later();
    assert!(
        matches!(
            told,
            Some(Beginning::Anew {
                now: Encryption::Off,
                ..
            })
        ),
        "{told:?}"
    );
    assert_eq!(console.encryption().await.unwrap().now, Encryption::Off);
    console.close().await;
}
