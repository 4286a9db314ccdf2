//! The identities of the measurements, and conditions about them.

use halyard_engine::Identity;
use serde_json::{Value, json};

use crate::seeded::Seeded;

/// What every identity has a value of.
pub const TRAITS: [&str; 15] = [
    "plan",
    "country",
    "company",
    "email",
    "language",
    "device",
    "role",
    "version",
    "beta",
    "age",
    "seats",
    "logins",
    "score",
    "days_since_signup",
    "region",
];

/// The slot of `company`, which all identities share.
pub const COMPANY: usize = 2;

const PLANS: [&str; 5] = ["free", "starter", "growth", "scale", "enterprise"];
const COUNTRIES: [&str; 8] = ["GB", "DE", "FR", "US", "BR", "IN", "JP", "KE"];
const LANGUAGES: [&str; 4] = ["en", "de", "fr", "pt"];
const DEVICES: [&str; 3] = ["ios", "android", "web"];
const ROLES: [&str; 4] = ["admin", "editor", "viewer", "billing"];
const REGIONS: [&str; 3] = ["eu-west", "us-east", "ap-south"];

/// The identifier of the nth identity.
pub fn identifier(number: usize) -> String {
    format!("user_{number}")
}

/// The value of a trait of the nth identity.
pub fn value(slot: usize, number: usize) -> Value {
    let mut random = Seeded::new((number as u64) << 8 | slot as u64);
    let text = |from: &[&str], random: &mut Seeded| json!(*random.choose(from));
    match TRAITS[slot] {
        "plan" => text(&PLANS, &mut random),
        "country" => text(&COUNTRIES, &mut random),
        "company" => json!("acme"),
        "email" => json!(format!("user_{number}@example.com")),
        "language" => text(&LANGUAGES, &mut random),
        "device" => text(&DEVICES, &mut random),
        "role" => text(&ROLES, &mut random),
        "version" => json!(format!(
            "{}.{}.{}",
            1 + random.below(3),
            random.below(10),
            random.below(10)
        )),
        "beta" => json!(random.chance(50)),
        "age" => json!(18 + random.below(60)),
        "seats" => json!(1 + random.below(200)),
        "logins" => json!(random.below(1000)),
        "score" => json!(random.below(1000) as f64 / 10.0 + 0.05),
        "days_since_signup" => json!(random.below(2000)),
        _ => text(&REGIONS, &mut random),
    }
}

/// The nth identity with all of its traits.
pub fn identity(number: usize) -> Identity {
    let mut identity = Identity::new(identifier(number));
    for (slot, name) in TRAITS.iter().enumerate() {
        identity.traits.insert((*name).to_owned(), value(slot, number));
    }
    identity
}

/// The values a text trait takes.
fn texts(slot: usize) -> &'static [&'static str] {
    match TRAITS[slot] {
        "plan" => &PLANS,
        "country" => &COUNTRIES,
        "company" => &["acme"],
        "language" => &LANGUAGES,
        "device" => &DEVICES,
        "role" => &ROLES,
        "region" => &REGIONS,
        _ => &[],
    }
}

/// Bounds that every number of a trait lies in.
fn bounds(slot: usize) -> (i64, i64) {
    match TRAITS[slot] {
        "age" => (18, 77),
        "seats" => (1, 200),
        "logins" => (0, 999),
        "score" => (0, 100),
        _ => (0, 1999),
    }
}

/// An operator and operand that hold for every identity. There are about seven of a trait.
pub fn holding(slot: usize, random: &mut Seeded) -> (&'static str, String) {
    let step = 1 + random.below(2) as i64;
    let choice = random.below(4);
    let texts = texts(slot);
    if !texts.is_empty() {
        return match choice {
            0 => ("IN", texts.join(",")),
            1 => ("NOT_EQUAL", format!("nothing_{step}")),
            2 => ("NOT_CONTAINS", format!("{step}")),
            _ => ("IN", format!("{},other_{step}", texts.join(","))),
        };
    }
    match TRAITS[slot] {
        "email" => match choice {
            0 => ("CONTAINS", "@example".to_owned()),
            1 => ("CONTAINS", ".com".to_owned()),
            2 => ("NOT_EQUAL", format!("root_{step}@example.com")),
            _ => ("NOT_CONTAINS", format!("+{step}")),
        },
        "version" => match choice {
            0 => ("GREATER_THAN", format!("0.{step}.0:semver")),
            1 => ("LESS_THAN", format!("{}.0.0:semver", 6 + step)),
            2 => ("NOT_EQUAL", format!("0.9.{step}:semver")),
            _ => ("IS_SET", String::new()),
        },
        "beta" => ("IS_SET", String::new()),
        _ => {
            let (low, high) = bounds(slot);
            match choice {
                0 => ("GREATER_THAN", (low - step).to_string()),
                1 => ("LESS_THAN", (high + step).to_string()),
                2 => ("GREATER_THAN_INCLUSIVE", (low - step).to_string()),
                _ => ("NOT_EQUAL", (high + step).to_string()),
            }
        }
    }
}

/// An operator and operand that hold for some identities.
pub fn varied(slot: usize, random: &mut Seeded) -> (&'static str, String) {
    let choice = random.below(4);
    let texts = texts(slot);
    if !texts.is_empty() {
        let one = (*random.choose(texts)).to_owned();
        return match choice {
            0 => ("EQUAL", one),
            1 => ("NOT_EQUAL", one),
            2 => ("IN", format!("{one},{}", random.choose(texts))),
            _ => ("CONTAINS", one[..1].to_owned()),
        };
    }
    match TRAITS[slot] {
        "email" => match choice {
            0 => ("CONTAINS", format!("_{}", random.below(10))),
            1 => ("NOT_CONTAINS", format!("{}@", random.below(10))),
            _ => ("EQUAL", format!("user_{}@example.com", random.below(100))),
        },
        "version" => {
            let operand = format!("{}.{}.0:semver", 1 + random.below(3), random.below(10));
            (
                *random.choose(&["GREATER_THAN_INCLUSIVE", "LESS_THAN", "NOT_EQUAL", "EQUAL"]),
                operand,
            )
        }
        "beta" => ("EQUAL", (*random.choose(&["true", "false"])).to_owned()),
        _ => {
            let (low, high) = bounds(slot);
            let operand = low + random.below((high - low) as usize) as i64;
            match choice {
                0 => ("GREATER_THAN", operand.to_string()),
                1 => ("LESS_THAN_INCLUSIVE", operand.to_string()),
                2 if TRAITS[slot] != "score" => ("MODULO", format!("{}|0", 2 + operand % 3)),
                _ => ("LESS_THAN", operand.to_string()),
            }
        }
    }
}
