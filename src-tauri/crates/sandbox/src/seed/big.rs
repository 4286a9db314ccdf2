//! Seeds whose size is their point.

use serde_json::json;

use super::builder::Builder;
use super::words::{FlagSeed, Override};
use crate::flagsmith::store::Store;

fn project(name: &str) -> Builder {
    let mut builder = Builder::new("Acme Retail", name);
    builder.user("Maya", "Lindqvist", "0a11a0a1", false);
    builder.user("Tom", "Okafor", "0d44d0d4", true);
    builder.user("Demo", "Person", "facade00", false);
    builder
}

/// 400 flags, 400 segments and 5,000 segment overrides in one environment: a document of about 1.6 MB.
pub(crate) fn large() -> Store {
    let mut builder = project("Acme Large");
    let production = builder.environment("Production", "Production", false);
    let segments: Vec<u64> = (0..400)
        .map(|number| {
            let value = format!("value_{number:04}");
            let least = number.to_string();
            builder.segment(
                &format!("segment_{number:04}"),
                "",
                &[
                    (
                        "ALL",
                        &[
                            ("EQUAL", "group", value.as_str()),
                            ("GREATER_THAN_INCLUSIVE", "age", least.as_str()),
                        ],
                    ),
                    (
                        "ANY",
                        &[
                            ("CONTAINS", "email", "@acme.example"),
                            ("IN", "country", "DE,FR,GB"),
                        ],
                    ),
                ],
            )
        })
        .collect();
    for number in 0..400_usize {
        let name = format!("flag_{number:04}");
        let value = format!("value of {name}");
        let feature = builder.flag(&FlagSeed {
            name: &name,
            value: Some(&value),
            ..FlagSeed::default()
        });
        builder.set(production, feature, number.is_multiple_of(2), None);
        // 200 flags with 12 overrides and 200 with 13 make 5,000.
        let count = if number.is_multiple_of(2) { 13 } else { 12 };
        for place in 0..count {
            let segment = segments[(number * 7 + place * 31) % segments.len()];
            builder.over(
                production,
                feature,
                segment,
                &Override::with(json!(format!("{name} for {place}"))),
            );
        }
    }
    builder.finish()
}

/// 10,000 flags in one environment.
pub(crate) fn ten_thousand() -> Store {
    let mut builder = project("Acme Ten Thousand");
    let production = builder.environment("Production", "Production", false);
    for number in 0..10_000_usize {
        let name = format!("flag_{number:05}");
        let value = (!number.is_multiple_of(3)).then(|| number.to_string());
        let feature = builder.flag(&FlagSeed {
            name: &name,
            value: value.as_deref(),
            ..FlagSeed::default()
        });
        builder.set(production, feature, number.is_multiple_of(2), None);
    }
    builder.finish()
}

/// A project with one environment and no flags.
pub(crate) fn empty() -> Store {
    let mut builder = project("Acme Empty");
    builder.environment("Production", "Production", false);
    builder.finish()
}
