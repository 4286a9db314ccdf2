//! Contents that a service does not take.

use super::evidence::{Evidence, Outcome, Unsent};
use super::row::{Row, happened};
use super::{Diagnosis, Remedy, ended};
use crate::FailureKind;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::ValueTooLong,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::ValueTooLong { .. })),
        words: |e| {
            let most = match e.outcome {
                Outcome::Unsent(Unsent::ValueTooLong { most }) => most,
                _ => 0,
            };
            happened(format!("Flagsmith keeps at most {most} characters of text."))
                .because("The value is longer.")
                .then("Make it shorter, or keep it elsewhere and put its address into the flag.")
                .by(Remedy::ShowLimits)
                .sorted(FailureKind::Refused {
                    detail: format!("longer than {most} characters"),
                })
        },
    },
    Row {
        diagnosis: Diagnosis::ValueTooLong,
        applies: |e| {
            e.status() == 400
                && (e.says("no more than")
                    || e.says("too long")
                    || e.says("characters.") && e.says("at most"))
        },
        words: |e| {
            happened(refusal(e))
                .because("The text is longer than the service keeps.")
                .then("Make it shorter.")
                .by(Remedy::ShowLimits)
        },
    },
    Row {
        diagnosis: Diagnosis::NumberOutOfRange,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::NumberOutOfRange)),
        words: |_| {
            happened("Flagsmith keeps only whole numbers between -2147483648 and 2147483647; other numbers can be kept as text.")
                .then("Send the number as text, or a whole number in that range.")
                .sorted(FailureKind::Refused { detail: "not a whole number of 32 bits".into() })
        },
    },
    Row {
        diagnosis: Diagnosis::NumberOutOfRange,
        applies: |e| e.status() == 400 && e.says("2147483647"),
        words: |e| {
            happened(refusal(e))
                .because("Flagsmith keeps whole numbers of 32 bits.")
                .then("Send the number as text.")
        },
    },
    Row {
        diagnosis: Diagnosis::JsonValue,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::JsonValue)),
        words: |_| {
            happened("Flagsmith keeps JSON as text: send it as text.")
                .then("Choose text as the type of the value.")
                .sorted(FailureKind::Refused {
                    detail: "JSON is kept as text".into(),
                })
        },
    },
    Row {
        diagnosis: Diagnosis::WeightsOver100,
        applies: |e| e.status() == 400 && (e.says("exceed 100") || e.says("percentage allocation")),
        words: |e| {
            happened(refusal(e))
                .because("The variants' weights add up to more than 100 %.")
                .then("Lower the weights until they add up to 100 % or less.")
        },
    },
    Row {
        diagnosis: Diagnosis::DuplicateName,
        applies: |e| e.status() == 400 && e.says("already exists"),
        words: |e| {
            happened(refusal(e))
                .because("The name is taken: names are given once in a project, whatever their case.")
                .then("Choose another name, or refresh to see the one that has it.")
                .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::BodyMangled,
        applies: |e| {
            e.status() == 400
                && (e.says("json parse error") || e.says("malformed json") || e.says("invalid json"))
        },
        words: |e| {
            happened(refusal(e))
                .because("What arrived is not the JSON that was sent: something in between changed or shortened it.")
                .then("Look for a proxy or firewall that inspects requests, and have the API's address excepted.")
                .by(Remedy::ShowRequests)
        },
    },
    Row {
        diagnosis: Diagnosis::Refused,
        applies: |e| (400..500).contains(&e.status()),
        words: |e| {
            happened(refusal(e))
                .because("The service checks what it is sent, and this did not pass.")
                .then("Correct what it names; if nothing is named, look at the request in Activity.")
                .by(Remedy::ShowRequests)
        },
    },
];

fn refusal(e: &Evidence) -> String {
    match e.own_words() {
        Some(words) => ended(format!("{} refused the request: {words}", e.name())),
        None => format!("{} refused the request with status {}.", e.name(), e.status()),
    }
}
