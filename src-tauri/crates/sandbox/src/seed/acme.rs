//! The Acme Store: 128 flags, 31 segments, 4 environments that have drifted apart.

use serde_json::json;

use super::builder::Builder;
use super::words::{FlagSeed, Override};
use super::{acme_named, acme_people, acme_segments};
use crate::flagsmith::store::Store;

/// The flags that nobody looks at closely, one a line.
const OTHERS: &str = include_str!("acme_flags.txt");

const TAGS: [(&str, &str); 15] = [
    ("checkout", "#3d4db6"),
    ("q4-launch", "#b0661a"),
    ("pricing", "#2f7d4f"),
    ("search", "#7a3fb0"),
    ("content", "#1f7a8c"),
    ("ml", "#a33f6d"),
    ("loyalty", "#8a6d1f"),
    ("server-side", "#5a6472"),
    ("eu", "#24569c"),
    ("delivery", "#3f7f1f"),
    ("catalogue", "#9c4a24"),
    ("support", "#4f4f9c"),
    ("legal", "#7d2f2f"),
    ("b2b", "#2f5d5d"),
    ("platform", "#444444"),
];

/// The four environments of the store, in the order of the rail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Environments {
    pub(crate) development: u64,
    pub(crate) staging: u64,
    pub(crate) production: u64,
    pub(crate) eu_production: u64,
}

impl Environments {
    /// All four.
    pub(crate) fn all(self) -> [u64; 4] {
        [
            self.development,
            self.staging,
            self.production,
            self.eu_production,
        ]
    }
}

/// The people who work on the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People {
    pub(crate) maya: u64,
    pub(crate) jonas: u64,
    pub(crate) priya: u64,
    pub(crate) tom: u64,
}

impl People {
    /// The person behind an initial in the tables.
    pub(crate) fn by_initial(self, initial: &str) -> Option<u64> {
        match initial {
            "M" => Some(self.maya),
            "J" => Some(self.jonas),
            "P" => Some(self.priya),
            "T" => Some(self.tom),
            _ => None,
        }
    }
}

/// The ids of tags by their labels, separated by commas.
pub(crate) fn tag_ids(builder: &Builder, labels: &str) -> Vec<u64> {
    let tags = &builder.store.tags;
    labels
        .split(',')
        .filter_map(|label| tags.values().find(|tag| tag.label == label).map(|tag| tag.id))
        .collect()
}

/// The whole store.
pub(crate) fn store() -> Store {
    let mut builder = Builder::new("Acme Retail", "Acme Store");
    let people = People {
        maya: builder.user("Maya", "Lindqvist", "0a11a0a1", false),
        jonas: builder.user("Jonas", "Weber", "0b22b0b2", false),
        priya: builder.user("Priya", "Nair", "0c33c0c3", false),
        tom: builder.user("Tom", "Okafor", "0d44d0d4", true),
    };
    builder.user("Demo", "Person", "facade00", false);
    let environments = Environments {
        development: builder.environment("Development", "Development", false),
        staging: builder.environment("Staging", "Staging", true),
        // The last marks of this key put u_48213 into the buckets that the sample preview shows.
        production: builder.environment("Production", "Productioni7hrr", false),
        eu_production: builder.environment("EU Production", "EUProduction", true),
    };
    for (label, color) in TAGS {
        builder.tag(label, color);
    }
    let segments = acme_segments::add(&mut builder);
    acme_named::add(&mut builder, environments, people, &segments);
    for (position, line) in OTHERS.lines().filter(|line| !line.starts_with('#')).enumerate() {
        add_other(&mut builder, environments, people, position, line);
    }
    for (flag, segment, given) in other_overrides() {
        let feature = builder
            .store
            .feature_by_name(builder.project, flag)
            .map(|feature| feature.id);
        let (Some(feature), Some(segment)) = (feature, segments.get(segment)) else {
            continue;
        };
        for environment in environments.all() {
            builder.over(environment, feature, *segment, &given);
        }
    }
    acme_people::add(&mut builder, environments);
    builder.finish()
}

/// Overrides of flags that nobody looks at closely; with them nine flags are decided by an override for
/// the preview's identity.
fn other_overrides() -> [(&'static str, &'static str, Override); 3] {
    [
        ("dark_mode", "Germany", Override::on()),
        (
            "local_currency_rounding",
            "Klarna countries",
            Override::with(json!("0.01")),
        ),
        (
            "chat_office_hours",
            "Germany",
            Override::with(json!("{\"from\":\"07:00\",\"to\":\"21:00\"}")),
        ),
    ]
}

fn add_other(builder: &mut Builder, environments: Environments, people: People, position: usize, line: &str) {
    let mut columns = line.split('|');
    let mut next = || columns.next().unwrap_or("");
    let (name, on, tags, owner, value, description) = (next(), next(), next(), next(), next(), next());
    let owner = people.by_initial(owner);
    let tags = tag_ids(builder, tags);
    let seed = FlagSeed {
        name,
        description: Some(description),
        tags,
        owner,
        value: (!value.is_empty()).then_some(value),
        ..FlagSeed::default()
    };
    let feature = builder.flag(&seed);
    let days = 22 + i64::try_from(position).unwrap_or(0);
    for (environment, mark) in environments.all().into_iter().zip(on.chars()) {
        builder.set(environment, feature, mark == '1', None);
        builder.changed(environment, feature, days * 24 * 60, owner);
    }
}
