//! Reading a pattern as Python's `re` reads it.
//!
//! What is accepted matters as much as what it means: where the reference refuses a pattern, the whole evaluation
//! fails there, so every rule that Python enforces is enforced here.

use std::collections::HashMap;

use crate::pattern::syntax::{Manner, Piece};

/// Groups nested more deeply than this are refused; the reference gives up as well, if later.
const DEEPEST: usize = 100;

/// Why a pattern is refused.
pub(crate) type Refusal = String;

/// Flags as letters switch them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) lines: bool,
    pub(super) dot_all: bool,
    pub(super) verbose: bool,
    pub(super) ascii: bool,
}

/// Reads a whole pattern.
pub(crate) fn parse(pattern: &str) -> Result<Piece, Refusal> {
    let mut parser = Parser {
        characters: pattern.chars().collect(),
        at: 0,
        group_widths: vec![None],
        group_names: HashMap::new(),
        mentioned_groups: Vec::new(),
        groups_before_look_behind: None,
        global: Flags::default(),
    };
    let piece = parser.choice(Flags::default(), 0)?;
    if parser.peek()?.is_some() {
        return refuse("unbalanced parenthesis");
    }
    let groups = parser.group_widths.len() as u64;
    if parser.mentioned_groups.iter().any(|group| *group >= groups) {
        return refuse("invalid group reference");
    }
    parser.check_look_behinds(&piece)?;
    Ok(piece)
}

pub(super) fn refuse<T>(why: &str) -> Result<T, Refusal> {
    Err(why.to_owned())
}

/// A character, or a backslash with the character after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Plain(char),
    Escaped(char),
}

pub(super) struct Parser {
    characters: Vec<char>,
    at: usize,
    /// By number, from 1; `None` while a group is open.
    pub(super) group_widths: Vec<Option<(u64, u64)>>,
    pub(super) group_names: HashMap<String, u32>,
    /// Groups that conditionals ask for, which may come later.
    pub(super) mentioned_groups: Vec<u64>,
    pub(super) groups_before_look_behind: Option<usize>,
    pub(super) global: Flags,
}

impl Parser {
    pub(super) fn peek(&self) -> Result<Option<Token>, Refusal> {
        match self.characters.get(self.at) {
            None => Ok(None),
            Some('\\') => match self.characters.get(self.at + 1) {
                None => refuse("bad escape (end of pattern)"),
                Some(character) => Ok(Some(Token::Escaped(*character))),
            },
            Some(character) => Ok(Some(Token::Plain(*character))),
        }
    }

    pub(super) fn take(&mut self) -> Result<Option<Token>, Refusal> {
        let token = self.peek()?;
        self.at += match token {
            None => 0,
            Some(Token::Plain(_)) => 1,
            Some(Token::Escaped(_)) => 2,
        };
        Ok(token)
    }

    pub(super) fn take_if(&mut self, wanted: char) -> Result<bool, Refusal> {
        let found = self.peek()? == Some(Token::Plain(wanted));
        if found {
            self.at += 1;
        }
        Ok(found)
    }

    /// Up to `most` plain characters of a kind.
    pub(super) fn take_while(
        &mut self,
        most: usize,
        is_wanted: impl Fn(char) -> bool,
    ) -> Result<String, Refusal> {
        let mut text = String::new();
        while text.len() < most {
            match self.peek()? {
                Some(Token::Plain(character)) if is_wanted(character) => text.push(character),
                _ => break,
            }
            self.at += 1;
        }
        Ok(text)
    }

    /// A name up to its terminator.
    pub(super) fn take_name(&mut self, terminator: char) -> Result<String, Refusal> {
        let mut name = String::new();
        loop {
            match self.take()? {
                None if name.is_empty() => return refuse("missing group name"),
                None => return refuse("missing terminator, unterminated name"),
                Some(Token::Plain(character)) if character == terminator => break,
                Some(Token::Plain(character)) => name.push(character),
                Some(Token::Escaped(character)) => name.extend(['\\', character]),
            }
        }
        if name.is_empty() {
            refuse("missing group name")
        } else {
            Ok(name)
        }
    }

    pub(super) fn choice(&mut self, mut flags: Flags, depth: usize) -> Result<Piece, Refusal> {
        if depth > DEEPEST {
            return refuse("groups nested too deeply");
        }
        let mut branches = Vec::new();
        loop {
            let is_first = depth == 0 && branches.is_empty();
            branches.push(self.sequence(&mut flags, depth, is_first)?);
            if !self.take_if('|')? {
                break;
            }
        }
        if branches.len() == 1 {
            return Ok(branches.swap_remove(0));
        }
        Ok(Piece::Choice(branches))
    }

    pub(super) fn sequence(
        &mut self,
        flags: &mut Flags,
        depth: usize,
        is_first: bool,
    ) -> Result<Piece, Refusal> {
        let mut pieces: Vec<Piece> = Vec::new();
        loop {
            let token = match self.peek()? {
                None | Some(Token::Plain('|' | ')')) => break,
                Some(token) => token,
            };
            self.take()?;
            match token {
                Token::Plain(' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') if flags.verbose => {}
                Token::Plain('#') if flags.verbose => {
                    while !matches!(self.take()?, None | Some(Token::Plain('\n'))) {}
                }
                Token::Escaped(character) => pieces.push(self.escape(character, *flags)?),
                Token::Plain('[') => pieces.push(self.set(*flags)?),
                Token::Plain('.') => pieces.push(Piece::Any {
                    line_breaks: flags.dot_all,
                }),
                Token::Plain('^') => pieces.push(Piece::Start { lines: flags.lines }),
                Token::Plain('$') => pieces.push(Piece::End { lines: flags.lines }),
                Token::Plain('(') => {
                    let may_set_flags = is_first && pieces.is_empty();
                    pieces.extend(self.group(flags, depth, may_set_flags)?);
                }
                Token::Plain(sign @ ('*' | '+' | '?' | '{')) => match self.bounds(sign)? {
                    Some(bounds) => self.repeat(&mut pieces, bounds)?,
                    None => pieces.push(Piece::Literal {
                        character: '{',
                        ignore_case: false,
                    }),
                },
                Token::Plain(character) => {
                    pieces.push(Piece::Literal {
                        character,
                        ignore_case: flags.ignore_case,
                    });
                }
            }
        }
        Ok(match pieces.len() {
            0 => Piece::Empty,
            1 => pieces.swap_remove(0),
            _ => Piece::Sequence(pieces),
        })
    }

    /// The counts of a repetition; `None` where a brace is just a brace.
    fn bounds(&mut self, sign: char) -> Result<Option<(u32, Option<u32>)>, Refusal> {
        match sign {
            '?' => return Ok(Some((0, Some(1)))),
            '*' => return Ok(Some((0, None))),
            '+' => return Ok(Some((1, None))),
            _ => {}
        }
        if self.peek()? == Some(Token::Plain('}')) {
            return Ok(None);
        }
        let start = self.at;
        let is_digit = |character: char| character.is_ascii_digit();
        let low = self.take_while(usize::MAX, is_digit)?;
        let high = if self.take_if(',')? {
            self.take_while(usize::MAX, is_digit)?
        } else {
            low.clone()
        };
        if !self.take_if('}')? {
            self.at = start;
            return Ok(None);
        }
        let count = |digits: &str| match digits.parse::<u32>() {
            Ok(u32::MAX) => refuse("the repetition number is too large"),
            Ok(count) => Ok(count),
            Err(_) => refuse("the repetition number is too large"),
        };
        let least = if low.is_empty() { 0 } else { count(&low)? };
        let most = if high.is_empty() {
            None
        } else {
            Some(count(&high)?)
        };
        if most.is_some_and(|most| most < least) {
            return refuse("min repeat greater than max repeat");
        }
        Ok(Some((least, most)))
    }

    fn repeat(&mut self, pieces: &mut Vec<Piece>, (least, most): (u32, Option<u32>)) -> Result<(), Refusal> {
        let Some(piece) = pieces.pop() else {
            return refuse("nothing to repeat");
        };
        match piece {
            Piece::Start { .. } | Piece::End { .. } | Piece::VeryEnd | Piece::Boundary { .. } => {
                return refuse("nothing to repeat");
            }
            Piece::Repeat { .. } => return refuse("multiple repeat"),
            _ => {}
        }
        let manner = if self.take_if('?')? {
            Manner::Lazy
        } else if self.take_if('+')? {
            Manner::Possessive
        } else {
            Manner::Greedy
        };
        pieces.push(Piece::Repeat {
            piece: Box::new(piece),
            least,
            most,
            manner,
        });
        Ok(())
    }

    /// Look-behinds must have one width.
    fn check_look_behinds(&self, piece: &Piece) -> Result<(), Refusal> {
        match piece {
            Piece::Look { behind, piece, .. } => {
                let (least, most) = piece.width(&self.closed_widths());
                if *behind && least != most {
                    return refuse("look-behind requires fixed-width pattern");
                }
                self.check_look_behinds(piece)
            }
            Piece::Sequence(pieces) | Piece::Choice(pieces) => {
                pieces.iter().try_for_each(|piece| self.check_look_behinds(piece))
            }
            Piece::Repeat { piece, .. } | Piece::Group { piece, .. } | Piece::Atomic(piece) => {
                self.check_look_behinds(piece)
            }
            Piece::Conditional { yes, no, .. } => {
                self.check_look_behinds(yes)?;
                self.check_look_behinds(no)
            }
            _ => Ok(()),
        }
    }
}
