//! Looking for secrets in every form in which they could show.

use std::{fmt::Write as _, path::Path};

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let block = [0, 1, 2].map(|place| u32::from(chunk.get(place).copied().unwrap_or(0)));
            let bits = block[0] << 16 | block[1] << 8 | block[2];
            let letters = [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize] as char);
            letters.into_iter().take(chunk.len() + 1).collect::<Vec<_>>()
        })
        .collect()
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        if byte.is_ascii_alphanumeric() {
            all.push(byte as char);
        } else {
            write!(all, "%{byte:02X}").unwrap();
        }
        all
    })
}

/// The forms in which a secret could show.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), percent(secret)];
    // Within a longer text, base64 depends on where the secret begins.
    for before in ["", "x", "xy"] {
        let encoded = base64(format!("{before}{secret}").as_bytes());
        forms.push(encoded[4..encoded.len() - 4].to_owned());
    }
    forms.push(secret.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").unwrap();
        all
    }));
    forms
}

pub fn find(place: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        for form in forms(secret) {
            if let Some(at) = bytes
                .windows(form.len())
                .position(|window| window == form.as_bytes())
            {
                let around = &bytes[at.saturating_sub(120)..(at + form.len() + 40).min(bytes.len())];
                panic!("{form} is in {place}: …{}…", String::from_utf8_lossy(around));
            }
        }
    }
}

pub fn search_files(folder: &Path, secrets: &[&str]) -> usize {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            searched += search_files(&path, secrets);
        } else {
            find(
                &path.display().to_string(),
                &std::fs::read(&path).unwrap(),
                secrets,
            );
            searched += 1;
        }
    }
    searched
}

#[test]
fn the_search_finds_every_form() {
    let secret = "Zq7Wm3Kd.9fT2u/h8sRb+LpVc6NyGj1Ea5";
    for text in [
        format!("key: {secret}"),
        percent(secret),
        base64(format!("Api-Key {secret}").as_bytes()),
        base64(format!("x{secret}").as_bytes()),
        base64(format!("admin:{secret}@").as_bytes()),
    ] {
        let found = std::panic::catch_unwind(|| find("a text", text.as_bytes(), &[secret]));
        assert!(found.is_err(), "{text}");
    }
    find("a text", b"nothing of the kind", &[secret]);
}
