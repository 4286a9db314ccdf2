//! Most conditions in short: compared without touching the operand's own memory.
//!
//! A large document has thousands of conditions, and an evaluation asks nearly all of them once. What takes time then is
//! fetching operands, so the ordinary ones stand side by side, texts as numbers.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::condition::Test;
use crate::numbers::Integer;
use crate::operator::Operator;
use crate::property::Property;
use crate::value::Seen;

/// The number of a text that no operand is.
const NO_OPERAND: u32 = u32::MAX;

/// Bits for how a value may relate to the operand.
const LESS: u8 = 1;
const EQUAL: u8 = 2;
const GREATER: u8 = 4;

/// A condition in short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quick {
    slot: u32,
    /// The operand as text, or the first of several in the list of members.
    text: u32,
    /// How many members there are.
    members: u32,
    /// For which relations it holds.
    relations: u8,
    boolean: bool,
    form: Form,
    integer: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Only the whole condition can tell.
    Whole,
    /// Compares; the operand is an integer of 64 bits as well.
    Number,
    /// Compares; the operand is no integer, or one that is too large.
    NoNumber,
    /// As [`Form::Number`], but only the whole condition can compare texts.
    NumberOnly,
    /// As [`Form::NoNumber`], but only the whole condition can compare texts.
    Neither,
    In,
    IsSet,
    IsNotSet,
}

/// What a condition sees, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuickSeen {
    Unset,
    Boolean(bool),
    Integer(i64),
    /// The number of a text among the operands on this slot.
    Text(u32),
    /// Only the whole value can tell.
    Whole,
}

/// The texts that conditions on one slot compare with, sorted, with their numbers.
type SlotTexts = Vec<(Box<str>, u32)>;

/// The conditions in short, with the texts they compare with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quicks {
    all: Vec<Quick>,
    /// Numbers of texts, list after list.
    members: Arc<Vec<u32>>,
    /// By slot.
    texts: Arc<Vec<SlotTexts>>,
}

impl Quicks {
    /// Adds the next condition.
    pub(crate) fn add(&mut self, property: &Property, operator: Operator, test: &Test) {
        let quick = self.quick(property, operator, test);
        self.all.push(quick);
    }

    fn quick(&mut self, property: &Property, operator: Operator, test: &Test) -> Quick {
        let mut quick = Quick {
            slot: 0,
            text: NO_OPERAND,
            members: 0,
            relations: 0,
            boolean: false,
            form: Form::Whole,
            integer: 0,
        };
        let Property::Trait(slot) = property else {
            return quick;
        };
        quick.slot = *slot;
        match test {
            Test::IsSet => quick.form = Form::IsSet,
            Test::IsNotSet => quick.form = Form::IsNotSet,
            Test::In(members) => {
                quick.form = Form::In;
                quick.text = self.members.len() as u32;
                for text in members.texts() {
                    let number = self.number(*slot, text);
                    Arc::make_mut(&mut self.members).push(number);
                    quick.members += 1;
                }
            }
            Test::Compare(_, operand) => {
                quick.relations = relations(operator);
                quick.boolean = operand.boolean();
                let text = operand
                    .plain_text()
                    .filter(|_| quick.relations & LESS == (quick.relations & GREATER) >> 2);
                let integer = operand.small_integer();
                quick.integer = integer.unwrap_or_default();
                if let Some(text) = text {
                    quick.text = self.number(*slot, text);
                }
                quick.form = match (integer.is_some(), text.is_some()) {
                    (true, true) => Form::Number,
                    (false, true) => Form::NoNumber,
                    (true, false) => Form::NumberOnly,
                    (false, false) => Form::Neither,
                };
            }
            _ => {}
        }
        quick
    }

    /// The number of an operand on a slot, given to it if it has none.
    fn number(&mut self, slot: u32, text: &str) -> u32 {
        let texts = Arc::make_mut(&mut self.texts);
        if texts.len() <= slot as usize {
            texts.resize(slot as usize + 1, Vec::new());
        }
        let own = &mut texts[slot as usize];
        match own.binary_search_by(|(known, _)| (**known).cmp(text)) {
            Ok(place) => own[place].1,
            Err(place) => {
                let number = own.len() as u32;
                own.insert(place, (text.into(), number));
                number
            }
        }
    }

    /// A value on a slot, in short.
    pub(crate) fn see(&self, slot: u32, seen: &Seen<'_>) -> QuickSeen {
        match seen {
            Seen::Unset => QuickSeen::Unset,
            Seen::Boolean(boolean) => QuickSeen::Boolean(*boolean),
            Seen::Integer(Integer::Small(integer)) => QuickSeen::Integer(*integer),
            Seen::Text(text) => {
                let own = self.texts.get(slot as usize).map_or(&[][..], Vec::as_slice);
                let place = own.binary_search_by(|(known, _)| (**known).cmp(text));
                QuickSeen::Text(place.map_or(NO_OPERAND, |place| own[place].1))
            }
            Seen::Integer(Integer::Big(_)) | Seen::Float(_) | Seen::TooManyDigits => QuickSeen::Whole,
        }
    }

    /// Whether a condition holds, where that can be told in short.
    #[inline(always)]
    pub(crate) fn verdict(&self, index: u32, seen: &[QuickSeen]) -> Option<bool> {
        let quick = &self.all[index as usize];
        if quick.form == Form::Whole {
            return None;
        }
        match (seen[quick.slot as usize], quick.form) {
            (QuickSeen::Whole, _) => None,
            (QuickSeen::Unset, form) => Some(form == Form::IsNotSet),
            (_, Form::IsSet) => Some(true),
            (_, Form::IsNotSet) => Some(false),
            (QuickSeen::Text(number), Form::In) => {
                let first = quick.text as usize;
                let members = self.members.get(first..first + quick.members as usize)?;
                Some(number != NO_OPERAND && members.contains(&number))
            }
            (_, Form::In) => None,
            (QuickSeen::Integer(integer), Form::Number | Form::NumberOnly) => {
                Some(quick.holds_for(integer.cmp(&quick.integer)))
            }
            (QuickSeen::Integer(_), _) => None,
            (QuickSeen::Boolean(boolean), _) => Some(quick.holds_for(boolean.cmp(&quick.boolean))),
            (QuickSeen::Text(number), Form::Number | Form::NoNumber) => {
                // Where texts are compared by number, only equality is asked for.
                let relation = if number == quick.text {
                    Ordering::Equal
                } else {
                    Ordering::Less
                };
                Some(quick.holds_for(relation))
            }
            (QuickSeen::Text(_), _) => None,
        }
    }
}

impl Quick {
    #[inline(always)]
    fn holds_for(&self, relation: Ordering) -> bool {
        let bit = match relation {
            Ordering::Less => LESS,
            Ordering::Equal => EQUAL,
            Ordering::Greater => GREATER,
        };
        self.relations & bit != 0
    }
}

fn relations(operator: Operator) -> u8 {
    match operator {
        Operator::Equal => EQUAL,
        Operator::NotEqual => LESS | GREATER,
        Operator::GreaterThan => GREATER,
        Operator::GreaterThanInclusive => GREATER | EQUAL,
        Operator::LessThan => LESS,
        Operator::LessThanInclusive => LESS | EQUAL,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Quicks;
    use crate::condition::Test;
    use crate::operator::Operator;
    use crate::property::Property;
    use crate::value::Seen;

    /// Every short verdict is that of the whole condition, whatever is compared with whatever.
    #[test]
    fn a_verdict_in_short_is_the_verdict() {
        use Operator::{
            Equal, GreaterThan, GreaterThanInclusive, In, IsNotSet, IsSet, LessThan, LessThanInclusive,
            NotEqual,
        };
        let values = json!([
            null,
            true,
            false,
            0,
            1,
            -3,
            7,
            7.5,
            9_223_372_036_854_775_807_i64,
            "",
            "7",
            "007",
            "7.0",
            "true",
            "True",
            "false",
            "False",
            "DE",
            "de",
            "AT",
            "1.2.3",
            "1.2.3:semver",
            "9223372036854775808",
            "x,y",
            " 7",
            "[1, 2]"
        ]);
        let operands = json!([
            null,
            true,
            7,
            "",
            "7",
            "007",
            "7.5",
            "true",
            "False",
            "DE",
            "AT,DE",
            "7,DE",
            "[\"DE\", 7]",
            "1.2.3:semver",
            "9223372036854775808",
            "1_0",
            " 7",
            "nan"
        ]);
        let (values, operands) = (values.as_array().unwrap(), operands.as_array().unwrap());
        let operators = [
            Equal,
            NotEqual,
            GreaterThan,
            GreaterThanInclusive,
            LessThan,
            LessThanInclusive,
            In,
            IsSet,
            IsNotSet,
        ];
        let mut quicks = Quicks::default();
        let mut tests = Vec::new();
        for operator in operators {
            for operand in operands {
                let test = Test::new(operator, operand, "");
                quicks.add(&Property::Trait(2), operator, &test);
                tests.push((operator, operand, test));
            }
        }
        let mut told = 0;
        let mut check = |value: &Value| {
            let seen = Seen::of(value);
            let short = [
                super::QuickSeen::Whole,
                super::QuickSeen::Whole,
                quicks.see(2, &seen),
            ];
            for (index, (operator, operand, test)) in tests.iter().enumerate() {
                if let Some(verdict) = quicks.verdict(index as u32, &short) {
                    let whole = test.holds(&seen, &mut String::new());
                    assert_eq!(Ok(verdict), whole, "{value} {operator:?} {operand}");
                    told += 1;
                }
            }
        };
        values.iter().for_each(&mut check);
        assert!(told > 1500, "{told} told in short");
    }
}
