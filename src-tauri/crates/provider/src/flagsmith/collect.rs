//! One environment's whole state, in parts that agree.
//!
//! The document decides what users get and holds the overrides; the lists add
//! versions, times, tags, owners, descriptions and archived marks. The parts
//! are read one after another, so a change in between shows as a default state
//! that the document and the list tell differently: then all is read again.
//!
//! Nothing is taken over from an earlier collection, also where the document
//! is the same as then. An equal document does not prove equal lists: tags,
//! owners, descriptions and archived marks are not in it, writing a value that
//! was there already moves a state's time alone, and a server with a document
//! cache serves the old one while its lists are new. Nor do equal lists prove
//! an equal document: they hold neither identity overrides nor the order of
//! segment overrides. And a collection that took the service's word that the
//! document is unchanged would call content new that is up to a minute old.

use std::collections::{HashMap, HashSet};

use halyard_model::{
    Flag, FlagKey, FlagKind, FlagState, Segment, SegmentOverride, Snapshot, Tag, Timestamp, Version,
};
use reqwest::Method;
use url::Url;

use super::paging;
use super::wire::{
    Document, DocumentState, FeatureRow, OptionRow, SegmentRow, StateRow, TagRow, timestamp, variants,
};
use crate::http::{Call, Reply, Timeout, malformed, parse};
use crate::{Answer, Failure, Progress, Target};

/// How often all is read where the parts do not agree. A service that serves
/// an old document from a cache never agrees with itself, and is taken as is.
const READINGS: u32 = 2;

/// What an answer is called that holds a document.
pub(super) const DOCUMENT: &str = "environment document";

/// What one reading gathered.
struct Parts {
    text: String,
    document: Document,
    features: Vec<FeatureRow>,
    states: Vec<StateRow>,
    segments: Vec<SegmentRow>,
    tags: Vec<TagRow>,
}

pub(super) async fn collect(
    call: &Call<'_>,
    target: Target<'_>,
    now: Timestamp,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Answer<Snapshot>, Failure> {
    let mut parts = read(call, target, progress).await?;
    for _ in 1..READINGS {
        if agree(&parts) {
            break;
        }
        tracing::info!("the environment changed while it was collected; reading it again");
        parts = read(call, target, progress).await?;
    }
    Ok(call.answer(snapshot(parts, target, now)))
}

async fn read(
    call: &Call<'_>,
    target: Target<'_>,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Parts, Failure> {
    let (project, environment) = (&target.project.id, target.environment);
    let tell =
        |what: &'static str| move |done: u32, total: Option<u32>| progress(Progress { what, done, total });
    let flags_told = tell("flags");
    let states_told = tell("states");
    let segments_told = tell("segments");
    let mut features_url = call.at(&["projects", project, "features", ""]);
    features_url
        .query_pairs_mut()
        .append_pair("environment", &environment.remote_id)
        .append_pair("sort_field", "name")
        .append_pair("sort_direction", "ASC");
    let states_url = call.at(&["environments", &environment.key.0, "featurestates", ""]);
    let mut segments_url = call.at(&["projects", project, "segments", ""]);
    segments_url
        .query_pairs_mut()
        .append_pair("include_feature_specific", "true");
    let tags_url = call.at(&["projects", project, "tags", ""]);
    // Two at a time: an organisation key costs the server a third of a second
    // of computing per request.
    let (features, states) = tokio::try_join!(
        paging::all::<FeatureRow>(call, features_url, "list of features", &flags_told),
        paging::all::<StateRow>(call, states_url, "list of feature states", &states_told),
    )?;
    let (segments, tags) = tokio::try_join!(
        paging::all::<SegmentRow>(call, segments_url, "list of segments", &segments_told),
        paging::all::<TagRow>(call, tags_url, "list of tags", &|_, _| ()),
    )?;
    tell("document")(0, None);
    let (text, document) = document(call, &environment.key.0).await?;
    tell("document")(1, Some(1));
    Ok(Parts {
        text,
        document,
        features,
        states,
        segments,
        tags,
    })
}

async fn document(call: &Call<'_>, key: &str) -> Result<(String, Document), Failure> {
    let url = call.at(&["environments", key, "document", ""]);
    let reply = call
        .read(Method::GET, url.clone(), None, Timeout::Document)
        .await?;
    let text = document_text(call, &url, &reply)?;
    let document = parse(text.as_bytes(), DOCUMENT).map_err(|failure| call.about(&url, failure))?;
    Ok((text, document))
}

/// The text of a document in an answer.
pub(super) fn document_text(call: &Call<'_>, url: &Url, reply: &Reply) -> Result<String, Failure> {
    if !reply.is_json() {
        // Says so with the content type and the beginning of what came.
        call.parsed::<serde_json::Value>(reply, DOCUMENT)?;
    }
    String::from_utf8(reply.body.to_vec()).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        call.about(
            url,
            malformed(DOCUMENT, &format!("UTF-8, broken at byte {place}")),
        )
    })
}

fn is_default(state: &StateRow) -> bool {
    state.feature_segment.is_none() && state.identity.is_none()
}

/// Whether the document and the lists tell the same default states, and the
/// lists know each segment that the document uses.
fn agree(parts: &Parts) -> bool {
    let segments: HashSet<u64> = parts.segments.iter().map(|segment| segment.id).collect();
    let mut used = parts
        .document
        .project
        .segments
        .iter()
        .filter(|segment| !segment.feature_states.is_empty());
    used.all(|segment| segments.contains(&segment.id)) && same_states(parts)
}

fn same_states(parts: &Parts) -> bool {
    let told: HashMap<u64, &DocumentState> = parts
        .document
        .feature_states
        .iter()
        .map(|state| (state.feature.id, state))
        .collect();
    let defaults: HashMap<u64, &StateRow> = parts
        .states
        .iter()
        .filter(|state| is_default(state))
        .map(|state| (state.feature, state))
        .collect();
    let known: HashSet<u64> = parts.features.iter().map(|feature| feature.id).collect();
    told.keys()
        .chain(defaults.keys())
        .all(|feature| known.contains(feature))
        && parts.features.iter().all(|feature| {
            let (told, listed) = match (told.get(&feature.id), defaults.get(&feature.id)) {
                (Some(told), Some(listed)) => (told, listed),
                // A flag whose state is scheduled for later has none until then,
                // and one that was just deleted was listed with its state.
                (None, None) => return feature.environment_feature_state.is_none(),
                _ => return false,
            };
            let options = &feature.multivariate_options;
            told.enabled == listed.enabled
                && told.feature_state_value == listed.feature_state_value
                && variants(&told.weights(), options)
                    == variants(&listed.multivariate_feature_state_values, options)
        })
}

fn snapshot(parts: Parts, target: Target<'_>, now: Timestamp) -> Snapshot {
    let defaults: HashMap<u64, &StateRow> = parts
        .states
        .iter()
        .filter(|state| is_default(state))
        .map(|state| (state.feature, state))
        .collect();
    let tags: HashMap<u64, &TagRow> = parts.tags.iter().map(|tag| (tag.id, tag)).collect();
    let counts = identity_override_counts(&parts.document);
    let mut overrides = overrides_by_feature(&parts.document);
    let mut flags: Vec<Flag> = parts
        .features
        .iter()
        .map(|feature| {
            let found = overrides.remove(&feature.id).unwrap_or_default();
            let state = state_of(feature, defaults.get(&feature.id).copied(), found);
            let counted = counts
                .as_ref()
                .map(|counts| counts.get(&feature.id).copied().unwrap_or_default());
            flag_of(feature, &tags, state, feature.num_identity_overrides.or(counted))
        })
        .collect();
    flags.sort_by(|one, other| one.key.cmp(&other.key));
    let mut segments: Vec<Segment> = parts
        .segments
        .into_iter()
        .map(|row| Segment {
            remote_id: row.id.to_string(),
            name: row.name,
            description: row.description.filter(|text| !text.is_empty()),
        })
        .collect();
    segments.sort_by(|one, other| one.name.cmp(&other.name));
    Snapshot {
        environment: target.environment.key.clone(),
        fetched_at: now,
        document_updated_at: timestamp(parts.document.updated_at.as_deref()),
        document: parts.text,
        flags,
        segments,
    }
}

/// How many identities have a state of their own, by feature; nothing where
/// the document leaves identities out.
fn identity_override_counts(document: &Document) -> Option<HashMap<u64, u32>> {
    if document.use_identity_overrides_in_local_eval == Some(false) {
        return None;
    }
    let mut counts = HashMap::new();
    for identity in document.identity_overrides.as_ref()? {
        for state in &identity.identity_features {
            *counts.entry(state.feature.id).or_insert(0) += 1;
        }
    }
    Some(counts)
}

/// An override with the number of the state that holds it.
struct FoundOverride<'a> {
    segment_id: u64,
    segment_name: &'a str,
    state: &'a DocumentState,
}

fn overrides_by_feature(document: &Document) -> HashMap<u64, Vec<FoundOverride<'_>>> {
    let mut by_feature: HashMap<u64, Vec<FoundOverride<'_>>> = HashMap::new();
    for segment in &document.project.segments {
        for state in &segment.feature_states {
            by_feature
                .entry(state.feature.id)
                .or_default()
                .push(FoundOverride {
                    segment_id: segment.id,
                    segment_name: &segment.name,
                    state,
                });
        }
    }
    by_feature
}

fn state_of(feature: &FeatureRow, listed: Option<&StateRow>, found: Vec<FoundOverride<'_>>) -> FlagState {
    let options = &feature.multivariate_options;
    let mut state = match (listed, &feature.environment_feature_state) {
        (Some(listed), _) => FlagState {
            variants: variants(&listed.multivariate_feature_state_values, options),
            version: listed.environment_feature_version.clone().map(Version::Uuid),
            updated_at: timestamp(listed.updated_at.as_deref()),
            ..FlagState::plain(listed.enabled, listed.feature_state_value.clone())
        },
        (None, Some(embedded)) => FlagState::plain(embedded.enabled, embedded.feature_state_value.clone()),
        (None, None) => FlagState::plain(false, halyard_model::FlagValue::default()),
    };
    let rows = found
        .into_iter()
        .map(|found| OverrideRow {
            state_id: found.state.django_id.unwrap_or(u64::MAX),
            segment: SegmentOverride {
                segment_id: found.segment_id.to_string(),
                segment_name: found.segment_name.to_owned(),
                priority: found
                    .state
                    .feature_segment
                    .as_ref()
                    .and_then(|link| link.priority),
                enabled: found.state.enabled,
                value: found.state.feature_state_value.clone(),
                variants: variants(&found.state.weights(), options),
            },
        })
        .collect();
    state.segment_overrides = in_order(rows);
    state
}

/// An override with the number of the state that holds it.
pub(super) struct OverrideRow {
    pub(super) state_id: u64,
    pub(super) segment: SegmentOverride,
}

/// Overrides in the order in which they are tried, the same from whatever
/// route they were read.
pub(super) fn in_order(rows: Vec<OverrideRow>) -> Vec<SegmentOverride> {
    served_rows(rows).into_iter().map(|row| row.segment).collect()
}

/// The rows that count, in the order in which they are tried. The service
/// takes a second override of the same segment and then serves the one with
/// the lower priority; its document holds both, that one first.
pub(super) fn served_rows(mut rows: Vec<OverrideRow>) -> Vec<OverrideRow> {
    let priority = |row: &OverrideRow| row.segment.priority.unwrap_or(i64::MAX);
    // Stable, so that equal priorities keep the order of the answer.
    rows.sort_by_key(priority);
    let mut kept: Vec<OverrideRow> = Vec::with_capacity(rows.len());
    for row in rows {
        if kept
            .iter()
            .all(|other| other.segment.segment_id != row.segment.segment_id)
        {
            kept.push(row);
        }
    }
    kept.sort_by_key(|row| (priority(row), row.state_id));
    kept
}

/// A flag from its row in the list of features.
fn flag_of(
    feature: &FeatureRow,
    tags: &HashMap<u64, &TagRow>,
    state: FlagState,
    identity_overrides: Option<u32>,
) -> Flag {
    let mut flag = Flag {
        key: FlagKey(feature.name.clone()),
        remote_id: feature.id.to_string(),
        description: None,
        kind: FlagKind::Standard,
        tags: feature
            .tags
            .iter()
            .filter_map(|id| tags.get(id))
            .map(|tag| Tag {
                label: tag.label.clone(),
                color: tag.color.clone(),
            })
            .collect(),
        owners: Vec::new(),
        archived: false,
        server_only: false,
        created_at: None,
        identity_overrides,
        notes: Vec::new(),
        state,
    };
    describe(&mut flag, feature);
    flag
}

/// Takes over from a feature's row what does not depend on an environment.
pub(super) fn describe(flag: &mut Flag, feature: &FeatureRow) {
    let owners = feature.owners.iter().chain(&feature.group_owners);
    flag.key = FlagKey(feature.name.clone());
    flag.description = feature.description.clone().filter(|text| !text.is_empty());
    flag.kind = kind_of(&feature.kind, &feature.multivariate_options);
    flag.owners = owners.filter_map(super::wire::OwnerRow::label).collect();
    flag.archived = feature.is_archived;
    flag.server_only = feature.is_server_key_only;
    flag.created_at = timestamp(feature.created_date.as_deref());
}

fn kind_of(kind: &str, options: &[OptionRow]) -> FlagKind {
    if kind == "MULTIVARIATE" || !options.is_empty() {
        FlagKind::Multivariate
    } else {
        FlagKind::Standard
    }
}
