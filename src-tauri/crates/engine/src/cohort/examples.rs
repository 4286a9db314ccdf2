//! Texts that patterns match.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Most repetitions and characters of an example.
const LONGEST: usize = 200;

/// A text that a regular expression matches; `None` for patterns beyond plain regular expressions. Where a pattern
/// looks at its surroundings the text may fail to match.
pub(super) fn matching_text(pattern: &str) -> Option<String> {
    let parsed = regex_syntax::Parser::new().parse(pattern).ok()?;
    let mut text = String::new();
    write(&parsed, &mut text)?;
    Some(text)
}

/// The parser limits how deep patterns nest.
fn write(part: &Hir, text: &mut String) -> Option<()> {
    if text.len() > LONGEST {
        return None;
    }
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            text.push(pick(class.ranges().iter().map(|one| (one.start(), one.end())))?);
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges = class
                .ranges()
                .iter()
                .map(|one| (char::from(one.start()), char::from(one.end())));
            text.push(pick(ranges)?);
        }
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                write(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, text)?;
            }
        }
        HirKind::Alternation(parts) => write(parts.first()?, text)?,
    }
    Some(())
}

/// A character out of a class: a letter or a digit where there is one.
fn pick(ranges: impl Iterator<Item = (char, char)> + Clone) -> Option<char> {
    let holds = |wanted: &char| ranges.clone().any(|(from, to)| (from..=to).contains(wanted));
    ['a', 'A', '1', '0']
        .into_iter()
        .find(holds)
        .or_else(|| ranges.map(|(from, _)| from).next())
}
