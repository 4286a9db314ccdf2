//! Two values line by line.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::FlagValue;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// In both.
    Same,
    /// Only in A.
    OnlyA,
    /// Only in B.
    OnlyB,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePiece {
    /// Its text.
    pub text: String,
    /// It is what differs within the line.
    pub marked: bool,
}

/// A line of one value or of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its number in A, from 1.
    pub a: Option<usize>,
    /// Its number in B, from 1.
    pub b: Option<usize>,
    /// Its text, piece by piece, without the end of the line.
    pub pieces: Vec<LinePiece>,
}

/// Two values line by line, B's lines before those of A that take their place.
/// Objects and arrays are laid out first, also those that are kept as text;
/// where that hides the difference, and for anything else, the text itself is
/// compared. Nothing where neither has a second line.
pub fn lines(a: &Value, b: &Value) -> Vec<Line> {
    let laid_out = (laid_out(a), laid_out(b));
    if let (Some(a), Some(b)) = laid_out
        && a != b
    {
        return lines_of(&a, &b);
    }
    let text = |value: &Value| FlagValue(value.clone()).text();
    let (a, b) = (text(a), text(b));
    if a.contains('\n') || b.contains('\n') {
        lines_of(&a, &b)
    } else {
        Vec::new()
    }
}

fn laid_out(value: &Value) -> Option<String> {
    let parsed = match value {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let has_lines = match &parsed {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    has_lines.then(|| serde_json::to_string_pretty(&parsed).ok())?
}

/// Two texts line by line.
fn lines_of(a: &str, b: &str) -> Vec<Line> {
    let with_end = |text: &str| {
        if text.is_empty() || text.ends_with('\n') {
            text.to_owned()
        } else {
            format!("{text}\n")
        }
    };
    let (a, b) = (with_end(a), with_end(b));
    let diff = TextDiff::from_lines(&b, &a);
    let mut lines = Vec::new();
    for op in diff.ops() {
        let (mut of_b, mut of_a) = (Vec::new(), Vec::new());
        for change in diff.iter_changes(op) {
            let text = change.value().trim_end_matches(['\n', '\r']);
            let line = |kind| Line {
                kind,
                a: change.new_index().map(|index| index + 1),
                b: change.old_index().map(|index| index + 1),
                pieces: vec![LinePiece {
                    text: text.to_owned(),
                    marked: false,
                }],
            };
            match change.tag() {
                ChangeTag::Equal => lines.push(line(LineKind::Same)),
                ChangeTag::Delete => of_b.push(line(LineKind::OnlyB)),
                ChangeTag::Insert => of_a.push(line(LineKind::OnlyA)),
            }
        }
        for (before, after) in of_b.iter_mut().zip(&mut of_a) {
            mark(before, after);
        }
        lines.append(&mut of_b);
        lines.append(&mut of_a);
    }
    lines
}

/// Marks what differs between two lines that stand for each other: what is left
/// between the words that they begin and end with alike.
fn mark(before: &mut Line, after: &mut Line) {
    let text =
        |line: &Line| -> Vec<char> { line.pieces.iter().flat_map(|piece| piece.text.chars()).collect() };
    let (one, other) = (text(before), text(after));
    let is_inside = |text: &[char], at: usize| {
        let letter = |at: usize| text.get(at).is_some_and(|letter| letter.is_alphanumeric());
        at > 0 && letter(at - 1) && letter(at)
    };
    let alike = one.iter().zip(&other).take_while(|(one, other)| one == other);
    let mut begin = alike.count();
    while begin > 0 && (is_inside(&one, begin) || is_inside(&other, begin)) {
        begin -= 1;
    }
    let rest = one.len().min(other.len()) - begin;
    let alike = one.iter().rev().zip(other.iter().rev());
    let alike = alike.take(rest).take_while(|(one, other)| one == other);
    let mut end = alike.count();
    while end > 0 && (is_inside(&one, one.len() - end) || is_inside(&other, other.len() - end)) {
        end -= 1;
    }
    if begin + end == 0 {
        return;
    }
    for (line, text) in [(before, one), (after, other)] {
        let until = text.len() - end;
        let pieces = [
            (&text[..begin], false),
            (&text[begin..until], true),
            (&text[until..], false),
        ];
        line.pieces = pieces
            .into_iter()
            .filter(|(letters, _)| !letters.is_empty())
            .map(|(letters, marked)| LinePiece {
                text: letters.iter().collect(),
                marked,
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(a: &Value, b: &Value) -> Vec<String> {
        let told = lines(a, b).into_iter().map(|line| {
            let sign = match line.kind {
                LineKind::Same => ' ',
                LineKind::OnlyA => '+',
                LineKind::OnlyB => '-',
            };
            let text: String = line
                .pieces
                .iter()
                .map(|piece| match piece.marked {
                    true => format!("[{}]", piece.text),
                    false => piece.text.clone(),
                })
                .collect();
            let number = |number: Option<usize>| number.map_or("_".to_owned(), |number| number.to_string());
            format!("{}{}{sign}{text}", number(line.a), number(line.b))
        });
        told.collect()
    }

    #[test]
    fn objects_are_laid_out_and_marked_within_their_lines() {
        let a = json!(r#"{"slot":"winter","cta":"Early deals"}"#);
        let b = json!(r#"{"slot": "autumn", "cta": "Shop coats"}"#);
        assert_eq!(
            told(&a, &b),
            [
                "11 {",
                "_2-  \"slot\": \"[autumn]\",",
                "_3-  \"cta\": \"[Shop coats]\"",
                "2_+  \"slot\": \"[winter]\",",
                "3_+  \"cta\": \"[Early deals]\"",
                "44 }",
            ]
        );
    }

    #[test]
    fn what_has_one_line_has_no_lines() {
        for (a, b) in [
            (json!("a"), json!("b")),
            (json!(1), json!("1")),
            (json!(null), json!("x")),
            (json!("{}"), json!("[]")),
        ] {
            assert_eq!(lines(&a, &b), [], "{a} {b}");
        }
    }

    #[test]
    fn text_with_lines_is_compared_as_it_stands() {
        assert_eq!(told(&json!("one\ntwo\n"), &json!("one")), ["11 one", "2_+two"]);
        // The same object, written otherwise: only the text tells them apart.
        let (a, b) = (json!("{\"a\":1}\n"), json!("{\"a\": 1}"));
        assert_eq!(lines(&a, &b).len(), 2);
    }
}
