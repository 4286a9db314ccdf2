//! Where the members and elements of minified JSON begin and end, so that it
//! can be taken apart and put together again letter for letter. The text was
//! found valid before; of one that is not, something is given all the same.

use std::ops::Range;

/// A member of an object: its name with the quotes, and its value.
pub(super) struct Member {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// Takes the white space out that stands between tokens; nothing where there
/// is none.
pub(super) fn minified(text: &str) -> Option<String> {
    let mut kept = String::new();
    let mut from = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    let mut found = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = after_text(bytes, at),
            b' ' | b'\n' | b'\r' | b'\t' => {
                found = true;
                kept.push_str(text.get(from..at).unwrap_or_default());
                at += 1;
                from = at;
            }
            _ => at += 1,
        }
    }
    if !found {
        return None;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    Some(kept)
}

/// The members of the object that a range of a text is; none for anything else.
pub(super) fn members(text: &str, object: &Range<usize>) -> Vec<Member> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    if bytes.get(object.start) != Some(&b'{') {
        return found;
    }
    let mut at = object.start + 1;
    while at + 1 < object.end && bytes.get(at) == Some(&b'"') {
        let name = at..after_text(bytes, at);
        let value = name.end + 1..after_value(bytes, name.end + 1);
        at = value.end + 1;
        found.push(Member { name, value });
    }
    found
}

/// The elements of the array that a range of a text is; nothing for anything else.
pub(super) fn elements(text: &str, array: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let bytes = text.as_bytes();
    if bytes.get(array.start) != Some(&b'[') {
        return None;
    }
    let mut found = Vec::new();
    let mut at = array.start + 1;
    while at + 1 < array.end {
        let element = at..after_value(bytes, at);
        at = element.end + 1;
        found.push(element);
    }
    Some(found)
}

fn after_value(bytes: &[u8], from: usize) -> usize {
    match bytes.get(from) {
        Some(b'"') => after_text(bytes, from),
        Some(b'{' | b'[') => after_nested(bytes, from),
        _ => bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']'))
            .map_or(bytes.len(), |length| from + length),
    }
}

fn after_nested(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = after_text(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Behind the closing quote of the text that begins at `from`.
fn after_text(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_between_tokens_goes_and_no_other() {
        for (text, expected) in [
            ("{ \"a b\" : [ 1 ,\t2 ] }\n", Some("{\"a b\":[1,2]}")),
            (r#"{"a":" \" x "}"#, None),
            (r#"{ "a":" \\" }"#, Some(r#"{"a":" \\"}"#)),
            ("", None),
            (" ", Some("")),
            ("\"", None),
        ] {
            assert_eq!(minified(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn members_and_elements_are_found_where_they_are() {
        let text = r#"{"a":1,"b\"":{"c":[{"]":2}]},"d":[],"e":"}","f":null}"#;
        let found: Vec<_> = members(text, &(0..text.len()))
            .into_iter()
            .map(|member| (&text[member.name], &text[member.value]))
            .collect();
        assert_eq!(
            found,
            [
                ("\"a\"", "1"),
                ("\"b\\\"\"", r#"{"c":[{"]":2}]}"#),
                ("\"d\"", "[]"),
                ("\"e\"", "\"}\""),
                ("\"f\"", "null"),
            ]
        );
        let text = r#"[1,[2,3],"]",{}]"#;
        let found = elements(text, &(0..text.len())).unwrap_or_default();
        let found: Vec<_> = found.into_iter().map(|element| &text[element]).collect();
        assert_eq!(found, ["1", "[2,3]", "\"]\"", "{}"]);
        assert_eq!(elements("[]", &(0..2)), Some(Vec::new()));
        assert_eq!(elements("{}", &(0..2)), None);
    }

    #[test]
    fn what_is_not_json_ends_all_the_same() {
        for text in [
            "", "[", "{", "{\"", "[1", "{\"a", "{\"a\"", "{\"a\":", "]", "[[", "\\", "[\"\\",
        ] {
            let whole = 0..text.len();
            members(text, &whole);
            elements(text, &whole);
            minified(text);
        }
    }
}
