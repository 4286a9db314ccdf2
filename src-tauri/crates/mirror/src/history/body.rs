//! Texts as they are stored: named by their hash, and compressed, each
//! against the first text that stood in its place where that is shorter.

use sha2::{Digest, Sha256};
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx};

use crate::{MirrorError, Result};

/// The first half of a SHA-256: short, and still nothing that two different
/// texts could share by accident or by anyone's present means.
pub(super) type Hash = [u8; 16];

/// No text is longer; one that says so was damaged.
const MOST_BYTES: u64 = 1 << 28;
const LEVEL: i32 = 6;

pub(super) const PLAIN: i64 = 0;
pub(super) const COMPRESSED: i64 = 1;

/// How a text's bytes are stored.
pub(super) struct Encoded {
    pub(super) codec: i64,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn hash_of(text: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    hash
}

/// Compresses text after text.
pub(super) struct Encoder(CCtx<'static>);

impl Encoder {
    pub(super) fn new() -> Result<Encoder> {
        let mut context = CCtx::create();
        context
            .set_parameter(CParameter::CompressionLevel(LEVEL))
            .map_err(failed)?;
        Ok(Encoder(context))
    }

    /// A text by itself.
    pub(super) fn encode(&mut self, text: &str) -> Result<Encoded> {
        let mut bytes = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
        self.0.compress2(&mut bytes, text.as_bytes()).map_err(failed)?;
        if bytes.len() < text.len() {
            return Ok(Encoded {
                codec: COMPRESSED,
                bytes,
            });
        }
        Ok(Encoded {
            codec: PLAIN,
            bytes: text.as_bytes().to_vec(),
        })
    }
}

/// A text against another one.
pub(super) fn encode_against(base: &str, text: &str) -> Result<Encoded> {
    let mut context = CCtx::create();
    context
        .set_parameter(CParameter::CompressionLevel(LEVEL))
        .map_err(failed)?;
    context.ref_prefix(base.as_bytes()).map_err(failed)?;
    let mut bytes = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    context.compress2(&mut bytes, text.as_bytes()).map_err(failed)?;
    Ok(Encoded {
        codec: COMPRESSED,
        bytes,
    })
}

/// Reads what was encoded, where its bytes still are what they were.
pub(super) struct Decoder<'a>(DCtx<'a>);

impl<'a> Decoder<'a> {
    pub(super) fn new() -> Decoder<'a> {
        Decoder(DCtx::create())
    }

    /// The text of this hash; nothing where the bytes give another one.
    pub(super) fn decode(
        &mut self,
        hash: &[u8],
        codec: i64,
        bytes: &[u8],
        base: Option<&'a str>,
    ) -> Option<String> {
        let text = match codec {
            PLAIN => bytes.to_vec(),
            _ => self.decompress(bytes, base)?,
        };
        let text = String::from_utf8(text).ok()?;
        (hash_of(&text) == hash).then_some(text)
    }

    fn decompress(&mut self, bytes: &[u8], base: Option<&'a str>) -> Option<Vec<u8>> {
        let length = zstd_safe::get_frame_content_size(bytes).ok()??;
        if length > MOST_BYTES {
            return None;
        }
        if let Some(base) = base {
            self.0.ref_prefix(base.as_bytes()).ok()?;
        }
        let mut text = Vec::with_capacity(usize::try_from(length).ok()?);
        self.0.decompress(&mut text, bytes).ok()?;
        Some(text)
    }
}

fn failed(code: usize) -> MirrorError {
    MirrorError::Other(zstd_safe::get_error_name(code).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_read_and_nothing_else_is() -> Result<()> {
        let base = format!(
            "{{\"name\":\"checkout\",\"text\":\"{}\"}}",
            "lorem ipsum dolor ".repeat(9)
        );
        let text = base.replace("checkout", "new checkout");
        let alone = Encoder::new()?.encode(&text)?;
        let against = encode_against(&base, &text)?;
        assert!(
            against.bytes.len() * 2 < alone.bytes.len(),
            "{}",
            against.bytes.len()
        );
        let hash = hash_of(&text);
        let mut decoder = Decoder::new();
        for (encoded, base) in [(&alone, None), (&against, Some(base.as_str()))] {
            assert_eq!(
                decoder
                    .decode(&hash, encoded.codec, &encoded.bytes, base)
                    .as_ref(),
                Some(&text)
            );
            for index in 0..encoded.bytes.len() {
                for bit in 0..8 {
                    let mut bytes = encoded.bytes.clone();
                    bytes[index] ^= 1 << bit;
                    let read = decoder.decode(&hash, encoded.codec, &bytes, base);
                    assert!(read.is_none() || read.as_ref() == Some(&text), "{index}:{bit}");
                }
            }
        }
        assert_eq!(decoder.decode(&hash, against.codec, &against.bytes, None), None);
        assert_eq!(Encoder::new()?.encode("x")?.codec, PLAIN);
        Ok(())
    }
}
