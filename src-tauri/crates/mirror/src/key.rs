//! The key of an encrypted mirror, and how a file says which key it needs.
//!
//! An encrypted file begins with `Halyard` and a 1, where a plain one begins
//! with SQLite's words, followed by eight bytes that name its key. SQLCipher
//! keeps the salt of a key derivation in that place; a key of 32 random bytes
//! needs none, so the place is free to say what the file is. Without it a file
//! with a missing key could not be told from one that is torn.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{MirrorError, Result};

/// Bytes of a key.
const LENGTH: usize = 32;
/// What an encrypted file begins with.
const MARK: &[u8; 8] = b"Halyard\x01";
/// What a plain one begins with, <https://sqlite.org/fileformat.html#magic_header_string>.
const PLAIN: &[u8; 16] = b"SQLite format 3\0";
/// Goes into a key's name, so that the name is no hash of the key alone.
const NAMING: &[u8] = b"Halyard mirror key";

/// 32 random bytes that encrypt a mirror, kept out of every `Debug` output and
/// wiped when dropped.
#[derive(Clone)]
pub struct MirrorKey {
    /// In hexadecimal digits, as SQLCipher and a keychain take them.
    digits: SecretString,
    id: KeyId,
}

impl MirrorKey {
    /// A new key from the system's source of randomness.
    pub fn generate() -> Result<MirrorKey> {
        let mut bytes = Zeroizing::new([0_u8; LENGTH]);
        getrandom::fill(&mut *bytes).map_err(|error| MirrorError::Other(error.to_string().into()))?;
        Ok(MirrorKey::of(&bytes))
    }

    /// The key that [`MirrorKey::expose`] gave; `None` for anything else.
    pub fn parse(digits: &str) -> Option<MirrorKey> {
        let mut bytes = Zeroizing::new([0_u8; LENGTH]);
        if digits.len() != 2 * LENGTH || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(MirrorKey::of(&bytes))
    }

    fn of(bytes: &[u8; LENGTH]) -> MirrorKey {
        let name = Sha256::new().chain_update(NAMING).chain_update(bytes).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&name[..8]);
        MirrorKey {
            digits: SecretString::from(hexadecimal(bytes)),
            id: KeyId(id),
        }
    }

    /// The key as 64 hexadecimal digits, for the keychain and nothing else.
    pub fn expose(&self) -> &str {
        self.digits.expose_secret()
    }

    /// Its name, which says nothing about it.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key as SQLCipher takes it: raw, so that nothing is derived from it,
    /// and with the sixteen bytes that the file begins with,
    /// <https://www.zetetic.net/sqlcipher/sqlcipher-api/#key>.
    pub(crate) fn for_sqlcipher(&self) -> Zeroizing<String> {
        let beginning = hexadecimal(&[*MARK, self.id.0].concat());
        Zeroizing::new(format!("x'{}{beginning}'", self.expose()))
    }
}

impl fmt::Debug for MirrorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MirrorKey(redacted)")
    }
}

/// The name of a key: 8 bytes of a hash, so that a file can say which key it
/// needs. Shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hexadecimal(&self.0))
    }
}

/// What the beginning of a file says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Not there, or without content.
    Nothing,
    /// A SQLite database that anybody can read.
    Plain,
    /// Encrypted with the key of this name.
    Encrypted(KeyId),
    /// Anything else.
    Foreign,
}

/// Reads the first sixteen bytes of a file.
pub(crate) fn nature(path: &Path) -> Result<Nature> {
    let mut beginning = Vec::with_capacity(PLAIN.len());
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Nature::Nothing),
        file => file?.take(PLAIN.len() as u64).read_to_end(&mut beginning)?,
    };
    if beginning.is_empty() {
        return Ok(Nature::Nothing);
    }
    if beginning == PLAIN {
        return Ok(Nature::Plain);
    }
    let named = beginning
        .strip_prefix(MARK)
        .and_then(|id| <[u8; 8]>::try_from(id).ok());
    Ok(named.map_or(Nature::Foreign, |id| Nature::Encrypted(KeyId(id))))
}

fn hexadecimal(bytes: &[u8]) -> String {
    // Of the right size at once: a string that grew would leave copies behind.
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _written = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_digits_and_shows_itself_nowhere() {
        let key = MirrorKey::generate().unwrap();
        let again = MirrorKey::parse(key.expose()).unwrap();
        assert_eq!((again.expose(), again.id()), (key.expose(), key.id()));
        assert_ne!(MirrorKey::generate().unwrap().id(), key.id());
        assert_eq!(
            format!("{key:?} {key:#?}"),
            "MirrorKey(redacted) MirrorKey(redacted)"
        );
        assert!(!key.expose().contains(&key.id().to_string()));
        assert_eq!(key.for_sqlcipher().len(), 3 + 64 + 32);
        for other in ["", "abc", &key.expose()[1..], &"g".repeat(64), &"é".repeat(32)] {
            assert!(MirrorKey::parse(other).is_none(), "{other}");
        }
    }
}
