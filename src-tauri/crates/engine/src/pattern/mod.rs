//! Regular expressions in the reference's dialect, which is Python's.

mod emit;
mod escapes;
mod example;
mod groups;
mod parse;
mod sample;
mod syntax;

use std::sync::OnceLock;

use crate::error::FailureCause;
use crate::pattern::emit::{Texts, write};
use crate::pattern::syntax::Piece;

/// Patterns heavier than this may be too big for the matchers.
const HEAVY: u64 = 2000;

/// A pattern that is matched from the start of a text. Matchers are built when first needed.
#[derive(Debug)]
pub(crate) struct Pattern {
    piece: Piece,
    can_fail: bool,
    plain: OnceLock<Result<Matcher, FailureCause>>,
    any: OnceLock<Result<Matcher, FailureCause>>,
}

#[derive(Debug)]
enum Matcher {
    /// Takes time linear in the text.
    Linear(Box<regex::Regex>),
    /// Knows look-around and references, and may give up.
    Backtracking(Box<fancy_regex::Regex>),
}

impl Pattern {
    /// Reads a pattern; refuses what Python refuses.
    pub(crate) fn new(pattern: &str) -> Result<Self, FailureCause> {
        let piece = parse::parse(pattern).map_err(FailureCause::InvalidPattern)?;
        // Ends and word boundaries take the backtracking matcher for unusual texts, but never more than a step.
        let can_fail = piece.needs_backtracking() || piece.weight() > HEAVY;
        Ok(Self {
            piece,
            can_fail,
            plain: OnceLock::new(),
            any: OnceLock::new(),
        })
    }

    /// Whether matching may be given up.
    pub(crate) fn can_fail(&self) -> bool {
        self.can_fail
    }

    /// A text that probably matches, to be tried out before it is shown.
    pub(crate) fn sample(&self) -> Option<String> {
        let mut text = String::new();
        self.piece.sample(&mut text, &mut Vec::new()).then_some(text)
    }

    /// Whether the start of the text matches.
    pub(crate) fn matches_start(&self, text: &str) -> Result<bool, FailureCause> {
        // The separators below the blank are blanks only where all of Unicode counts.
        let is_plain = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii() && byte != b'\n' && !(0x1c..=0x1f).contains(&byte));
        let (slot, texts) = if is_plain {
            (&self.plain, Texts::Plain)
        } else {
            (&self.any, Texts::Any)
        };
        match slot.get_or_init(|| Matcher::new(&self.piece, texts)) {
            Ok(matcher) => matcher.matches(text),
            Err(cause) => Err(cause.clone()),
        }
    }
}

impl Matcher {
    fn new(piece: &Piece, texts: Texts) -> Result<Self, FailureCause> {
        let written = write(piece, texts);
        if written.backtracks {
            let built = fancy_regex::Regex::new(&written.pattern);
            return match built {
                Ok(regex) => Ok(Self::Backtracking(Box::new(regex))),
                Err(error) => Err(FailureCause::CostlyPattern(error.to_string())),
            };
        }
        match regex::Regex::new(&written.pattern) {
            Ok(regex) => Ok(Self::Linear(Box::new(regex))),
            Err(error) => Err(FailureCause::CostlyPattern(error.to_string())),
        }
    }

    fn matches(&self, text: &str) -> Result<bool, FailureCause> {
        match self {
            Self::Linear(regex) => Ok(regex.is_match(text)),
            Self::Backtracking(regex) => regex
                .is_match(text)
                .map_err(|error| FailureCause::CostlyPattern(error.to_string())),
        }
    }
}
