//! Sets, and what stands after a backslash.

use crate::pattern::parse::{Flags, Parser, Refusal, Token, refuse};
use crate::pattern::syntax::{Class, Piece, SetItem};

impl Parser {
    pub(super) fn set(&mut self, flags: Flags) -> Result<Piece, Refusal> {
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
    pub(super) fn escape(&mut self, character: char, flags: Flags) -> Result<Piece, Refusal> {
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
