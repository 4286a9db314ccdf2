//! Regular expressions of the other languages. All of them search anywhere in the text, and a pattern that one cannot
//! read is no match to it.

/// JavaScript without flags; `None` where the model does not know.
pub(super) fn searches_in_node(pattern: &str, text: &str) -> Option<bool> {
    match in_javascript(pattern) {
        Reading::Unknown => None,
        Reading::Invalid => Some(false),
        Reading::Valid(pattern) if pattern.is_ascii() && text.is_ascii() => {
            let compiled = fancy_regex::Regex::new(&pattern).ok()?;
            compiled.is_match(text).ok()
        }
        Reading::Valid(_) => None,
    }
}

/// RE2; `None` where the model does not know.
pub(super) fn searches_in_go(pattern: &str, text: &str) -> Option<bool> {
    let is_special = ["[[", "&&", "--", "~~", "\\x", "\\u", "{,", "\\<", "\\b{", "(?<"]
        .iter()
        .any(|special| pattern.contains(special));
    if has_possessive(pattern) {
        return Some(false);
    }
    if let Ok(regex) = regex::Regex::new(pattern) {
        return (!is_special && pattern.is_ascii() && text.is_ascii()).then(|| regex.is_match(text));
    }
    // What needs backtracking is refused by both, and so is `\Z`.
    let is_refused = needs_backtracking(pattern) || escapes(pattern).any(|escaped| escaped == 'Z');
    is_refused.then_some(false)
}

/// The regex crate, which is also the one here.
pub(super) fn searches_in_rust(pattern: &str, text: &str) -> Option<bool> {
    Some(regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text)))
}

/// Look-around, back-references and the like, which only a backtracking matcher can do.
fn needs_backtracking(pattern: &str) -> bool {
    let names = ["(?=", "(?!", "(?<=", "(?<!", "(?>", "(?(", "(?P="];
    let has_reference = escapes(pattern).any(|escaped| ('1'..='9').contains(&escaped));
    has_reference || names.iter().any(|name| pattern.contains(name))
}

enum Reading {
    Valid(String),
    Invalid,
    Unknown,
}

/// A pattern as JavaScript reads it, written for the matcher here.
fn in_javascript(pattern: &str) -> Reading {
    let has = |parts: &[&str]| parts.iter().any(|part| pattern.contains(part));
    if has(&["(?P", "(?#", "(?>", "(?("]) || has_inline_flags(pattern) || has_possessive(pattern) {
        return Reading::Invalid;
    }
    let is_plain_escape =
        |escaped: char| "dDwWsSbBtnrfvAZ123456789".contains(escaped) || !escaped.is_ascii_alphanumeric();
    if has(&["\\\\", "[[", "[]", "[^]", "{,", "&&", "--", "~~"]) || !escapes(pattern).all(is_plain_escape) {
        return Reading::Unknown;
    }
    // These two escapes are plain letters there.
    Reading::Valid(pattern.replace("\\A", "A").replace("\\Z", "Z"))
}

/// `(?i)`, `(?i:...)` and so on.
fn has_inline_flags(pattern: &str) -> bool {
    pattern.match_indices("(?").any(|(at, _)| {
        pattern[at + 2..].starts_with(|first: char| first.is_ascii_alphabetic() || first == '-')
    })
}

/// A `+` after a quantifier, outside of sets.
fn has_possessive(pattern: &str) -> bool {
    let mut in_set = false;
    let mut after_quantifier = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                characters.next();
                after_quantifier = false;
                continue;
            }
            '[' => in_set = true,
            ']' => in_set = false,
            '+' if after_quantifier && !in_set => return true,
            _ => {}
        }
        after_quantifier = matches!(character, '*' | '+' | '?' | '}') && !in_set;
    }
    false
}

/// The characters that follow a backslash.
fn escapes(pattern: &str) -> impl Iterator<Item = char> {
    let mut characters = pattern.chars();
    std::iter::from_fn(move || {
        characters.by_ref().find(|character| *character == '\\')?;
        characters.next()
    })
}

/// Why the others cannot read a pattern, or read it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum Obstacle {
    /// Go and Rust cannot.
    Backtracking,
    /// JavaScript, and perhaps Go and Rust, read it differently or not at all.
    Dialect,
}

/// What stands in the way of a pattern elsewhere.
pub(in crate::lint) fn obstacles(pattern: &str) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if regex::Regex::new(pattern).is_err() && needs_backtracking(pattern) || has_possessive(pattern) {
        found.push(Obstacle::Backtracking);
    }
    let is_altered = match in_javascript(pattern) {
        Reading::Invalid => true,
        Reading::Valid(read) => read != pattern,
        Reading::Unknown => false,
    };
    if is_altered {
        found.push(Obstacle::Dialect);
    }
    found
}
