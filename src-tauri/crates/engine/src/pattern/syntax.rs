//! The syntax tree of a pattern.

/// One piece of a pattern, with the flags that hold where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Empty,
    /// Can never match: an empty negative look-around, or half a surrogate pair.
    Fail,
    Literal {
        character: char,
        ignore_case: bool,
    },
    /// `.`, with or without line breaks.
    Any {
        line_breaks: bool,
    },
    Set {
        negated: bool,
        items: Vec<SetItem>,
        ignore_case: bool,
    },
    /// `^`, at the start of the text or of any line.
    Start {
        lines: bool,
    },
    /// `$`, at the end of the text or before its last line break, or at the end of any line.
    End {
        lines: bool,
    },
    /// `\Z`.
    VeryEnd,
    /// `\b` and `\B`.
    Boundary {
        negated: bool,
        ascii: bool,
    },
    Sequence(Vec<Piece>),
    Choice(Vec<Piece>),
    Repeat {
        piece: Box<Piece>,
        least: u32,
        most: Option<u32>,
        manner: Manner,
    },
    /// Capturing, with its number.
    Group {
        number: u32,
        piece: Box<Piece>,
    },
    Atomic(Box<Piece>),
    Look {
        behind: bool,
        negated: bool,
        piece: Box<Piece>,
    },
    Reference {
        group: u32,
        ignore_case: bool,
    },
    /// `is_closed`: the group ends before this.
    Conditional {
        group: u32,
        is_closed: bool,
        yes: Box<Piece>,
        no: Box<Piece>,
    },
}

/// How a repetition tries its counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Greedy,
    Lazy,
    Possessive,
}

/// A member of a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SetItem {
    /// From and to, as code points; half surrogate pairs are possible.
    Range(u32, u32),
    Class {
        class: Class,
        negated: bool,
        ascii: bool,
    },
}

/// The classes that have an escape of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Digit,
    Space,
    Word,
}

/// Width of an unbounded piece.
pub(crate) const UNBOUNDED: u64 = u32::MAX as u64;

impl Piece {
    /// Least and greatest number of characters this can match; `groups` has the widths of the closed groups.
    pub(crate) fn width(&self, groups: &[(u64, u64)]) -> (u64, u64) {
        let (least, most) = match self {
            Self::Literal { .. } | Self::Any { .. } | Self::Set { .. } => (1, 1),
            Self::Sequence(pieces) => pieces.iter().fold((0, 0), |(least, most), piece| {
                let width = piece.width(groups);
                (least + width.0, most + width.1)
            }),
            Self::Choice(pieces) => pieces.iter().fold((UNBOUNDED, 0), |(least, most), piece| {
                let width = piece.width(groups);
                (least.min(width.0), most.max(width.1))
            }),
            Self::Repeat {
                piece, least, most, ..
            } => {
                let width = piece.width(groups);
                let upper = match most {
                    None if width.1 > 0 => UNBOUNDED,
                    None => 0,
                    Some(most) => width.1 * u64::from(*most),
                };
                (width.0 * u64::from(*least), upper)
            }
            Self::Group { piece, .. } | Self::Atomic(piece) => piece.width(groups),
            Self::Reference { group, .. } => groups.get(*group as usize).copied().unwrap_or_default(),
            Self::Conditional { yes, no, .. } => {
                let (yes, no) = (yes.width(groups), no.width(groups));
                (yes.0.min(no.0), yes.1.max(no.1))
            }
            Self::Empty
            | Self::Fail
            | Self::Start { .. }
            | Self::End { .. }
            | Self::VeryEnd
            | Self::Boundary { .. }
            | Self::Look { .. } => (0, 0),
        };
        (least.min(UNBOUNDED), most.min(UNBOUNDED))
    }

    /// Whether this looks without ever taking a character.
    pub(crate) fn takes_nothing(&self) -> bool {
        match self {
            Self::Literal { .. } | Self::Any { .. } | Self::Set { .. } | Self::Reference { .. } => false,
            Self::Sequence(pieces) | Self::Choice(pieces) => pieces.iter().all(Self::takes_nothing),
            Self::Repeat { piece, .. } | Self::Group { piece, .. } | Self::Atomic(piece) => {
                piece.takes_nothing()
            }
            Self::Conditional { yes, no, .. } => yes.takes_nothing() && no.takes_nothing(),
            _ => true,
        }
    }

    /// Whether only a backtracking matcher can do this.
    pub(crate) fn needs_backtracking(&self) -> bool {
        match self {
            Self::Atomic(_) | Self::Look { .. } | Self::Reference { .. } | Self::Conditional { .. } => true,
            Self::Sequence(pieces) | Self::Choice(pieces) => pieces.iter().any(Self::needs_backtracking),
            Self::Repeat { piece, manner, .. } => *manner == Manner::Possessive || piece.needs_backtracking(),
            Self::Group { piece, .. } => piece.needs_backtracking(),
            _ => false,
        }
    }

    /// Roughly how much a matcher for this weighs, in characters written out.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Self::Sequence(pieces) | Self::Choice(pieces) => pieces
                .iter()
                .fold(1, |sum, piece| piece.weight().saturating_add(sum)),
            Self::Repeat {
                piece, least, most, ..
            } => piece
                .weight()
                .saturating_mul(u64::from(most.unwrap_or(*least).max(1))),
            Self::Group { piece, .. } | Self::Atomic(piece) | Self::Look { piece, .. } => piece.weight(),
            Self::Conditional { yes, no, .. } => yes.weight().saturating_add(no.weight()),
            _ => 1,
        }
    }
}
