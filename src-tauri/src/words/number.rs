//! Numbers, lists and values as people read them.

use serde_json::Value;

/// Longer texts are cut, so that a sentence stays one.
const LONGEST_TEXT: usize = 60;

/// Longer lists are cut.
const MOST_MEMBERS: usize = 5;

/// With separators between thousands: `2,400`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 flag`, `2,400 flags`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A share with one decimal: `18.4%`. Neither nobody nor everybody unless it is so.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0%".into();
    }
    let percent = part as f64 / whole as f64 * 100.0;
    match part {
        0 => "0%".into(),
        _ if part == whole => "100%".into(),
        _ if percent < 0.05 => "under 0.1%".into(),
        _ if percent > 99.95 => "over 99.9%".into(),
        _ => format!("{percent:.1}%"),
    }
}

/// Two decimals: `23.19`.
pub fn two(number: f64) -> String {
    format!("{number:.2}")
}

/// At most two decimals, none where they are zero: `30`, `33.3`.
pub fn short(number: f64) -> String {
    let text = two(number);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A value without quotes, cut where it is long; `nothing` for null.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        Value::Null => "nothing".into(),
        other => cut(&other.to_string()),
    }
}

/// The same with text in quotes, for the middle and the end of a sentence.
pub fn quoted(value_of: &Value) -> String {
    match value_of {
        Value::String(text) => format!("\"{}\"", cut(text)),
        other => value(other),
    }
}

/// The beginning of a text, and a sign that there is more.
pub fn cut(text: &str) -> String {
    cut_at(text, LONGEST_TEXT)
}

/// The same for another length, in characters.
pub fn cut_at(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(longest.saturating_sub(3)).collect();
    format!("{beginning}…")
}

/// `DE, AT, NL`, cut where it is long: `DE, AT, NL, FR, BE and 12 more`.
pub fn list<Member: AsRef<str>>(members: &[Member]) -> String {
    let shown: Vec<String> = members
        .iter()
        .take(MOST_MEMBERS)
        .map(|member| cut(member.as_ref()))
        .collect();
    match members.len().saturating_sub(MOST_MEMBERS) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), count(more as u64)),
    }
}

/// `Germany`, `Germany and Austria`, `Germany, Austria and France`.
pub fn series<Member: AsRef<str>>(members: &[Member]) -> String {
    match members {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        let cases = [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (2_400, "2,400"),
            (1_000_000, "1,000,000"),
        ];
        for (number, expected) in cases {
            assert_eq!(count(number), expected);
        }
        assert_eq!(plural(1, "identity", "identities"), "1 identity");
        assert_eq!(plural(2_400, "identity", "identities"), "2,400 identities");
    }

    #[test]
    fn a_share_is_never_rounded_to_nobody_or_everybody() {
        let cases = [
            (442, 2_400, "18.4%"),
            (2_112, 2_400, "88.0%"),
            (0, 2_400, "0%"),
            (2_400, 2_400, "100%"),
            (1, 100_000, "under 0.1%"),
            (99_999, 100_000, "over 99.9%"),
            (0, 0, "0%"),
        ];
        for (part, whole, expected) in cases {
            assert_eq!(share(part, whole), expected, "{part} of {whole}");
        }
    }

    #[test]
    fn numbers_lose_needless_decimals() {
        for (number, expected) in [(30.0, "30"), (33.3, "33.3"), (0.0, "0"), (23.194, "23.19")] {
            assert_eq!(short(number), expected);
        }
    }

    #[test]
    fn lists_are_cut_where_they_are_long() {
        assert_eq!(list(&["DE", "AT"]), "DE, AT");
        assert_eq!(
            list(&["a", "b", "c", "d", "e", "f", "g"]),
            "a, b, c, d, e and 2 more"
        );
        assert_eq!(series(&["a"]), "a");
        assert_eq!(series(&["a", "b", "c"]), "a, b and c");
        assert_eq!(cut(&"x".repeat(61)).chars().count(), 58);
    }
}
