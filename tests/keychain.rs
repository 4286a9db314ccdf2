//! The real system keychain: items by name. `make e2e` runs this in
//! a session of its own, never on the user's keychain.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use halyard_console::{
    Credential,
    secret::{KeyStore, KeyStoreState, SystemKeychain},
};

#[tokio::test]
#[ignore = "needs an unlocked keychain of its own: run `make e2e`"]
async fn keys_are_kept_found_replaced_and_forgotten() {
    let keychain = SystemKeychain;
    assert_eq!(keychain.probe().await, KeyStoreState::Ready);
    let item = "keychain-test";
    assert!(keychain.retrieve(item).await.unwrap().is_none());
    for secret in ["first", "second"] {
        keychain.persist(item, &Credential::new(secret)).await.unwrap();
        let kept = keychain.retrieve(item).await.unwrap();
        assert_eq!(kept.map(|kept| kept.expose().to_owned()).as_deref(), Some(secret));
    }
    keychain.delete(item).await.unwrap();
    keychain.delete(item).await.unwrap();
    assert!(keychain.retrieve(item).await.unwrap().is_none());
}
