//! The answers of a real server, where they are at hand.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::*;
use crate::http::parse;

type Check = fn(&[u8]) -> Result<(), crate::Failure>;

fn reads<T: DeserializeOwned>(body: &[u8]) -> Result<(), crate::Failure> {
    parse::<T>(body, "capture").map(|_| ())
}

const CAPTURES: [(&str, Check); 30] = [
    ("organisations-list", reads::<Page<NamedRow>>),
    ("organisations-list-apikey", reads::<Page<NamedRow>>),
    ("projects-list", reads::<Vec<ProjectRow>>),
    ("project-get", reads::<ProjectRow>),
    ("environments-list", reads::<Page<EnvironmentRow>>),
    ("features-list-environment", reads::<Page<FeatureRow>>),
    ("features-list-v2-environment", reads::<Page<FeatureRow>>),
    ("features-list-archived", reads::<Page<FeatureRow>>),
    ("feature-get", reads::<FeatureRow>),
    ("featurestates-list-environment", reads::<Page<StateRow>>),
    ("featurestates-list-v2-environment", reads::<Page<StateRow>>),
    ("featurestates-list-any-identity", reads::<Page<StateRow>>),
    ("featurestates-simple-list", reads::<Page<NestedStateRow>>),
    ("override-list-featurestates", reads::<Page<NestedStateRow>>),
    ("override-list-feature-segments", reads::<Page<LinkRow>>),
    (
        "override-list-feature-segments-v2-environment",
        reads::<Page<LinkRow>>,
    ),
    ("segments-list", reads::<Page<SegmentRow>>),
    ("tags-list", reads::<Page<TagRow>>),
    ("versions-list-is-live", reads::<Page<VersionRow>>),
    ("version-create-draft", reads::<VersionRow>),
    ("version-get-by-uuid", reads::<VersionRow>),
    ("version-get-stale-draft", reads::<VersionRow>),
    ("version-draft-featurestates", reads::<Vec<NestedStateRow>>),
    ("version-featurestates-list", reads::<Vec<NestedStateRow>>),
    ("identities-search-exact", reads::<Page<IdentityRow>>),
    ("identity-traits-list", reads::<Page<TraitRow>>),
    ("environment-document-via-admin", reads::<Document>),
    ("environment-document-v2", reads::<Document>),
    ("sdk-identities-post-transient-identity", reads::<Evaluated>),
    ("edge-proxy-identities-post", reads::<Evaluated>),
];

/// Takes out the marks that stand for what a capture left out.
fn without_marks(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| item.get("_trimmed_by_capture").is_none());
            items.iter_mut().for_each(without_marks);
        }
        Value::Object(members) => members.values_mut().for_each(without_marks),
        _ => {}
    }
}

#[test]
fn answers_of_a_real_server_are_read() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/reference/captures/flagsmith");
    if !folder.is_dir() {
        println!(
            "skipped: {} answers of a real server, which are not here",
            CAPTURES.len()
        );
        return;
    }
    for (name, check) in CAPTURES {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let mut capture: Value = serde_json::from_str(&text).unwrap();
        let mut body = capture["body"].take();
        without_marks(&mut body);
        if let Err(failure) = check(body.to_string().as_bytes()) {
            panic!("{name}: {failure:?}");
        }
    }
}
