//! A text that a pattern matches.

use crate::pattern::Pattern;
use crate::pattern::syntax::{Class, Piece, SetItem};

/// Examples no longer than this are made; longer ones would help nobody.
const LONGEST: usize = 60;

impl Pattern {
    /// A short text that the pattern probably matches. Boundaries, look-arounds and references are not solved, only
    /// passed over, so whoever uses the text tries it first.
    pub(crate) fn example(&self) -> Option<String> {
        let mut out = String::new();
        write(&self.piece, &mut out)?;
        (out.len() <= LONGEST).then_some(out)
    }
}

fn write(piece: &Piece, out: &mut String) -> Option<()> {
    match piece {
        Piece::Fail => return None,
        Piece::Literal { character, .. } => out.push(*character),
        Piece::Any { .. } => out.push('a'),
        Piece::Set { negated, items, .. } => out.push(member(*negated, items)?),
        Piece::Sequence(pieces) => {
            for piece in pieces {
                write(piece, out)?;
            }
        }
        Piece::Choice(pieces) => write(pieces.first()?, out)?,
        Piece::Repeat {
            piece, least, most, ..
        } => {
            // What may be left out is left out, except where text is expected between two others.
            let count = if *least == 0 && *most == Some(1) {
                0
            } else {
                (*least).max(1)
            };
            for _ in 0..count {
                write(piece, out)?;
                if out.len() > LONGEST {
                    return None;
                }
            }
        }
        Piece::Group { piece, .. } | Piece::Atomic(piece) => write(piece, out)?,
        Piece::Reference { .. } | Piece::Conditional { .. } => return None,
        Piece::Empty
        | Piece::Start { .. }
        | Piece::End { .. }
        | Piece::VeryEnd
        | Piece::Boundary { .. }
        | Piece::Look { .. } => {}
    }
    Some(())
}

/// A member of a set, a usual character where one is in it.
fn member(negated: bool, items: &[SetItem]) -> Option<char> {
    let usual = "a1A-_.@ /:bcdefghijklmnopqrstuvwxyz023456789BCDEFGHIJKLMNOPQRSTUVWXYZ".chars();
    let is_in = |character: char| items.iter().any(|item| has(item, character)) != negated;
    let first = items.iter().find_map(|item| match item {
        SetItem::Range(from, _) if !negated => char::from_u32(*from),
        _ => None,
    });
    usual.into_iter().find(|character| is_in(*character)).or(first)
}

fn has(item: &SetItem, character: char) -> bool {
    match item {
        SetItem::Range(from, to) => (*from..=*to).contains(&u32::from(character)),
        SetItem::Class { class, negated, .. } => {
            let is_in = match class {
                Class::Digit => character.is_ascii_digit(),
                Class::Space => character.is_whitespace(),
                Class::Word => character.is_alphanumeric() || character == '_',
            };
            is_in != *negated
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pattern::Pattern;

    #[test]
    fn examples_match() {
        let patterns = [
            "^p",
            r"\d+",
            r".*@.*\.com$",
            "[a-m]",
            r"(?i)PRO$",
            r"\w+\b",
            "(de|at)-[0-9]{3}",
            "[^a]x?",
            r"^\S+@acme\.test$",
        ];
        for pattern in patterns {
            let compiled = Pattern::new(pattern).unwrap();
            let example = compiled.example().unwrap();
            assert_eq!(
                compiled.matches_start(&example),
                Ok(true),
                "{pattern} and {example}"
            );
        }
        assert_eq!(Pattern::new("a{100}").unwrap().example(), None);
    }
}
