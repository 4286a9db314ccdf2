//! Reading a pattern as Python's `re` reads it.
//!
//! What is accepted matters as much as what it means: where the reference refuses a pattern, the whole evaluation
//! fails there, so every rule that Python enforces is enforced here.

use std::collections::HashMap;

use crate::pattern::syntax::{Class, Manner, Piece, SetItem};

/// Groups nested more deeply than this are refused; the reference gives up as well, if later.
const DEEPEST: usize = 100;

/// Why a pattern is refused.
pub(crate) type Refusal = String;

/// Flags as letters switch them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    ignore_case: bool,
    lines: bool,
    dot_all: bool,
    verbose: bool,
    ascii: bool,
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

fn refuse<T>(why: &str) -> Result<T, Refusal> {
    Err(why.to_owned())
}

/// A character, or a backslash with the character after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Plain(char),
    Escaped(char),
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    /// By number, from 1; `None` while a group is open.
    group_widths: Vec<Option<(u64, u64)>>,
    group_names: HashMap<String, u32>,
    /// Groups that conditionals ask for, which may come later.
    mentioned_groups: Vec<u64>,
    groups_before_look_behind: Option<usize>,
    global: Flags,
}

impl Parser {
    fn peek(&self) -> Result<Option<Token>, Refusal> {
        match self.characters.get(self.at) {
            None => Ok(None),
            Some('\\') => match self.characters.get(self.at + 1) {
                None => refuse("bad escape (end of pattern)"),
                Some(character) => Ok(Some(Token::Escaped(*character))),
            },
            Some(character) => Ok(Some(Token::Plain(*character))),
        }
    }

    fn take(&mut self) -> Result<Option<Token>, Refusal> {
        let token = self.peek()?;
        self.at += match token {
            None => 0,
            Some(Token::Plain(_)) => 1,
            Some(Token::Escaped(_)) => 2,
        };
        Ok(token)
    }

    fn take_if(&mut self, wanted: char) -> Result<bool, Refusal> {
        let found = self.peek()? == Some(Token::Plain(wanted));
        if found {
            self.at += 1;
        }
        Ok(found)
    }

    /// Up to `most` plain characters of a kind.
    fn take_while(&mut self, most: usize, is_wanted: impl Fn(char) -> bool) -> Result<String, Refusal> {
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
    fn take_name(&mut self, terminator: char) -> Result<String, Refusal> {
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

    fn choice(&mut self, mut flags: Flags, depth: usize) -> Result<Piece, Refusal> {
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

    fn sequence(&mut self, flags: &mut Flags, depth: usize, is_first: bool) -> Result<Piece, Refusal> {
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

    /// What stands after an opening parenthesis; `None` for comments and global flags.
    fn group(
        &mut self,
        flags: &mut Flags,
        depth: usize,
        may_set_flags: bool,
    ) -> Result<Option<Piece>, Refusal> {
        if !self.take_if('?')? {
            return self.capture(None, *flags, depth).map(Some);
        }
        match self.take()? {
            None => refuse("unexpected end of pattern"),
            Some(Token::Plain('P')) => self.named(*flags, depth).map(Some),
            Some(Token::Plain(':')) => self.enclosed(*flags, depth).map(|piece| Some(apart(piece))),
            Some(Token::Plain('>')) => self
                .enclosed(*flags, depth)
                .map(|piece| Some(Piece::Atomic(Box::new(piece)))),
            Some(Token::Plain('#')) => loop {
                match self.take()? {
                    None => return refuse("missing ), unterminated comment"),
                    Some(Token::Plain(')')) => return Ok(None),
                    Some(_) => {}
                }
            },
            Some(Token::Plain(sign @ ('=' | '!'))) => self.look(false, sign, *flags, depth).map(Some),
            Some(Token::Plain('<')) => match self.take()? {
                Some(Token::Plain(sign @ ('=' | '!'))) => self.look(true, sign, *flags, depth).map(Some),
                None => refuse("unexpected end of pattern"),
                Some(_) => refuse("unknown extension ?<"),
            },
            Some(Token::Plain('(')) => self.conditional(flags, depth).map(Some),
            Some(Token::Plain(letter)) if letter == '-' || flag_letter(letter) => {
                let Some(inner) = self.flags(letter, *flags)? else {
                    if !may_set_flags {
                        return refuse("global flags not at the start of the expression");
                    }
                    *flags = self.global;
                    return Ok(None);
                };
                self.enclosed(inner, depth).map(|piece| Some(apart(piece)))
            }
            Some(_) => refuse("unknown extension"),
        }
    }

    /// Contents up to the closing parenthesis.
    fn enclosed(&mut self, flags: Flags, depth: usize) -> Result<Piece, Refusal> {
        let piece = self.choice(flags, depth + 1)?;
        if self.take_if(')')? {
            Ok(piece)
        } else {
            refuse("missing ), unterminated subpattern")
        }
    }

    fn capture(&mut self, name: Option<String>, flags: Flags, depth: usize) -> Result<Piece, Refusal> {
        let number = self.group_widths.len() as u32;
        if let Some(name) = name
            && self.group_names.insert(name, number).is_some()
        {
            return refuse("redefinition of group name");
        }
        self.group_widths.push(None);
        let piece = self.enclosed(flags, depth)?;
        let width = piece.width(&self.closed_widths());
        if let Some(slot) = self.group_widths.get_mut(number as usize) {
            *slot = Some(width);
        }
        Ok(Piece::Group {
            number,
            piece: Box::new(piece),
        })
    }

    fn closed_widths(&self) -> Vec<(u64, u64)> {
        self.group_widths
            .iter()
            .map(|width| width.unwrap_or_default())
            .collect()
    }

    /// After `(?P`.
    fn named(&mut self, flags: Flags, depth: usize) -> Result<Piece, Refusal> {
        match self.take()? {
            Some(Token::Plain('<')) => {
                let name = self.take_name('>')?;
                check_name(&name)?;
                self.capture(Some(name), flags, depth)
            }
            Some(Token::Plain('=')) => {
                let name = self.take_name(')')?;
                check_name(&name)?;
                let Some(group) = self.group_names.get(&name).copied() else {
                    return refuse("unknown group name");
                };
                self.check_reference(group)?;
                Ok(Piece::Reference {
                    group,
                    ignore_case: flags.ignore_case,
                })
            }
            None => refuse("unexpected end of pattern"),
            Some(_) => refuse("unknown extension ?P"),
        }
    }

    fn look(&mut self, behind: bool, sign: char, flags: Flags, depth: usize) -> Result<Piece, Refusal> {
        let outer = self.groups_before_look_behind;
        if behind && outer.is_none() {
            self.groups_before_look_behind = Some(self.group_widths.len());
        }
        let piece = self.choice(flags, depth + 1)?;
        if behind {
            self.groups_before_look_behind = outer;
        }
        if !self.take_if(')')? {
            return refuse("missing ), unterminated subpattern");
        }
        let negated = sign == '!';
        if negated && piece == Piece::Empty {
            return Ok(Piece::Fail);
        }
        Ok(Piece::Look {
            behind,
            negated,
            piece: Box::new(piece),
        })
    }

    /// After `(?(`.
    fn conditional(&mut self, flags: &mut Flags, depth: usize) -> Result<Piece, Refusal> {
        let name = self.take_name(')')?;
        let group = if check_name(&name).is_ok() {
            let Some(group) = self.group_names.get(&name).copied() else {
                return refuse("unknown group name");
            };
            u64::from(group)
        } else {
            let number = crate::numbers::parse_integer(&name)
                .and_then(|number| number.to_string().parse::<u64>().ok());
            let Some(number) = number else {
                return refuse("bad character in group name");
            };
            if number == 0 {
                return refuse("bad group number");
            }
            self.mentioned_groups.push(number);
            number
        };
        if let Some(before) = self.groups_before_look_behind {
            self.check_open(group)?;
            if group >= before as u64 {
                return refuse("cannot refer to group defined in the same lookbehind subpattern");
            }
        }
        let is_closed = self.check_open(group).is_ok();
        let yes = self.sequence(flags, depth + 1, false)?;
        let mut no = Piece::Empty;
        if self.take_if('|')? {
            no = self.sequence(flags, depth + 1, false)?;
            if self.peek()? == Some(Token::Plain('|')) {
                return refuse("conditional backref with more than two branches");
            }
        }
        if !self.take_if(')')? {
            return refuse("missing ), unterminated subpattern");
        }
        let group = u32::try_from(group).or_else(|_| refuse("invalid group reference"))?;
        Ok(Piece::Conditional {
            group,
            is_closed,
            yes: Box::new(yes),
            no: Box::new(no),
        })
    }

    fn check_open(&self, group: u64) -> Result<(), Refusal> {
        let width = usize::try_from(group)
            .ok()
            .and_then(|group| self.group_widths.get(group));
        if matches!(width, Some(Some(_))) {
            Ok(())
        } else {
            refuse("cannot refer to an open group")
        }
    }

    fn check_reference(&self, group: u32) -> Result<(), Refusal> {
        self.check_open(u64::from(group))?;
        if self
            .groups_before_look_behind
            .is_some_and(|before| group as usize >= before)
        {
            return refuse("cannot refer to group defined in the same lookbehind subpattern");
        }
        Ok(())
    }

    /// Flag letters from the first one on. `None` when they are global: then they are in `self.global`.
    fn flags(&mut self, first: char, outer: Flags) -> Result<Option<Flags>, Refusal> {
        let mut flags = outer;
        let mut added = Vec::new();
        let mut letter = first;
        while letter != '-' {
            if letter == 'L' {
                return refuse("bad inline flags: cannot use 'L' flag with a str pattern");
            }
            added.push(letter);
            if added.contains(&'a') && added.contains(&'u') {
                return refuse("bad inline flags: flags 'a', 'u' and 'L' are incompatible");
            }
            letter = match self.take()? {
                Some(Token::Plain(letter)) if flag_letter(letter) => letter,
                Some(Token::Plain('-')) => '-',
                Some(Token::Plain(end @ (')' | ':'))) => {
                    switch(&mut flags, &added, true);
                    if end == ':' {
                        return Ok(Some(flags));
                    }
                    switch(&mut self.global, &added, true);
                    return Ok(None);
                }
                _ => return refuse("missing -, : or )"),
            };
        }
        let mut removed = Vec::new();
        loop {
            match self.take()? {
                Some(Token::Plain(letter)) if flag_letter(letter) => {
                    if matches!(letter, 'a' | 'u' | 'L') {
                        return refuse("bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
                    }
                    removed.push(letter);
                }
                Some(Token::Plain(':')) if !removed.is_empty() => break,
                _ => return refuse("missing flag or :"),
            }
        }
        if removed.iter().any(|letter| added.contains(letter)) {
            return refuse("bad inline flags: flag turned on and off");
        }
        switch(&mut flags, &added, true);
        switch(&mut flags, &removed, false);
        Ok(Some(flags))
    }

    fn set(&mut self, flags: Flags) -> Result<Piece, Refusal> {
        let negated = self.take_if('^')?;
        let mut items = Vec::new();
        loop {
            let first = match self.take()? {
                None => return refuse("unterminated character set"),
                Some(Token::Plain(']')) if !items.is_empty() => break,
                Some(token) => self.set_item(token, flags)?,
            };
            if !self.take_if('-')? {
                items.push(first);
                continue;
            }
            match self.take()? {
                None => return refuse("unterminated character set"),
                Some(Token::Plain(']')) => {
                    items.extend([first, SetItem::Range(u32::from('-'), u32::from('-'))]);
                    break;
                }
                Some(token) => match (first, self.set_item(token, flags)?) {
                    (SetItem::Range(from, _), SetItem::Range(to, _)) if from <= to => {
                        items.push(SetItem::Range(from, to));
                    }
                    _ => return refuse("bad character range"),
                },
            }
        }
        Ok(Piece::Set {
            negated,
            items,
            ignore_case: flags.ignore_case,
        })
    }

    fn set_item(&mut self, token: Token, flags: Flags) -> Result<SetItem, Refusal> {
        let code = match token {
            Token::Plain(character) => u32::from(character),
            Token::Escaped('b') => 8,
            Token::Escaped(character) => {
                if let Some((class, negated)) = class_of(character) {
                    return Ok(SetItem::Class {
                        class,
                        negated,
                        ascii: flags.ascii,
                    });
                }
                match self.common_escape(character)? {
                    Some(code) => code,
                    None if character.is_digit(8) => {
                        let digits = format!("{character}{}", self.take_while(2, |digit| digit.is_digit(8))?);
                        octal(&digits)?
                    }
                    None if character.is_ascii_alphanumeric() => return refuse("bad escape"),
                    None => u32::from(character),
                }
            }
        };
        Ok(SetItem::Range(code, code))
    }

    /// An escape outside of a set.
    fn escape(&mut self, character: char, flags: Flags) -> Result<Piece, Refusal> {
        if let Some((class, negated)) = class_of(character) {
            let items = vec![SetItem::Class {
                class,
                negated,
                ascii: flags.ascii,
            }];
            return Ok(Piece::Set {
                negated: false,
                items,
                ignore_case: false,
            });
        }
        let code = match character {
            'A' => return Ok(Piece::Start { lines: false }),
            'Z' => return Ok(Piece::VeryEnd),
            'b' | 'B' => {
                return Ok(Piece::Boundary {
                    negated: character == 'B',
                    ascii: flags.ascii,
                });
            }
            '0' => {
                let digits = format!("0{}", self.take_while(2, |digit| digit.is_digit(8))?);
                octal(&digits)?
            }
            '1'..='9' => match self.reference_or_octal(character)? {
                Ok(group) => {
                    return Ok(Piece::Reference {
                        group,
                        ignore_case: flags.ignore_case,
                    });
                }
                Err(code) => code,
            },
            _ => match self.common_escape(character)? {
                Some(code) => code,
                None if character.is_ascii_alphabetic() => return refuse("bad escape"),
                None => u32::from(character),
            },
        };
        // Half a surrogate pair is a character to Python that no text can hold.
        Ok(
            char::from_u32(code).map_or(Piece::Fail, |character| Piece::Literal {
                character,
                ignore_case: flags.ignore_case,
            }),
        )
    }

    /// A group's number, or (as an error) the code of an octal escape.
    fn reference_or_octal(&mut self, first: char) -> Result<Result<u32, u32>, Refusal> {
        let mut digits = first.to_string();
        if let Some(Token::Plain(second)) = self.peek()?
            && second.is_ascii_digit()
        {
            self.take()?;
            digits.push(second);
            if first.is_digit(8)
                && second.is_digit(8)
                && let Some(Token::Plain(third)) = self.peek()?
                && third.is_digit(8)
            {
                self.take()?;
                digits.push(third);
                return octal(&digits).map(Err);
            }
        }
        let group = digits
            .parse::<u32>()
            .or_else(|_| refuse("invalid group reference"))?;
        if group as usize >= self.group_widths.len() {
            return refuse("invalid group reference");
        }
        self.check_reference(group)?;
        Ok(Ok(group))
    }

    /// Escapes that mean the same inside and outside of sets.
    fn common_escape(&mut self, character: char) -> Result<Option<u32>, Refusal> {
        let length = match character {
            'a' => return Ok(Some(7)),
            'f' => return Ok(Some(12)),
            'n' => return Ok(Some(10)),
            'r' => return Ok(Some(13)),
            't' => return Ok(Some(9)),
            'v' => return Ok(Some(11)),
            '\\' => return Ok(Some(u32::from('\\'))),
            'N' => return refuse("characters by name are not supported"),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return Ok(None),
        };
        let digits = self.take_while(length, |digit| digit.is_ascii_hexdigit())?;
        let code = u32::from_str_radix(&digits, 16)
            .ok()
            .filter(|code| *code <= 0x10_ffff);
        match code {
            Some(code) if digits.len() == length => Ok(Some(code)),
            _ => refuse("incomplete escape"),
        }
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

/// Keeps a group from being mistaken for its only piece, which could then not be repeated.
fn apart(piece: Piece) -> Piece {
    Piece::Sequence(vec![piece])
}

fn flag_letter(letter: char) -> bool {
    matches!(letter, 'a' | 'i' | 'L' | 'm' | 's' | 'u' | 'x')
}

fn switch(flags: &mut Flags, letters: &[char], on: bool) {
    for letter in letters {
        match letter {
            'i' => flags.ignore_case = on,
            'm' => flags.lines = on,
            's' => flags.dot_all = on,
            'x' => flags.verbose = on,
            'a' => flags.ascii = on,
            'u' => flags.ascii = false,
            _ => {}
        }
    }
}

fn class_of(character: char) -> Option<(Class, bool)> {
    let class = match character.to_ascii_lowercase() {
        'd' => Class::Digit,
        's' => Class::Space,
        'w' => Class::Word,
        _ => return None,
    };
    Some((class, character.is_ascii_uppercase()))
}

fn octal(digits: &str) -> Result<u32, Refusal> {
    match u32::from_str_radix(digits, 8) {
        Ok(code) if code <= 0o377 => Ok(code),
        _ => refuse("octal escape value outside of range 0-0o377"),
    }
}

/// A name as Python names things.
fn check_name(name: &str) -> Result<(), Refusal> {
    let mut characters = name.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_');
    if starts && characters.all(|character| character.is_alphanumeric() || character == '_') {
        Ok(())
    } else {
        refuse("bad character in group name")
    }
}
