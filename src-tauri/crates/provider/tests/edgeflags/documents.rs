//! Definitions in a snapshot's document, as the console reads them.

use halyard_model::{FlagValue, Version};
use halyard_provider::edgeflags as read;
use halyard_sandbox::edgeflags::EdgeFlagsOptions;
use serde_json::{Value, json};

use crate::Desk;
use crate::cases::{config, flag, segment};

#[tokio::test]
async fn a_snapshot_holds_every_definition_whole() {
    let desk = Desk::at(EdgeFlagsOptions::default(), "production").await;
    let snapshot = desk.bench.collect(&desk.environment).await.unwrap().value;
    let document: Value = serde_json::from_str(&snapshot.document).unwrap();
    let keys = [
        (read::flag_keys(&document), "flags", 40),
        (read::config_keys(&document), "configs", 8),
        (read::segment_keys(&document), "segments", 6),
    ];
    for (keys, plural, number) in keys {
        assert_eq!(keys.len(), number, "{plural}");
        for key in keys {
            let (subject, shown) = match plural {
                "flags" => (
                    flag(&key),
                    read::flag_definition(&document, &key).map(halyard_model::SubjectState::Flag),
                ),
                "configs" => (
                    config(&key),
                    read::config_definition(&document, &key).map(halyard_model::SubjectState::Config),
                ),
                _ => (
                    segment(&key),
                    read::segment_definition(&document, &key).map(halyard_model::SubjectState::Segment),
                ),
            };
            assert!(shown.is_some(), "{plural} {key}");
            assert_eq!(
                shown,
                desk.read(&subject).await,
                "{plural} {key}: as the service is read"
            );
        }
    }
    let rates = read::config_definition(&document, "shipping_rates").unwrap();
    assert_eq!(
        rates.environments["staging"],
        FlagValue(json!({"standard": 4.5, "express": 8.9}))
    );
    assert_eq!(rates.version, Some(Version::Number(6)));
    let uses = read::segment_uses(&document, "vip_customers");
    assert_eq!(uses.flags, ["loyalty_points_multiplier", "new_checkout"]);
    assert_eq!(uses.segments, ["vip_beta"]);
    assert!(read::segment_uses(&document, "nobody").is_empty());
    let own = read::own_settings(&document, "product_recs_model", "staging");
    assert_eq!(own, Some(json!({"value": "hybrid-2025-11"})));
    assert_eq!(
        read::own_settings(&document, "product_recs_model", "production"),
        None
    );
    for key in ["absent", ""] {
        assert_eq!(read::flag_definition(&document, key), None);
        assert_eq!(read::config_definition(&document, key), None);
        assert_eq!(read::segment_definition(&document, key), None);
    }
}

#[test]
fn a_document_of_another_shape_holds_nothing() {
    for document in [
        json!(null),
        json!({}),
        json!({"flags": {}, "segments": 3}),
        json!({"flags": [null, {"key": 1}, {"key": "a"}, {"key": "a", "enabled": "yes"}]}),
        json!({"configs": [{"key": "a", "environments": []}], "segments": [{"key": "a", "conditions": {}}]}),
    ] {
        assert_eq!(read::flag_definition(&document, "a"), None, "{document}");
        assert_eq!(read::config_definition(&document, "a"), None, "{document}");
        assert_eq!(read::segment_definition(&document, "a"), None, "{document}");
        assert!(read::segment_uses(&document, "a").is_empty());
    }
}
