//! A text that a pattern probably matches, for showing it to a person.

use crate::pattern::syntax::{Class, Piece, SetItem};

impl Piece {
    /// Appends a text for this piece, the shortest of its choices; `false` where that is beyond this.
    ///
    /// Look-around is passed over, so a caller must try the text out.
    pub(crate) fn sample(&self, out: &mut String, groups: &mut Vec<(u32, String)>) -> bool {
        match self {
            Self::Empty
            | Self::Start { .. }
            | Self::End { .. }
            | Self::VeryEnd
            | Self::Boundary { .. }
            | Self::Look { negated: true, .. }
            | Self::Look { behind: true, .. } => true,
            Self::Fail | Self::Conditional { .. } | Self::Look { .. } => false,
            Self::Literal { character, .. } => {
                out.push(*character);
                true
            }
            Self::Any { .. } => {
                out.push('a');
                true
            }
            Self::Set { negated, items, .. } => match character_of(*negated, items) {
                Some(character) => {
                    out.push(character);
                    true
                }
                None => false,
            },
            Self::Sequence(pieces) => pieces.iter().all(|piece| piece.sample(out, groups)),
            Self::Choice(pieces) => pieces.iter().any(|piece| {
                let length = out.len();
                let can = piece.sample(out, groups);
                if !can {
                    out.truncate(length);
                }
                can
            }),
            Self::Repeat { piece, least, .. } => (0..(*least).min(64)).all(|_| piece.sample(out, groups)),
            Self::Group { number, piece } => {
                let start = out.len();
                let can = piece.sample(out, groups);
                groups.push((*number, out[start..].to_owned()));
                can
            }
            Self::Atomic(piece) => piece.sample(out, groups),
            Self::Reference { group, .. } => {
                let found = groups.iter().rev().find(|(number, _)| number == group);
                found.is_some_and(|(_, text)| {
                    out.push_str(text);
                    true
                })
            }
        }
    }
}

/// A character of a set, a plain one if there is any.
fn character_of(negated: bool, items: &[SetItem]) -> Option<char> {
    let plain = "a1A_-. @/".chars().chain(' '..='~');
    let first = items.iter().find_map(|item| match item {
        SetItem::Range(from, _) => char::from_u32(*from),
        SetItem::Class { .. } => None,
    });
    plain
        .chain(first)
        .find(|character| items.iter().any(|item| item.holds(*character)) != negated)
}

impl SetItem {
    fn holds(&self, character: char) -> bool {
        match self {
            Self::Range(from, until) => (*from..=*until).contains(&u32::from(character)),
            Self::Class { class, negated, .. } => {
                let is_in = match class {
                    Class::Digit => character.is_ascii_digit(),
                    Class::Space => character.is_ascii_whitespace(),
                    Class::Word => character.is_ascii_alphanumeric() || character == '_',
                };
                is_in != *negated
            }
        }
    }
}
