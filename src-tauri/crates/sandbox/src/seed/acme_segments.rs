//! The 31 segments of the Acme Store.

use std::collections::BTreeMap;

use super::builder::Builder;
use super::words::InnerRule;

type Described = (&'static str, &'static str, &'static [InnerRule<'static>]);

/// Name, description, and inner rules.
const SEGMENTS: [Described; 31] = [
    (
        "EU beta testers",
        "Signed up for the beta in four countries",
        &[(
            "ALL",
            &[("IN", "country", "DE,AT,NL,FR"), ("EQUAL", "beta_opt_in", "true")],
        )],
    ),
    (
        "VIP customers",
        "Ten orders or more",
        &[("ALL", &[("GREATER_THAN_INCLUSIVE", "order_count", "10")])],
    ),
    ("Slow connections", "", &[("ALL", &[("IN", "network", "2g,3g")])]),
    (
        "Returning customers",
        "Five orders or more",
        &[("ALL", &[("GREATER_THAN_INCLUSIVE", "order_count", "5")])],
    ),
    (
        "Search rollout 25%",
        "A quarter of everybody",
        &[("ALL", &[("PERCENTAGE_SPLIT", "", "25")])],
    ),
    ("Germany", "", &[("ALL", &[("EQUAL", "country", "DE")])]),
    (
        "Klarna countries",
        "Where Klarna may be offered",
        &[("ALL", &[("IN", "country", "DE,AT,NL,SE,FI,NO,DK,BE")])],
    ),
    (
        "Cities with a store",
        "Seven stores",
        &[(
            "ALL",
            &[("IN", "city", "Berlin,Hamburg,Köln,Wien,Amsterdam,Paris,Lyon")],
        )],
    ),
    (
        "Restricted regions",
        "No wallet payments",
        &[("ALL", &[("IN", "country", "RU,BY,IR,KP,SY")])],
    ),
    (
        "B2B buyers",
        "",
        &[("ALL", &[("EQUAL", "customer_type", "business")])],
    ),
    (
        "Checkout beta, 25%",
        "",
        &[(
            "ALL",
            &[("PERCENTAGE_SPLIT", "", "25"), ("IS_SET", "beta_opt_in", "")],
        )],
    ),
    (
        "Employees",
        "",
        &[("ALL", &[("CONTAINS", "email", "@acme.example")])],
    ),
    (
        "Newsletter readers",
        "",
        &[("ALL", &[("EQUAL", "newsletter", "true")])],
    ),
    (
        "Austria and Switzerland",
        "",
        &[("ALL", &[("IN", "country", "AT,CH")])],
    ),
    ("France", "", &[("ALL", &[("EQUAL", "country", "FR")])]),
    ("Nordics", "", &[("ALL", &[("IN", "country", "SE,NO,DK,FI")])]),
    (
        "United Kingdom, high spenders",
        "",
        &[(
            "ALL",
            &[
                ("EQUAL", "country", "GB"),
                ("GREATER_THAN", "lifetime_value", "1000"),
            ],
        )],
    ),
    (
        "Big spenders",
        "",
        &[("ALL", &[("GREATER_THAN_INCLUSIVE", "lifetime_value", "2500.0")])],
    ),
    (
        "First order",
        "",
        &[(
            "ANY",
            &[("EQUAL", "order_count", "0"), ("IS_NOT_SET", "order_count", "")],
        )],
    ),
    ("iPhone app", "", &[("ALL", &[("EQUAL", "platform", "ios")])]),
    ("Android app", "", &[("ALL", &[("EQUAL", "platform", "android")])]),
    (
        "App before 8.2",
        "",
        &[("ALL", &[("LESS_THAN", "app_version", "8.2.0:semver")])],
    ),
    (
        "Recently seen",
        "Not for accounts that are blocked",
        &[
            ("ALL", &[("LESS_THAN", "days_since_visit", "30")]),
            ("NONE", &[("EQUAL", "blocked", "true")]),
        ],
    ),
    (
        "Dormant",
        "",
        &[("ALL", &[("GREATER_THAN", "days_since_visit", "180")])],
    ),
    ("Gold tier", "", &[("ALL", &[("EQUAL", "tier", "gold")])]),
    (
        "Silver tier and above",
        "",
        &[("ANY", &[("EQUAL", "tier", "silver"), ("EQUAL", "tier", "gold")])],
    ),
    (
        "Test accounts",
        "",
        &[(
            "ANY",
            &[("REGEX", "email", r"^test\+\d+@"), ("EQUAL", "test", "true")],
        )],
    ),
    (
        "Every third customer",
        "",
        &[("ALL", &[("MODULO", "customer_no", "3|1")])],
    ),
    (
        "Half of everybody",
        "",
        &[("ALL", &[("PERCENTAGE_SPLIT", "", "50")])],
    ),
    (
        "Consent refused",
        "",
        &[("ALL", &[("EQUAL", "consent", "denied")])],
    ),
    (
        "Not in Germany",
        "",
        &[("ALL", &[("NOT_EQUAL", "country", "DE")])],
    ),
];

/// Adds them, and gives their ids by name.
pub(crate) fn add(builder: &mut Builder) -> BTreeMap<&'static str, u64> {
    SEGMENTS
        .iter()
        .map(|(name, description, rules)| (*name, builder.segment(name, description, rules)))
        .collect()
}
