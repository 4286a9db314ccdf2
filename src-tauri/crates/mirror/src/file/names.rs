//! Names that come from elsewhere: shown as text, and never used as a path.

use halyard_model::Timestamp;

use super::{EXTENSION, limits};

/// Letters of a file's name that come from the environment's.
const FILE_LETTERS: usize = 60;

/// What Windows keeps for devices, whatever follows the first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A name as it can be shown on one line: without control characters, without
/// marks that turn the direction of what follows, and not too long.
pub fn clean_name(name: &str) -> String {
    let mut clean: String = name
        .chars()
        .filter(|letter| !letter.is_control() && !turns_or_hides(*letter))
        .take(limits::NAME_LETTERS + 1)
        .collect();
    if clean.chars().count() > limits::NAME_LETTERS {
        clean = clean.chars().take(limits::NAME_LETTERS - 1).collect();
        clean.push('…');
    }
    clean.trim().to_owned()
}

/// Marks of Unicode that have no shape of their own and change how others are
/// shown: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
fn turns_or_hides(letter: char) -> bool {
    matches!(
        letter,
        '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    )
}

/// The name of a snapshot file, such as `production-2026-11-20.halyard`: of
/// small letters, digits and hyphens, whatever the environment is called. The
/// date is that of the newest moment, in UTC.
pub fn file_name(environment: &str, newest: Timestamp) -> String {
    let mut stem = String::new();
    for letter in environment.to_lowercase().chars() {
        if stem.chars().count() >= FILE_LETTERS {
            break;
        }
        if letter.is_alphanumeric() {
            stem.push(letter);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches('-');
    let letters: String = stem
        .chars()
        .take_while(|letter| !letter.is_ascii_digit())
        .collect();
    let stem = match stem {
        "" => "environment".to_owned(),
        device if DEVICES.contains(&letters.as_str()) => format!("environment-{device}"),
        usual => usual.to_owned(),
    };
    let (year, month, day) = date(newest);
    format!("{stem}-{year:04}-{month:02}-{day:02}.{EXTENSION}")
}

/// The date in UTC, counted in the calendar's cycles of 400 years that begin
/// on the first of March, so that a leap day is the last one.
fn date(at: Timestamp) -> (i64, i64, i64) {
    let days = at.unix_seconds().div_euclid(86_400) + 719_468;
    let cycle = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (year + cycle * 400 + later, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_environment_and_day() {
        let at = Timestamp(1_795_132_800_000);
        for (environment, name) in [
            ("Production", "production-2026-11-20.halyard"),
            ("EU / Production (2)", "eu-production-2-2026-11-20.halyard"),
            ("../../etc/passwd", "etc-passwd-2026-11-20.halyard"),
            ("..\\..\\boot.ini", "boot-ini-2026-11-20.halyard"),
            ("\u{202e}gpj.exe\0\n", "gpj-exe-2026-11-20.halyard"),
            ("", "environment-2026-11-20.halyard"),
            ("///", "environment-2026-11-20.halyard"),
            ("CON", "environment-con-2026-11-20.halyard"),
            ("com1", "environment-com1-2026-11-20.halyard"),
            ("Größe", "größe-2026-11-20.halyard"),
        ] {
            assert_eq!(file_name(environment, at), name, "{environment:?}");
        }
        let long = file_name(&"x".repeat(10_000), at);
        assert_eq!(long.len(), FILE_LETTERS + "-2026-11-20.halyard".len());
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (millis, expected) in [
            (0, (1970, 1, 1)),
            (951_782_400_000, (2000, 2, 29)),
            (951_868_800_000, (2000, 3, 1)),
            (1_735_689_599_999, (2024, 12, 31)),
            (4_107_542_400_000, (2100, 3, 1)),
        ] {
            assert_eq!(date(Timestamp(millis)), expected);
        }
    }

    #[test]
    fn what_changes_how_others_are_shown_is_left_out() {
        assert_eq!(clean_name("a\u{202e}b\n\u{7}c\u{200b} "), "abc");
        assert_eq!(
            clean_name(&"é".repeat(10_000)).chars().count(),
            limits::NAME_LETTERS
        );
        assert_eq!(clean_name("../x"), "../x");
    }
}
