//! The flags of the Acme Store that people look at first, with their drift and their overrides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::acme::{Environments, People, tag_ids};
use super::builder::Builder;
use super::words::{FlagSeed, Override};

/// A flag with a story.
struct Named {
    name: &'static str,
    description: &'static str,
    tags: &'static str,
    /// The initial of who changed it last, who also owns it.
    by: &'static str,
    /// On in Development, Staging, Production and EU Production.
    on: &'static str,
    /// Its value in those four; one alone holds in all.
    values: &'static [&'static str],
    options: &'static [&'static str],
    /// The options' weights in the four, percent.
    weights: [&'static [f64]; 4],
    /// How long before the start it changed in Production; minutes.
    minutes: i64,
}

const PLAIN: [&[f64]; 4] = [&[], &[], &[], &[]];
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

macro_rules! named {
    ($name:literal $by:literal $on:literal $tags:literal $minutes:expr, [$($value:literal),*], $description:literal) => {
        Named {
            name: $name, description: $description, tags: $tags, by: $by, on: $on, values: &[$($value),*],
            options: &[], weights: PLAIN, minutes: $minutes,
        }
    };
}

const NAMED: [Named; 25] = [
    Named {
        name: "new_checkout",
        description: "One-page checkout against the classic basket. Owner: Checkout team.",
        tags: "checkout,q4-launch",
        by: "M",
        on: "1111",
        values: &["control"],
        options: &["one_page", "express"],
        weights: [&[30.0, 10.0], &[30.0, 10.0], &[30.0, 10.0], &[40.0, 10.0]],
        minutes: 2,
    },
    named!("free_shipping_threshold" "M" "1111" "pricing" 12, ["39", "39", "49", "49"],
        "Order value from which shipping is free, euros"),
    Named {
        name: "search_ranking_v2",
        description: "Ranking by meaning against ranking by words",
        tags: "search",
        by: "J",
        on: "1111",
        values: &["keyword"],
        options: &["semantic"],
        weights: [&[100.0], &[25.0], &[25.0], &[25.0]],
        minutes: HOUR,
    },
    named!("express_checkout_wallets" "J" "1100" "checkout" 3 * HOUR, [],
        "Apple Pay and Google Pay buttons in the basket."),
    named!("guest_checkout" "P" "1111" "checkout" 5 * HOUR, [], "Order without an account"),
    named!("homepage_hero" "M" "1111" "content" 6 * HOUR,
        ["{\"slot\":\"winter\",\"cta\":\"Early deals\"}", "{\"slot\":\"winter\",\"cta\":\"Early deals\"}",
         "{\"slot\":\"autumn\",\"cta\":\"Shop coats\"}", "{\"slot\":\"autumn\",\"cta\":\"Shop coats\"}"],
        "The large picture on the first page"),
    named!("product_recs_model" "T" "1111" "search,ml" 22 * HOUR,
        ["hybrid-2025-11", "hybrid-2025-11", "hybrid-2025-09", "hybrid-2025-09"],
        "Which model suggests articles"),
    named!("loyalty_points_multiplier" "M" "1111" "pricing,loyalty" 26 * HOUR, ["1"], "Points for each euro"),
    named!("fraud_score_cutoff" "T" "0111" "server-side" 28 * HOUR, ["0.5", "0.75", "0.82", "0.82"],
        "Orders above this score are looked at by a person"),
    named!("klarna_pay_later" "J" "1110" "checkout,eu" 3 * DAY, [], "Pay within 30 days"),
    named!("delivery_slot_picker" "P" "1100" "delivery" 3 * DAY + HOUR, [], "Choose the hour of delivery"),
    named!("black_friday_banner" "M" "1100" "content,q4-launch" 4 * DAY,
        ["{\"from\":\"2025-11-28\",\"tone\":\"dark\"}"], "Announces Black Friday"),
    named!("stock_low_badge" "J" "1111" "catalogue" 4 * DAY + HOUR, ["5"],
        "From how many pieces on the badge says that stock is low"),
    named!("address_autocomplete" "T" "1111" "checkout" 7 * DAY,
        ["provider-b", "provider-b", "provider-b", "provider-c"], "Who completes addresses"),
    named!("returns_self_service" "P" "1111" "support" 7 * DAY + HOUR, [], "Announce a return without calling"),
    named!("reviews_ai_summary" "J" "1100" "catalogue,ml" 9 * DAY, [], "A paragraph that sums up the reviews"),
    named!("gift_wrapping" "M" "1110" "checkout" 9 * DAY + HOUR, [], "Offers wrapping"),
    named!("order_tracking_map" "P" "1111" "delivery" 10 * DAY, [], "Shows the van on a map"),
    named!("max_items_per_order" "T" "1111" "checkout" 11 * DAY, ["999", "40", "40", "40"], "Most pieces in one order"),
    Named {
        name: "cookie_banner_v3",
        description: "Which banner asks for consent",
        tags: "legal,eu",
        by: "M",
        on: "1111",
        values: &["classic"],
        options: &["compact"],
        weights: [&[50.0], &[50.0], &[50.0], &[100.0]],
        minutes: 14 * DAY,
    },
    named!("store_pickup" "J" "1110" "delivery" 15 * DAY, [], "Collect the order in a store"),
    named!("b2b_net_terms" "T" "1000" "b2b" 17 * DAY, [], "Business accounts pay by invoice"),
    named!("image_cdn_host" "T" "1111" "platform" 21 * DAY, ["img-dev", "img-2", "img-2", "img-eu-1"],
        "Where pictures come from"),
    named!("reviews_photo_upload" "J" "1100" "catalogue" 12 * DAY, [], "Pictures with a review"),
    named!("legacy_pdp_redirect" "T" "0011" "platform" 21 * DAY + HOUR, [], "Sends old article addresses to new ones"),
];

/// A value as it is stored: whole numbers are integers, fractions and everything else text.
fn stored(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| json!(text), |number| json!(number))
}

/// Adds the flags with their states and overrides.
pub(crate) fn add(
    builder: &mut Builder,
    environments: Environments,
    people: People,
    segments: &BTreeMap<&'static str, u64>,
) {
    for named in &NAMED {
        let owner = people.by_initial(named.by);
        let seed = FlagSeed {
            name: named.name,
            description: Some(named.description),
            tags: tag_ids(builder, named.tags),
            owner,
            value: named.values.get(2).or(named.values.first()).copied(),
            options: named
                .options
                .iter()
                .copied()
                .zip(named.weights[2].iter().copied())
                .collect(),
            server_only: named.tags == "server-side",
            ..FlagSeed::default()
        };
        let feature = builder.flag(&seed);
        for (position, environment) in environments.all().into_iter().enumerate() {
            let value = named
                .values
                .get(position)
                .or(named.values.first())
                .map(|text| stored(text));
            let on = named.on.as_bytes().get(position) == Some(&b'1');
            builder.set(environment, feature, on, value.as_ref());
            builder.weigh(environment, feature, named.weights[position]);
            overrides(builder, environment, feature, named.name, segments);
            // Production is where people look; the others changed a little earlier.
            let earlier = if environment == environments.production {
                0
            } else {
                HOUR
            };
            builder.changed(environment, feature, named.minutes + earlier, owner);
        }
    }
}

/// The segment overrides, first to match first, the same in each environment.
fn overrides(
    builder: &mut Builder,
    environment: u64,
    feature: u64,
    name: &str,
    segments: &BTreeMap<&'static str, u64>,
) {
    let rows: Vec<(&str, Override)> = match name {
        "new_checkout" => vec![
            ("EU beta testers", Override::weighed(&[0.0, 100.0])),
            ("VIP customers", Override::weighed(&[100.0, 0.0])),
            ("Slow connections", Override::off()),
        ],
        "free_shipping_threshold" => vec![
            ("Germany", Override::with(json!(39))),
            ("Austria and Switzerland", Override::with(json!(59))),
        ],
        "search_ranking_v2" => vec![("Search rollout 25%", Override::weighed(&[100.0]))],
        "express_checkout_wallets" => vec![("Restricted regions", Override::off())],
        "homepage_hero" => vec![
            (
                "France",
                Override::with(json!("{\"slot\":\"automne\",\"cta\":\"Voir les manteaux\"}")),
            ),
            (
                "Dormant",
                Override::with(json!("{\"slot\":\"autumn\",\"cta\":\"Welcome back\"}")),
            ),
        ],
        "product_recs_model" => vec![("Big spenders", Override::with(json!("premium-2025-10")))],
        "loyalty_points_multiplier" => vec![
            ("VIP customers", Override::with(json!("2"))),
            ("Returning customers", Override::with(json!("1.5"))),
        ],
        "klarna_pay_later" => vec![("Klarna countries", Override::on())],
        "delivery_slot_picker" => vec![("Employees", Override::on())],
        "black_friday_banner" => vec![
            ("Employees", Override::on()),
            (
                "France",
                Override::with(json!("{\"from\":\"2025-11-28\",\"tone\":\"clair\"}")),
            ),
            ("Newsletter readers", Override::on()),
        ],
        "address_autocomplete" => vec![(
            "United Kingdom, high spenders",
            Override::with(json!("provider-a")),
        )],
        "reviews_ai_summary" => vec![("Employees", Override::on())],
        "order_tracking_map" => vec![
            ("Slow connections", Override::off()),
            ("App before 8.2", Override::off()),
        ],
        "max_items_per_order" => vec![
            ("B2B buyers", Override::with(json!(200))),
            ("First order", Override::with(json!(20))),
        ],
        "cookie_banner_v3" => vec![("Consent refused", Override::weighed(&[0.0]))],
        "store_pickup" => vec![
            ("Cities with a store", Override::on()),
            ("Employees", Override::on()),
            ("Nordics", Override::off()),
            ("Test accounts", Override::off()),
        ],
        "b2b_net_terms" => vec![("B2B buyers", Override::on())],
        "guest_checkout" => Vec::new(),
        _ => Vec::new(),
    };
    for (segment, given) in rows {
        if let Some(segment) = segments.get(segment) {
            builder.over(environment, feature, *segment, &given);
        }
    }
}
