//! The identities of the Acme Store, and what they override.

use serde_json::{Value, json};

use super::acme::Environments;
use super::builder::Builder;
use super::words::Override;

const CITIES: [(&str, &str); 12] = [
    ("DE", "Berlin"),
    ("DE", "Hamburg"),
    ("DE", "München"),
    ("AT", "Wien"),
    ("FR", "Paris"),
    ("FR", "Lyon"),
    ("NL", "Amsterdam"),
    ("SE", "Malmö"),
    ("GB", "Leeds"),
    ("CH", "Zürich"),
    ("BE", "Gent"),
    ("DK", "Aarhus"),
];

const NETWORKS: [&str; 5] = ["4g", "5g", "wifi", "3g", "2g"];
const TIERS: [&str; 3] = ["blue", "silver", "gold"];

/// Adds the identities of each environment; Production has the most.
pub(crate) fn add(builder: &mut Builder, environments: Environments) {
    let lena = json!({
        "country": "DE", "order_count": 3, "is_vip": false, "network": "4g", "city": "Berlin", "lifetime_value": 418.5,
    });
    let paris = json!({
        "country": "FR", "order_count": 27, "is_vip": true, "network": "wifi", "city": "Paris",
        "lifetime_value": 5120.75, "tier": "gold", "beta_opt_in": true,
    });
    let production = environments.production;
    let mut people = vec![
        builder.identity(production, "u_48213", &lena),
        builder.identity(production, "u_10077", &paris),
        builder.identity(
            production,
            "u_90001",
            &json!({"order_count": 0, "platform": "ios", "app_version": "8.1.4"}),
        ),
    ];
    for number in 0..37 {
        let identifier = format!("u_{}", 50_011 + 137 * number);
        people.push(builder.identity(production, &identifier, &traits(number)));
    }
    for (environment, count) in [
        (environments.development, 5),
        (environments.staging, 6),
        (environments.eu_production, 8),
    ] {
        builder.identity(environment, "u_48213", &lena);
        for number in 0..count {
            let identifier = format!("u_{}", 50_011 + 137 * number);
            builder.identity(environment, &identifier, &traits(number));
        }
    }
    overrides(builder, production, &people);
}

fn traits(number: usize) -> Value {
    let (country, city) = CITIES[number % CITIES.len()];
    let orders = number * 7 % 19;
    let mut traits = json!({
        "country": country, "city": city, "order_count": orders, "is_vip": orders >= 10,
        "network": NETWORKS[number % NETWORKS.len()], "customer_no": 7_000 + number,
        "tier": TIERS[orders % TIERS.len()], "newsletter": number.is_multiple_of(2),
    });
    if number.is_multiple_of(4) {
        traits["beta_opt_in"] = json!(true);
    }
    if number.is_multiple_of(6) {
        traits["customer_type"] = json!("business");
    }
    if number.is_multiple_of(9) {
        traits["email"] = json!(format!("employee{number}@acme.example"));
    }
    traits
}

/// Who overrides what in Production: as many as the sample shop tells.
fn overrides(builder: &mut Builder, production: u64, people: &[u64]) {
    let feature = |builder: &Builder, name: &str| {
        builder
            .store
            .feature_by_name(builder.project, name)
            .map_or(0, |feature| feature.id)
    };
    let rows: [(&str, usize, usize, Override); 6] = [
        ("new_checkout", 1, 2, Override::weighed(&[0.0, 100.0])),
        ("search_ranking_v2", 4, 4, Override::weighed(&[100.0])),
        (
            "product_recs_model",
            0,
            7,
            Override::with(json!("hybrid-2025-11")),
        ),
        ("delivery_slot_picker", 8, 12, Override::on()),
        ("reviews_ai_summary", 5, 1, Override::on()),
        ("b2b_net_terms", 20, 6, Override::on()),
    ];
    for (name, from, count, given) in rows {
        let feature = feature(builder, name);
        for identity in people.iter().skip(from).take(count) {
            builder.over_identity(production, feature, *identity, &given);
        }
    }
}
