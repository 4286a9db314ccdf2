//! The local copy encrypted, with the keychain's key: turned on, opened again,
//! locked, unlocked, begun anew, and turned off.

use std::{
    fs,
    path::{Path, PathBuf},
};

use halyard_console::{
    Credential,
    secret::{KeyStore, SystemKeychain},
};
use halyard_mirror::Mirror;

use crate::window::{Keychain, Window};

/// A flag, an identity and a segment that the demo has.
const HELD: [&str; 3] = ["product_recs_model", "u_48213", "Klarna countries"];
/// Typed by the user: staged, typed and not sent, and kept as a persona.
const STAGED: &str = "hybrid-Zq7Wm3Kd-staged";
const TYPED: &str = "provider-Xv4Lp9Tn-typed";
const PERSON: &str = "lena.private.4711@example.test";

const STAGED_FLAG: &str = HELD[0];
const TYPED_FLAG: &str = "address_autocomplete";

/// The words that nobody may find in the folder.
fn planted() -> Vec<&'static str> {
    [&HELD[..], &[STAGED, TYPED, PERSON]].concat()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let within = entries.map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    within.flatten().collect()
}

/// Which of the planted words stand in which files, also as WebKit writes them
/// in its own (two bytes a letter).
fn found(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder) {
        // WebKit and SQLite may have taken one away meanwhile.
        let Ok(bytes) = fs::read(&path) else {
            assert!(!path.exists(), "{} cannot be read", path.display());
            continue;
        };
        for word in planted() {
            let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let stands = |form: &[u8]| bytes.windows(form.len()).any(|window| window == form);
            if stands(word.as_bytes()) || stands(&wide) {
                found.push(format!("{word} in {}", path.display()));
            }
        }
    }
    found
}

fn expect_clean(folder: &Path, when: &str) {
    let names: Vec<_> = files(folder);
    println!("{when}: {} files looked into", names.len());
    assert!(
        names.iter().any(|path| path.ends_with("mirror.sqlite")),
        "{names:?}"
    );
    assert_eq!(found(folder), Vec::<String>::new(), "{when}");
}

/// The keychain's item with the key of the local copy.
fn item(folder: &Path) -> String {
    format!("mirror-{}", Mirror::key_needed(folder).unwrap().unwrap())
}

async fn kept(item: &str) -> Option<Credential> {
    SystemKeychain.retrieve(item).await.unwrap()
}

impl Window {
    async fn value_of(&self, flag: &str) -> String {
        self.click("button", "Flags").await;
        self.fill("Filter flags", flag).await;
        self.click("gridcell", flag).await;
        self.wait_path(&format!("//aside//h2[normalize-space(.)='{flag}']"))
            .await;
        let field = self.find("textbox", "Value").await;
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Types what the tests look for: a staged value, one that is not sent, and a persona.
    async fn plant(&self) {
        self.value_of(STAGED_FLAG).await;
        self.fill("Value", STAGED).await;
        self.click("button", "Stage").await;
        self.text("Staged").await;
        self.value_of(TYPED_FLAG).await;
        self.fill("Value", TYPED).await;
        self.click("button", "Preview").await;
        self.fill("Identity", PERSON).await;
        self.click("button", "Personas").await;
        self.fill("Keep what is typed as", "Lena").await;
        self.click("button", "Keep").await;
        self.text("Lena is kept").await;
    }

    /// Everything that was planted is there.
    async fn expect_planted(&self) {
        assert_eq!(self.value_of(TYPED_FLAG).await, TYPED);
        self.click("button", "Changes").await;
        self.text(STAGED).await;
        self.click("button", "Preview").await;
        self.click("button", "Personas").await;
        self.click("button", "Preview Lena").await;
        let typed = self.find("textbox", "Identity").await;
        let typed = async || typed.prop("value").await.unwrap().unwrap_or_default();
        self.changed(typed, "").await;
        assert_eq!(typed().await, PERSON);
    }

    /// Turns encryption on or off in Settings, and waits until that is done.
    async fn encrypt(&self, on: bool) {
        self.click("button", "Settings").await;
        self.click("switch", "Encrypt the local copy").await;
        self.text(if on {
            "The local copy is encrypted."
        } else {
            "The local copy is not encrypted"
        })
        .await;
    }

    async fn reopened(self) -> Window {
        let folder = self.close().await;
        Window::open_on(folder, Keychain::Real).await
    }
}

#[tokio::test]
#[ignore = "needs a display: run `make e2e`"]
async fn encrypted_locked_unlocked_begun_anew_and_plain_again() {
    let window = Window::open(Keychain::Real).await;
    window.click("button", "Explore the demo").await;
    window.click("button", "Development").await;
    window.plant().await;
    let seen = found(window.folder());
    assert!(
        seen.len() >= planted().len() - 1,
        "the search finds what is there: {seen:?}"
    );

    // Turned on, the app goes on working.
    window.encrypt(true).await;
    window.in_both_themes("encryption-on").await;
    window.expect_planted().await;
    window.click("button", "Flags").await;
    window.fill("Filter flags", "guest_checkout").await;
    window.click("switch", "guest_checkout state").await;
    window.text("guest_checkout is off in Development").await;

    // It opens by itself with the key.
    let window = window.reopened().await;
    window.expect_planted().await;
    expect_clean(window.folder(), "opened again, in use");
    let folder = window.close().await;
    expect_clean(folder.path(), "closed");

    // Without the key it says what to do.
    let first = item(folder.path());
    let key = kept(&first).await.unwrap();
    SystemKeychain.delete(&first).await.unwrap();
    let window = Window::open_on(folder, Keychain::Real).await;
    window.text("The local copy is locked").await;
    window.text(&first).await;
    window.in_both_themes("locked").await;
    window.client.set_window_size(1024, 700).await.unwrap();
    window.click("button", "Try again").await;
    window.text("Still locked").await;
    window.in_both_themes("locked-still").await;

    // With the key put back, all is there.
    SystemKeychain.persist(&first, &key).await.unwrap();
    window.click("button", "Try again").await;
    window.expect_planted().await;
    let folder = window.close().await;
    expect_clean(folder.path(), "unlocked and closed");

    // Begun anew: encrypted too, with a key of its own.
    SystemKeychain.delete(&first).await.unwrap();
    let window = Window::open_on(folder, Keychain::Real).await;
    window.click("button", "Set it aside and begin anew").await;
    window.text("Set the local copy aside?").await;
    window.in_both_themes("set-aside").await;
    window.click("button", "Set it aside").await;
    window.text("Welcome to Halyard").await;
    window.text("was set aside as").await;
    window.in_both_themes("begun-anew").await;
    let second = item(window.folder());
    assert_ne!(second, first);
    assert!(window.folder().join("mirror.locked-1.sqlite").exists());
    window.click("button", "Explore the demo").await;
    window.click("button", "Development").await;
    window.find("switch", "guest_checkout state").await;
    expect_clean(window.folder(), "begun anew");

    // Turned off, the key is forgotten; the one of the file set aside is no longer anybody's business.
    window.encrypt(false).await;
    window.in_both_themes("encryption-off").await;
    assert_eq!(Mirror::key_needed(window.folder()).unwrap(), None);
    assert!(kept(&second).await.is_none(), "the key is forgotten");
    let window = window.reopened().await;
    window.find("switch", "guest_checkout state").await;
    window.close().await;
}
