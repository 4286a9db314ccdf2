//! Whatever goes in comes out the same.

use halyard_mirror::Stored;
use halyard_model::{Flag, FlagKey, FlagKind, FlagState, FlagValue, Segment, Snapshot, Timestamp, Variant};
use proptest::prelude::*;

use crate::samples::{flag, furnished, id, key, segment};
use crate::values::values;

fn flags() -> impl Strategy<Value = Flag> {
    (
        any::<String>(),
        any::<bool>(),
        values(),
        values(),
        0.0..=100.0_f64,
        any::<Option<i64>>(),
    )
        .prop_map(|(name, enabled, value, option, weight, moment)| Flag {
            key: FlagKey(name.clone()),
            description: Some(name),
            kind: FlagKind::Multivariate,
            state: FlagState {
                enabled,
                value: FlagValue(value.clone()),
                variants: vec![Variant {
                    id: "1".into(),
                    key: None,
                    value: FlagValue(option),
                    weight,
                }],
                targeting: (!value.is_null()).then_some(value),
                updated_at: moment.map(Timestamp),
                ..flag("any").state
            },
            ..flag("any")
        })
}

fn documents() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), values().prop_map(|value| value.to_string())]
}

fn snapshots() -> impl Strategy<Value = Snapshot> {
    (
        documents(),
        prop::collection::vec(flags(), 0..20),
        any::<i64>(),
        any::<String>(),
    )
        .prop_map(|(document, flags, moment, name)| Snapshot {
            environment: key("staging"),
            fetched_at: Timestamp(moment),
            document,
            document_updated_at: Some(Timestamp(moment)),
            flags,
            segments: vec![Segment {
                description: Some(name.clone()),
                ..segment(&name)
            }],
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn snapshots_come_back_as_they_went_in(snapshots in prop::collection::vec(snapshots(), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mirror, shop, staging) = (furnished().await, id("shop"), key("staging"));
            for snapshot in &snapshots {
                mirror.store_snapshot(&shop, snapshot).await.unwrap();
                prop_assert_eq!(&mirror.flags(&shop, &staging).await.unwrap(), &snapshot.flags);
                prop_assert_eq!(&mirror.segments(&shop, &staging).await.unwrap(), &snapshot.segments);
                let document = mirror.document(&shop, &staging).await.unwrap();
                prop_assert_eq!(document.as_ref(), Some(&snapshot.document));
                prop_assert_eq!(mirror.store_snapshot(&shop, snapshot).await.unwrap(), Stored::Unchanged);
                if let Some(flag) = snapshot.flags.first() {
                    let found = mirror.flag(&shop, &staging, &flag.key).await.unwrap();
                    prop_assert_eq!(found.as_ref(), Some(flag));
                }
            }
            prop_assert_eq!(mirror.unreadable_rows().await.unwrap(), []);
            Ok(())
        })?;
    }
}
