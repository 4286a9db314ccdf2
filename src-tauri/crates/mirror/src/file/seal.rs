//! Encrypting a file with a passphrase, as <https://age-encryption.org/v1>.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};

use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};

use super::{FileError, Result, limits};

/// How every file of this kind begins.
pub(super) const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// What ends the header of such a file.
const HEADER_END: &[u8] = b"\n--- ";

/// The work factor of scrypt that files are written with, as a power of two:
/// 128 MiB of memory, the least that is advised
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt>).
const WORK_FACTOR: u8 = 17;

/// A passphrase, and what trying it costs.
#[derive(Clone)]
pub struct Seal {
    passphrase: SecretString,
    work_factor: u8,
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal")
    }
}

impl Seal {
    /// With a passphrase, at the usual cost.
    pub fn new(passphrase: impl Into<String>) -> Seal {
        Seal {
            passphrase: SecretString::from(passphrase.into()),
            work_factor: WORK_FACTOR,
        }
    }

    /// At another cost, as a power of two from 1 to 63. A lower one is for
    /// tests alone; a file of a higher one than [`limits::WORK_FACTOR`] is refused.
    #[must_use]
    pub fn costing(self, work_factor: u8) -> Seal {
        Seal {
            work_factor: work_factor.clamp(1, 63),
            ..self
        }
    }

    /// What encrypts all that is written into it.
    pub(super) fn over<W: Write>(&self, output: W) -> Result<age::stream::StreamWriter<W>> {
        let mut recipient = Recipient::new(self.passphrase.clone());
        recipient.set_work_factor(self.work_factor);
        let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .map_err(|error| FileError::Io(io::Error::other(error)))?;
        Ok(encryptor.wrap_output(output)?)
    }

    /// What is inside of an encrypted file.
    pub(super) fn opened<R: BufRead + Send + 'static>(&self, source: R) -> Result<Box<dyn BufRead + Send>> {
        let (header, source) = header(source)?;
        let decryptor =
            Decryptor::new_buffered(io::Cursor::new(header).chain(source)).map_err(damaged_seal)?;
        if !decryptor.is_scrypt() {
            return Err(FileError::impossible(
                "it is encrypted otherwise than with a passphrase",
            ));
        }
        let mut identity = Identity::new(self.passphrase.clone());
        identity.set_max_work_factor(limits::WORK_FACTOR);
        let inside = decryptor
            .decrypt(std::iter::once(&identity as &dyn age::Identity))
            .map_err(damaged_seal)?;
        Ok(Box::new(BufReader::new(inside)))
    }
}

/// Reads the first bytes, which hold the whole header: a header is read to its
/// end before it is looked at, however long it is.
fn header<R: BufRead>(mut source: R) -> Result<(Vec<u8>, R)> {
    let mut start = Vec::with_capacity(limits::SEAL_HEADER_BYTES);
    source
        .by_ref()
        .take(limits::SEAL_HEADER_BYTES as u64)
        .read_to_end(&mut start)?;
    if start.windows(HEADER_END.len()).any(|found| found == HEADER_END) {
        return Ok((start, source));
    }
    Err(FileError::damaged("the head of its encryption"))
}

fn damaged_seal(error: DecryptError) -> FileError {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => FileError::PassphraseWrong,
        DecryptError::ExcessiveWork { required, .. } => FileError::too_large(format!(
            "trying its passphrase takes 2^{required} steps, more than 2^{}",
            limits::WORK_FACTOR
        )),
        DecryptError::Io(error) if error.kind() == io::ErrorKind::Other => error.into(),
        _ => FileError::damaged("the head of its encryption"),
    }
}
