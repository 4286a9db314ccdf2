//! Cohorts keep identities as they were given, whatever the size of the chunks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use halyard_engine::{Cohort, CohortBuilder, Identity, UNSET};
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        Just(json!([1, "a", null])),
        Just(json!({ "a": [true] })),
    ]
}

fn any_identity() -> impl Strategy<Value = Identity> {
    let key = proptest::option::of("[a-z]{1,3}");
    let traits = proptest::collection::btree_map("[a-d]{1,2}", any_value(), 0..5);
    ("[a-zß]{0,4}", key, traits).prop_map(|(identifier, key, traits)| Identity {
        identifier,
        key,
        traits,
    })
}

fn without_nulls(identity: &Identity) -> Identity {
    let mut identity = identity.clone();
    identity.traits.retain(|_, value| !value.is_null());
    identity
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(identities in proptest::collection::vec(any_identity(), 0..40), rows in 1_usize..12) {
        let mut builder = CohortBuilder::with_chunk_rows(rows);
        for identity in &identities {
            builder.push(identity);
        }
        let cohort = builder.finish();
        prop_assert_eq!(cohort.len(), identities.len() as u64);
        prop_assert_eq!(cohort.chunks().len(), identities.len().div_ceil(rows));
        for (row, identity) in identities.iter().enumerate() {
            prop_assert_eq!(cohort.identity(row as u64), Some(without_nulls(identity)));
        }
        prop_assert_eq!(cohort.identity(identities.len() as u64), None);
        for chunk in cohort.chunks() {
            for column in chunk.columns() {
                prop_assert_eq!(column.codes().len(), chunk.len());
                let known = |code: &u32| *code == UNSET || (*code as usize) < column.values().len();
                prop_assert!(column.codes().iter().all(known));
            }
        }
    }
}

#[test]
fn many_alike_identities_take_little_memory() {
    let identities: Vec<Identity> = (0..20_000)
        .map(|number| {
            (0..15).fold(Identity::new(format!("user-{number}")), |identity, slot| {
                identity.with_trait(format!("trait_{slot}"), (number * 7 + slot) % 40)
            })
        })
        .collect();
    let cohort: Cohort = identities.iter().collect();
    assert_eq!(cohort.trait_names().len(), 15);
    let per_identity = cohort.bytes() / identities.len();
    assert!(per_identity < 100, "{per_identity} bytes for each identity");
}
