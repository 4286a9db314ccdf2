//! What stands in parentheses.

use crate::pattern::parse::{Flags, Parser, Refusal, Token, refuse};
use crate::pattern::syntax::Piece;

impl Parser {
    /// What stands after an opening parenthesis; `None` for comments and global flags.
    pub(super) fn group(
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

    pub(super) fn closed_widths(&self) -> Vec<(u64, u64)> {
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

    pub(super) fn check_reference(&self, group: u32) -> Result<(), Refusal> {
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
