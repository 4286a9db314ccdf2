//! How much a file may hold. The largest environment that was thought of, 400
//! flags, 400 segments and 5,000 overrides, is a document of about 1.6 MB; its
//! 5,000 moments of a busy year unpack to about 50 MB.

/// The file itself. It is kept in memory while it is looked at.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Everything unpacked. It is held in memory while the file is read.
pub const UNPACKED_BYTES: u64 = 128 * 1024 * 1024;

/// How many times its packed size a file may unpack to. Environments that say
/// the same over and over again reach about 50.
pub const RATIO: u64 = 200;

/// Up to here the ratio does not matter, since small files reach any. It is
/// what a bomb unpacks to before it is refused, and more than one moment of the
/// largest environment.
pub const RATIO_FROM: u64 = 2 * 1024 * 1024;

/// The window that unpacking may need, as a power of two: 8 MiB.
pub const WINDOW_LOG: u32 = 23;

/// One line: a moment of a million identities, fifty names and its authors.
pub const LINE_BYTES: usize = 1024 * 1024;

/// Number of texts and lists.
pub const PARTS: usize = 1_000_000;

/// Number of texts in a list.
pub const LIST: usize = 1024;

/// Number of texts and lists that a moment refers to, for each of its three texts.
pub const REFERENCES: usize = 65_536;

/// Number of moments.
pub const MOMENTS: u64 = 10_000;

/// A document, or a list of flags or segments, put together.
pub const TEXT_BYTES: u64 = 32 * 1024 * 1024;

/// All documents of all moments put together: what importing has to go through.
pub const ALL_TEXT_BYTES: u64 = 32 * 1024 * 1024 * 1024;

/// How deep a document may nest. What reads it later stops at 128.
pub const DEPTH: u32 = 100;

/// Number of values in a document or list. Each takes up to a hundred bytes of
/// memory once it is taken apart.
pub const VALUES: u64 = 2_000_000;

/// Letters of a name in the header.
pub const NAME_LETTERS: usize = 200;

/// The work factor of scrypt, as a power of two, that a passphrase may cost:
/// 256 MiB of memory and about a second. It is what `age -p` uses.
pub const WORK_FACTOR: u8 = 18;

/// The header of an encrypted file. One passphrase needs about 150 bytes.
pub const SEAL_HEADER_BYTES: usize = 1024;

/// The times that a moment can have: from 9 September 2001 until the year 2100.
pub const TIMES: std::ops::Range<i64> = 1_000_000_000_000..4_102_444_800_000;
