//! Numbers as the reference reads and prints them.
//!
//! The reference engine is written in Python, so `int()`, `float()` and `str()` of that language decide what an
//! operand means. Rust's own parsing differs in blanks, underscores, Unicode digits and exponents.

use std::fmt::Write;

use num_bigint::BigInt;

/// The reference refuses to convert text with more digits than this to an integer.
pub(crate) const LONGEST_INTEGER: usize = 4300;

/// An integer of any size, small ones without an allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Integer {
    /// Fits in 64 bits.
    Small(i64),
    /// Does not.
    Big(Box<BigInt>),
}

impl Integer {
    /// Reads plain decimal digits with an optional sign; the caller has checked the form.
    pub(crate) fn from_digits(digits: &str) -> Option<Self> {
        if let Ok(small) = digits.parse::<i64>() {
            return Some(Self::Small(small));
        }
        digits.parse::<BigInt>().ok().map(|big| Self::Big(Box::new(big)))
    }

    /// An unsigned number, which may be past the signed range.
    pub(crate) fn from_unsigned(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Big(Box::new(BigInt::from(number))), Self::Small)
    }

    /// Appends the digits.
    pub(crate) fn print_in(&self, buffer: &mut String) {
        // Writing to text cannot fail.
        let _ = write!(buffer, "{self}");
    }

    /// The nearest double, or `None` where the reference raises an overflow.
    pub(crate) fn to_float(&self) -> Option<f64> {
        match self {
            Self::Small(small) => Some(*small as f64),
            Self::Big(big) => big
                .to_string()
                .parse::<f64>()
                .ok()
                .filter(|float| float.is_finite()),
        }
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Small(left), Self::Small(right)) => left.cmp(right),
            (Self::Small(left), Self::Big(right)) => BigInt::from(*left).cmp(right),
            (Self::Big(left), Self::Small(right)) => (**left).cmp(&BigInt::from(*right)),
            (Self::Big(left), Self::Big(right)) => left.cmp(right),
        }
    }
}

impl std::fmt::Display for Integer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Small(small) => write!(out, "{small}"),
            Self::Big(big) => write!(out, "{big}"),
        }
    }
}

/// `int(text)`: blanks around, one sign, digits of any script, single underscores between digits.
pub(crate) fn parse_integer(text: &str) -> Option<Integer> {
    let plain = plain_digits(text);
    let trimmed = plain.trim_matches(is_ascii_blank);
    let (sign, digits) = split_sign(trimmed);
    let digits = without_underscores(digits)?;
    if digits.is_empty()
        || digits.len() > LONGEST_INTEGER
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    Integer::from_digits(&format!("{sign}{digits}"))
}

/// `float(text)`: as [`parse_integer`], and also fractions, exponents, `inf`, `infinity` and `nan` in any case.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let plain = plain_digits(text);
    let trimmed = plain.trim_matches(is_ascii_blank);
    let (sign, unsigned) = split_sign(trimmed);
    let negative = sign == "-";
    let magnitude = match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => {
            let digits = without_underscores(unsigned)?;
            if !is_decimal_float(&digits) {
                return None;
            }
            digits.parse::<f64>().ok()?
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// `digits[.digits][e±digits]` with at least one digit in the mantissa, and nothing else.
fn is_decimal_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() == 0 {
        return false;
    }
    exponent.is_none_or(|exponent| {
        let digits = split_sign(exponent).1;
        !digits.is_empty() && all_digits(digits)
    })
}

fn split_sign(text: &str) -> (&str, &str) {
    match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    }
}

/// Drops underscores that stand between two digits; any other underscore makes the number invalid.
fn without_underscores(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'_' {
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        if !is_digit(before) || !is_digit(bytes.get(at + 1)) {
            return None;
        }
    }
    Some(text.replace('_', "").into())
}

/// The blanks that C's `isspace` knows; ASCII separators 28 to 31 are not among them.
fn is_ascii_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// Maps decimal digits of every script to ASCII and non-ASCII blanks to a space.
fn plain_digits(text: &str) -> std::borrow::Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    text.chars()
        .map(|character| {
            if character.is_ascii() {
                character
            } else if character.is_whitespace() {
                ' '
            } else {
                decimal_digit(character).map_or('?', |digit| char::from(b'0' + digit))
            }
        })
        .collect::<String>()
        .into()
}

fn decimal_digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let after = DECIMAL_ZEROS.partition_point(|zero| *zero <= code);
    let zero = DECIMAL_ZEROS.get(after.checked_sub(1)?)?;
    u8::try_from(code - zero).ok().filter(|digit| *digit < 10)
}

/// Code point of the digit zero of every script outside ASCII; its nine followers are 1 to 9 (Unicode 14, as the
/// reference's Python 3.11 has it).
const DECIMAL_ZEROS: [u32; 65] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50,
    0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
    0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Appends [`print_float`], without an allocation where no exponent is needed.
pub(crate) fn print_float_in(float: f64, buffer: &mut String) {
    let needs_exponent = float != 0.0 && !(1e-4..1e16).contains(&float.abs());
    if needs_exponent || float.is_nan() {
        buffer.push_str(&print_float(float));
        return;
    }
    let start = buffer.len();
    // Writing to text cannot fail.
    let _ = write!(buffer, "{float}");
    if !buffer[start..].contains('.') {
        buffer.push_str(".0");
    }
}

/// `str(float)`: shortest digits that read back, an exponent below 1e-4 and from 1e16 on, `.0` for whole numbers.
pub(crate) fn print_float(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or_default();
    if float != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{float}");
    if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    }
}
