//! What edits would do to many identities.

use halyard_console::{CohortChoice, DecidedBy, Draft, FlagShares, Gets, Sample, Share};
use halyard_model::{FieldPath, Flag, FlagKey, FlagKind, Subject};
use serde_json::Value;

use super::number::{count, list, plural, series, share, value};

/// Who was weighed: `2,400 sampled identities`.
pub fn sample(sample: &Sample) -> String {
    plural(sample.identities(), "sampled identity", "sampled identities")
}

/// How a sample was made.
pub fn how(sample: &Sample) -> String {
    let mut parts = Vec::new();
    if sample.generated > 0 {
        parts.push(format!("{} made up from the conditions", count(sample.generated)));
    }
    if sample.overridden > 0 {
        parts.push(format!("{} with overrides", count(sample.overridden)));
    }
    if sample.personas > 0 {
        parts.push(plural(sample.personas, "persona", "personas"));
    }
    if parts.is_empty() {
        return "There is nobody to sample.".into();
    }
    format!("{}. Each edit meets the same ones.", series(&parts))
}

/// Who was evaluated: `100,000 identities of the file`. `evaluated` is fewer where the run was stopped.
pub fn cohort(choice: &CohortChoice, evaluated: u64, all: u64) -> String {
    let whom = match choice {
        CohortChoice::File(_) => "of the file",
        CohortChoice::Overridden => "with overrides",
        CohortChoice::Generated { .. } => "made up",
        CohortChoice::Personas => return some(evaluated, all, "persona", "personas"),
    };
    format!("{} {whom}", some(evaluated, all, "identity", "identities"))
}

fn some(part: u64, all: u64, one: &str, many: &str) -> String {
    if part == all {
        return plural(all, one, many);
    }
    format!("{} of {}", count(part), plural(all, one, many))
}

/// What somebody gets, in a word: `On`, `one_page`, `Off`.
pub fn label(gets: &Gets) -> String {
    match (&gets.variant, gets.enabled) {
        (_, false) => "Off".into(),
        (Some(option), true) => option.clone(),
        (None, true) if has_value(gets) => value(&gets.value.0),
        (None, true) => "On".into(),
    }
}

/// The same with the value, for where the word alone does not tell two results apart: `Off, 7`.
pub fn long_label(gets: &Gets) -> String {
    let word = label(gets);
    let shown = if has_value(gets) {
        value(&gets.value.0)
    } else {
        "no value".into()
    };
    if word == shown {
        word
    } else {
        format!("{word}, {shown}")
    }
}

fn has_value(gets: &Gets) -> bool {
    !gets.value.0.is_null() && gets.value.0.as_str() != Some("")
}

/// What decides: `environment default`, `segment Germany`.
pub fn rule(decided_by: &DecidedBy) -> String {
    match decided_by {
        DecidedBy::IdentityOverride => "identity override".into(),
        DecidedBy::Segment(name) => format!("segment {name}"),
        DecidedBy::Default => "environment default".into(),
        DecidedBy::Nobody => "not there".into(),
    }
}

/// The one sentence: `442 of 2,400 identities change value (18.4%).`
pub fn sentence(shares: &FlagShares) -> String {
    let all = total(&shares.now);
    if all == 0 {
        return "Nobody could be evaluated.".into();
    }
    if shares.after.is_none() {
        return now(shares, all);
    }
    let (part, whole) = (count(shares.flips), count(all));
    let percent = share(shares.flips, all);
    let has = |from: bool, to: bool| {
        shares
            .moves
            .iter()
            .any(|one| (one.from.enabled, one.to.enabled) == (from, to))
    };
    let keeps_state = has(true, true) || has(false, false);
    let (one, many) = match (has(false, true), has(true, false), keeps_state) {
        _ if shares.flips == 0 => return format!("None of {whole} identities changes."),
        (true, false, false) => ("goes from off to on", "go from off to on"),
        (false, true, false) => ("goes from on to off", "go from on to off"),
        (false, false, _) => ("changes value", "change value"),
        _ => ("changes state or value", "change state or value"),
    };
    let verb = if shares.flips == 1 { one } else { many };
    match (has(false, true), has(true, false), keeps_state) {
        (true, false, false) | (false, true, false) => format!("{part} of {whole} {verb} ({percent})."),
        _ => format!("{part} of {whole} identities {verb} ({percent})."),
    }
}

/// That an environment did not have a flag at a moment.
pub fn missing(flag: &FlagKey, environment: &str) -> String {
    format!(
        "{} was not in {environment} then, so it gave nobody anything.",
        flag.0
    )
}

fn now(shares: &FlagShares, all: u64) -> String {
    match shares.now.first() {
        Some(first) if first.count == all => {
            format!(
                "All {} get {}.",
                plural(all, "identity", "identities"),
                word(&first.gets)
            )
        }
        Some(first) => format!(
            "{} of {} identities get {} ({}).",
            count(first.count),
            count(all),
            word(&first.gets),
            share(first.count, all)
        ),
        None => "Nobody could be evaluated.".into(),
    }
}

/// A label inside a sentence.
fn word(gets: &Gets) -> String {
    match label(gets).as_str() {
        "On" => "it on".into(),
        "Off" => "it off".into(),
        other => other.to_owned(),
    }
}

/// How many identities some shares are of.
pub fn total(shares: &[Share]) -> u64 {
    shares.iter().map(|share| share.count).sum()
}

/// Who does not change although an edit suggests it, and other facts.
pub fn notes(shares: &FlagShares, edits: &[Draft], flag: &Flag, failed: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let own = edits
        .iter()
        .find(|edit| matches!(&edit.subject, Subject::FlagState { flag } if *flag == shares.flag));
    if let (Some(own), Some(after)) = (own, &shares.after) {
        notes.extend(match own.changes.get(&FieldPath::Enabled) {
            Some(Some(Value::Bool(to))) => who_keeps_state(*to, after, flag),
            _ => None,
        });
        notes.extend(
            own.changes
                .get(&FieldPath::Value)
                .and_then(|_| who_keeps_value(flag)),
        );
    }
    if failed > 0 {
        notes.push(format!(
            "For {} a server would fail instead of answering.",
            plural(failed, "identity", "identities")
        ));
    }
    notes
}

/// `288 stay off because they are in Restricted regions.`
fn who_keeps_state(to: bool, after: &[Share], flag: &Flag) -> Option<String> {
    let others = after.iter().filter(|share| share.gets.enabled != to);
    let staying: u64 = others.map(|share| share.count).sum();
    let segments: Vec<&str> = flag
        .state
        .segment_overrides
        .iter()
        .filter(|own| own.enabled != to)
        .map(|own| own.segment_name.as_str())
        .collect();
    let has_own = flag.identity_overrides.is_some_and(|count| count > 0);
    let (stay, are, have) = if staying == 1 {
        ("stays", "it is", "it has")
    } else {
        ("stay", "they are", "they have")
    };
    let because = match (segments.is_empty(), has_own) {
        _ if staying == 0 => return None,
        (false, false) => format!("{are} in {}", list(&segments)),
        (false, true) => format!("{are} in {} or {have} an override of their own", list(&segments)),
        (true, true) => format!("{have} an override of their own"),
        (true, false) => "an override decides for them".into(),
    };
    let state = if to { "off" } else { "on" };
    Some(format!("{} {stay} {state} because {because}.", count(staying)))
}

fn who_keeps_value(flag: &Flag) -> Option<String> {
    let segments: Vec<&str> = flag
        .state
        .segment_overrides
        .iter()
        .map(|own| own.segment_name.as_str())
        .collect();
    if flag.kind == FlagKind::Multivariate {
        return Some("Only control gets the new value; options keep theirs.".into());
    }
    (!segments.is_empty()).then(|| {
        format!(
            "Whoever is in {} keeps the value of the override.",
            list(&segments)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_console::Move;
    use halyard_model::{Change, FlagState, FlagValue, SegmentOverride};
    use serde_json::{Value, json};

    fn gets(enabled: bool, value: Value, variant: Option<&str>) -> Gets {
        Gets {
            enabled,
            value: FlagValue(value),
            variant: variant.map(str::to_owned),
        }
    }

    fn on() -> Gets {
        gets(true, Value::Null, None)
    }

    fn off() -> Gets {
        gets(false, Value::Null, None)
    }

    fn part(gets: Gets, count: u64) -> Share {
        Share {
            gets,
            count,
            deciders: Vec::new(),
        }
    }

    fn shares(now: Vec<Share>, after: Option<Vec<Share>>, moves: &[(Gets, Gets, u64)]) -> FlagShares {
        FlagShares {
            flag: FlagKey("wallets".into()),
            edited: true,
            surprise: false,
            now,
            after,
            flips: moves.iter().map(|(.., count)| count).sum(),
            moves: moves
                .iter()
                .map(|(from, to, count)| Move {
                    from: from.clone(),
                    from_rule: DecidedBy::Default,
                    to: to.clone(),
                    to_rule: DecidedBy::Default,
                    count: *count,
                    examples: Vec::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn the_sentence_says_how_many_change_and_how() {
        let turned_on = shares(
            vec![part(off(), 2_400)],
            Some(vec![part(on(), 2_112), part(off(), 288)]),
            &[(off(), on(), 2_112)],
        );
        assert_eq!(sentence(&turned_on), "2,112 of 2,400 go from off to on (88.0%).");
        let one_page = gets(true, json!("a"), Some("one_page"));
        let express = gets(true, json!("b"), Some("express"));
        let moved = |count| {
            shares(
                vec![part(one_page.clone(), 2_400)],
                Some(vec![
                    part(express.clone(), count),
                    part(one_page.clone(), 2_400 - count),
                ]),
                &[(one_page.clone(), express.clone(), count)],
            )
        };
        assert_eq!(
            sentence(&moved(442)),
            "442 of 2,400 identities change value (18.4%)."
        );
        assert_eq!(
            sentence(&moved(1)),
            "1 of 2,400 identities changes value (under 0.1%)."
        );
        let both = shares(
            vec![part(off(), 5), part(one_page.clone(), 5)],
            Some(vec![part(on(), 10)]),
            &[(off(), on(), 5), (one_page.clone(), express, 5)],
        );
        assert_eq!(
            sentence(&both),
            "10 of 10 identities change state or value (100%)."
        );
        let nobody = shares(vec![part(on(), 2_400)], Some(vec![part(on(), 2_400)]), &[]);
        assert_eq!(sentence(&nobody), "None of 2,400 identities changes.");
        assert_eq!(
            sentence(&shares(vec![part(on(), 2_400)], None, &[])),
            "All 2,400 identities get it on."
        );
        let most = shares(vec![part(one_page, 1_320), part(off(), 1_080)], None, &[]);
        assert_eq!(sentence(&most), "1,320 of 2,400 identities get one_page (55.0%).");
    }

    fn flag(overrides: &[(&str, bool)], identities: u32) -> Flag {
        let mut state = FlagState::plain(false, FlagValue(Value::Null));
        state.segment_overrides = overrides
            .iter()
            .map(|(name, enabled)| SegmentOverride {
                segment_id: "1".into(),
                segment_name: (*name).into(),
                priority: Some(0),
                enabled: *enabled,
                value: FlagValue(Value::Null),
                variants: Vec::new(),
            })
            .collect();
        Flag {
            key: FlagKey("wallets".into()),
            remote_id: "1".into(),
            description: None,
            kind: FlagKind::Standard,
            tags: Vec::new(),
            owners: Vec::new(),
            archived: false,
            server_only: false,
            created_at: None,
            identity_overrides: Some(identities),
            notes: Vec::new(),
            state,
        }
    }

    #[test]
    fn notes_say_who_does_not_change_and_why() {
        let turned_on = |off_after| {
            shares(
                vec![part(off(), 2_400)],
                Some(vec![part(on(), 2_400 - off_after), part(off(), off_after)]),
                &[(off(), on(), 2_400 - off_after)],
            )
        };
        let edits = [Draft::of_flag(&FlagKey("wallets".into()), &Change::toggle(true))];
        let cases = [
            (
                288,
                flag(&[("Restricted regions", false), ("VIP", true)], 0),
                Some("288 stay off because they are in Restricted regions."),
            ),
            (
                1,
                flag(&[("A", false), ("B", false)], 0),
                Some("1 stays off because it is in A, B."),
            ),
            (
                288,
                flag(&[], 3),
                Some("288 stay off because they have an override of their own."),
            ),
            (0, flag(&[("Restricted regions", false)], 0), None),
        ];
        for (staying, flag, expected) in cases {
            let notes = notes(&turned_on(staying), &edits, &flag, 0);
            assert_eq!(notes.first().map(String::as_str), expected);
        }
        let failed = notes(&turned_on(0), &edits, &flag(&[], 0), 1);
        assert_eq!(
            failed,
            ["For 1 identity a server would fail instead of answering."]
        );
    }

    #[test]
    fn cohorts_and_samples_are_named() {
        let file = CohortChoice::File(halyard_console::CohortId("1".into()));
        assert_eq!(cohort(&file, 100_000, 100_000), "100,000 identities of the file");
        assert_eq!(
            cohort(&file, 31_000, 100_000),
            "31,000 of 100,000 identities of the file"
        );
        assert_eq!(cohort(&CohortChoice::Personas, 1, 1), "1 persona");
        let sampled = Sample {
            generated: 2_388,
            overridden: 9,
            personas: 3,
        };
        assert_eq!(sample(&sampled), "2,400 sampled identities");
        assert_eq!(
            how(&sampled),
            "2,388 made up from the conditions, 9 with overrides and 3 personas. Each edit meets the same ones."
        );
    }

    #[test]
    fn results_have_a_word_and_a_long_one() {
        let cases = [
            (on(), "On", "On, no value"),
            (gets(true, json!(39), None), "39", "39"),
            (gets(true, json!("x"), Some("control")), "control", "control, x"),
            (gets(false, json!(7), None), "Off", "Off, 7"),
        ];
        for (gets, short, long) in cases {
            assert_eq!(label(&gets), short);
            assert_eq!(long_label(&gets), long);
        }
    }
}
