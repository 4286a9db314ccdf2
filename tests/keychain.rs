//! The real system keychain: one item per connection. `make e2e` runs this in
//! a session of its own, never on the user's keychain.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use halyard_console::{
    Credential,
    secret::{KeyStore, KeyStoreState, SystemKeychain},
};
use halyard_model::ConnectionId;

#[tokio::test]
#[ignore = "needs an unlocked keychain of its own: run `make e2e`"]
async fn keys_are_kept_found_replaced_and_forgotten() {
    let keychain = SystemKeychain;
    assert_eq!(keychain.probe().await, KeyStoreState::Ready);
    let connection = ConnectionId("keychain-test".into());
    assert!(keychain.retrieve(&connection).await.unwrap().is_none());
    for secret in ["first", "second"] {
        keychain
            .persist(&connection, &Credential::new(secret))
            .await
            .unwrap();
        let kept = keychain.retrieve(&connection).await.unwrap();
        assert_eq!(kept.map(|kept| kept.expose().to_owned()).as_deref(), Some(secret));
    }
    keychain.delete(&connection).await.unwrap();
    keychain.delete(&connection).await.unwrap();
    assert!(keychain.retrieve(&connection).await.unwrap().is_none());
}
