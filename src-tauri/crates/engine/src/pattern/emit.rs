//! Writing a pattern for the matchers of this language.

use std::fmt::Write;

use crate::pattern::syntax::{Class, Manner, Piece, SetItem};

/// For which texts the written pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Texts {
    /// ASCII without line feeds, and not empty: classes are short, and the end is the end.
    Plain,
    /// Any.
    Any,
}

/// A pattern in the matchers' syntax, matched from the start of the text.
pub(crate) struct Written {
    pub(crate) pattern: String,
    /// It uses what only the backtracking matcher has.
    pub(crate) backtracks: bool,
}

pub(crate) fn write(piece: &Piece, texts: Texts) -> Written {
    let backtracks = piece.needs_backtracking();
    let mut writer = Writer {
        out: r"\A(?:".to_owned(),
        texts,
        backtracks,
        captures: backtracks,
        repeats: 0,
    };
    writer.piece(piece);
    writer.out.push(')');
    Written {
        pattern: writer.out,
        backtracks: writer.backtracks,
    }
}

struct Writer {
    out: String,
    texts: Texts,
    backtracks: bool,
    /// Groups are numbered only where something refers to their numbers.
    captures: bool,
    /// How many repetitions are around what is being written.
    repeats: usize,
}

/// Matches nothing in both matchers.
const NEVER: &str = r"[^\s\S]";

impl Writer {
    fn piece(&mut self, piece: &Piece) {
        match piece {
            Piece::Empty => self.out.push_str("(?:)"),
            Piece::Fail => self.out.push_str(NEVER),
            Piece::Literal {
                character,
                ignore_case,
            } => self.literal(*character, *ignore_case),
            Piece::Any { line_breaks: true } => self.out.push_str("(?s:.)"),
            Piece::Any { line_breaks: false } => self.out.push_str(r"[^\n]"),
            Piece::Set {
                negated,
                items,
                ignore_case,
            } => self.set(*negated, items, *ignore_case),
            Piece::Start { lines: false } => self.out.push_str(r"\A"),
            Piece::Start { lines: true } => self.out.push_str("(?m:^)"),
            Piece::End { lines: true } => self.out.push_str("(?m:$)"),
            Piece::VeryEnd => self.out.push_str(r"\z"),
            Piece::End { lines: false } => self.end(),
            Piece::Boundary { negated, ascii } => self.boundary(*negated, *ascii),
            Piece::Sequence(pieces) => self.between("(?:", pieces, ""),
            Piece::Choice(pieces) => self.between("(?:", pieces, "|"),
            Piece::Repeat {
                piece,
                least,
                most,
                manner,
            } => self.repeat(piece, *least, *most, *manner),
            Piece::Group { piece, .. } => {
                self.around(if self.captures { "(" } else { "(?:" }, piece);
            }
            Piece::Atomic(piece) => self.around("(?>", piece),
            Piece::Look {
                behind,
                negated,
                piece,
            } => self.around(
                match (behind, negated) {
                    (false, false) => "(?=",
                    (false, true) => "(?!",
                    (true, false) => "(?<=",
                    (true, true) => "(?<!",
                },
                piece,
            ),
            Piece::Reference { group, ignore_case } => {
                let flag = if *ignore_case { "i" } else { "" };
                let _ = write!(self.out, r"(?{flag}:\{group})");
            }
            // A group that ends later has not matched yet, unless a repetition comes by again.
            Piece::Conditional {
                is_closed: false, no, ..
            } if self.repeats == 0 => self.piece(no),
            Piece::Conditional { group, yes, no, .. } => {
                let _ = write!(self.out, "(?({group})");
                self.piece(yes);
                self.out.push('|');
                self.piece(no);
                self.out.push(')');
            }
        }
    }

    fn around(&mut self, opening: &str, piece: &Piece) {
        self.out.push_str(opening);
        self.piece(piece);
        self.out.push(')');
    }

    fn between(&mut self, opening: &str, pieces: &[Piece], separator: &str) {
        self.out.push_str(opening);
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                self.out.push_str(separator);
            }
            self.piece(piece);
        }
        self.out.push(')');
    }

    fn literal(&mut self, character: char, ignore_case: bool) {
        if ignore_case {
            self.out.push_str("(?i:");
        }
        self.code(u32::from(character));
        if ignore_case {
            self.out.push(')');
        }
    }

    fn code(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(character) if character.is_ascii_alphanumeric() => self.out.push(character),
            _ => {
                let _ = write!(self.out, r"\x{{{code:x}}}");
            }
        }
    }

    fn set(&mut self, negated: bool, items: &[SetItem], ignore_case: bool) {
        let start = self.out.len();
        self.out.push_str(if ignore_case { "(?i:[" } else { "[" });
        if negated {
            self.out.push('^');
        }
        let mut is_empty = true;
        for item in items {
            match item {
                SetItem::Range(from, to) => {
                    // Half surrogate pairs occur in no text.
                    let from = if (0xd800..0xe000).contains(from) {
                        0xe000
                    } else {
                        *from
                    };
                    let to = if (0xd800..0xe000).contains(to) {
                        0xd7ff
                    } else {
                        *to
                    };
                    if from > to {
                        continue;
                    }
                    self.code(from);
                    self.out.push('-');
                    self.code(to);
                }
                SetItem::Class {
                    class,
                    negated,
                    ascii,
                } => {
                    let members = members(*class, *ascii || self.texts == Texts::Plain);
                    let negation = if *negated { "^" } else { "" };
                    let _ = write!(self.out, "[{negation}{members}]");
                }
            }
            is_empty = false;
        }
        self.out.push_str(if ignore_case { "])" } else { "]" });
        if is_empty {
            self.out.truncate(start);
            self.out.push_str(if negated { r"[\s\S]" } else { NEVER });
        }
    }

    /// At the end, or before a line feed at the end.
    fn end(&mut self) {
        if self.texts == Texts::Plain {
            self.out.push_str(r"\z");
        } else {
            self.backtracks = true;
            self.out.push_str(r"(?=\n?\z)");
        }
    }

    fn boundary(&mut self, negated: bool, ascii: bool) {
        if ascii || self.texts == Texts::Plain {
            let word = members(Class::Word, true);
            if self.texts == Texts::Plain {
                self.out.push_str(if negated { r"\B" } else { r"\b" });
                return;
            }
            self.look_boundary(word, negated);
        } else {
            self.look_boundary(members(Class::Word, false), negated);
        }
    }

    /// A boundary of other words than the matchers' own.
    fn look_boundary(&mut self, word: &str, negated: bool) {
        self.backtracks = true;
        // Python has no boundary of either kind in an empty text.
        let _ = if negated {
            write!(
                self.out,
                "(?:(?<=[{word}])(?=[{word}])|(?<![{word}])(?=[^{word}])|(?<=[^{word}])(?![{word}]))"
            )
        } else {
            write!(
                self.out,
                "(?:(?<=[{word}])(?![{word}])|(?<![{word}])(?=[{word}]))"
            )
        };
    }

    fn repeat(&mut self, piece: &Piece, least: u32, most: Option<u32>, manner: Manner) {
        if piece.takes_nothing() {
            return self.repeat_nothing(piece, least, manner);
        }
        if manner == Manner::Possessive {
            self.out.push_str("(?>");
        }
        self.repeats += 1;
        self.around("(?:", piece);
        self.repeats -= 1;
        let _ = match most {
            None if least == 0 => write!(self.out, "*"),
            None if least == 1 => write!(self.out, "+"),
            None => write!(self.out, "{{{least},}}"),
            Some(most) => write!(self.out, "{{{least},{most}}}"),
        };
        match manner {
            Manner::Greedy => {}
            Manner::Lazy => self.out.push('?'),
            Manner::Possessive => self.out.push(')'),
        }
    }

    /// Looking many times is looking once; the backtracking matcher refuses to repeat a look.
    fn repeat_nothing(&mut self, piece: &Piece, least: u32, manner: Manner) {
        let opening = match (manner, least) {
            (Manner::Possessive, _) => "(?>",
            (Manner::Lazy, 0) => "(?:|",
            _ => "(?:",
        };
        self.out.push_str(opening);
        self.piece(piece);
        if least == 0 && manner != Manner::Lazy {
            self.out.push('|');
        }
        self.out.push(')');
    }
}

/// The members of a class, for use inside brackets.
fn members(class: Class, ascii: bool) -> &'static str {
    match (class, ascii) {
        (Class::Digit, true) => "0-9",
        (Class::Digit, false) => r"\p{Nd}",
        (Class::Space, true) => r"\x09-\x0d\x20",
        // Python counts the four ASCII separators as blanks.
        (Class::Space, false) => r"\s\x1c-\x1f",
        (Class::Word, true) => "0-9A-Za-z_",
        (Class::Word, false) => r"\p{L}\p{N}_",
    }
}
