//! A flag's state where every change makes a version that stays.

use halyard_model::{Flag, FlagState, SegmentOverride, Version};

use super::collect::{OverrideRow, in_order};
use super::fresh::{Fresh, absent, feature, is_default, links, segment_link, state_of};
use super::paging;
use super::wire::{NestedStateRow, OptionRow, SegmentLink, StateRow, timestamp, variants};
use crate::http::Call;
use crate::{Failure, Target};

/// Reads a flag's live state. The default state names its version, and what a
/// published version holds never changes, so the two always fit; the overrides
/// of a version that is known already are not read again.
///
/// Nothing where the service names no version.
pub(super) async fn read(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
) -> Result<Option<Fresh>, Failure> {
    let mut url = call.at(&["environments", &target.environment.key.0, "featurestates", ""]);
    url.query_pairs_mut().append_pair("feature", &known.remote_id);
    let rows: Vec<StateRow> = paging::all(call, url, "states of the flag", &|_, _| ()).await?;
    let default = rows
        .into_iter()
        .find(|row| {
            row.feature_segment.is_none()
                && row.identity.is_none()
                && row.feature.to_string() == known.remote_id
        })
        .ok_or_else(|| absent(known))?;
    let Some(uuid) = default.environment_feature_version else {
        return Ok(None);
    };
    let weights = &default.multivariate_feature_state_values;
    let version = Some(Version::Uuid(uuid.clone()));
    let (overrides, options) = if known.state.version == version {
        let options = options(call, target, known, !weights.is_empty()).await?;
        (known.state.segment_overrides.clone(), options)
    } else {
        let states = version_states(call, target, known, &uuid).await?;
        let has_options = has_options(&states) || !weights.is_empty();
        let options = options(call, target, known, has_options).await?;
        let mut overrides = overrides(&states, known, &options);
        name_the_unknown(call, target, known, &mut overrides).await?;
        (overrides, options)
    };
    let mut flag = known.clone();
    flag.state = FlagState {
        variants: variants(weights, &options),
        segment_overrides: overrides,
        version,
        updated_at: timestamp(default.updated_at.as_deref()),
        ..FlagState::plain(default.enabled, default.feature_state_value)
    };
    Ok(Some(Fresh { flag, rows: None }))
}

fn has_options(states: &[NestedStateRow]) -> bool {
    states
        .iter()
        .any(|state| !state.multivariate_feature_state_values.is_empty())
}

async fn options(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    has_options: bool,
) -> Result<Vec<OptionRow>, Failure> {
    if !has_options {
        return Ok(Vec::new());
    }
    Ok(feature(call, target, known).await?.multivariate_options)
}

fn known_name<'a>(known: &'a Flag, segment_id: &str) -> Option<&'a str> {
    let overrides = &known.state.segment_overrides;
    let found = overrides.iter().find(|one| one.segment_id == segment_id)?;
    Some(&found.segment_name)
}

/// A version's overrides. Names of segments come from the flag as known; a
/// version's own list does not tell them.
fn overrides(states: &[NestedStateRow], known: &Flag, options: &[OptionRow]) -> Vec<SegmentOverride> {
    let rows = states.iter().filter_map(|state| {
        let Some(SegmentLink::Whole { segment, priority }) = segment_link(state) else {
            return None;
        };
        let segment_id = segment.to_string();
        Some(OverrideRow {
            state_id: state.id,
            segment: SegmentOverride {
                segment_name: known_name(known, &segment_id).unwrap_or_default().to_owned(),
                segment_id,
                priority: *priority,
                enabled: state.enabled,
                value: state.feature_state_value.value(),
                variants: variants(&state.multivariate_feature_state_values, options),
            },
        })
    });
    in_order(rows.collect())
}

/// Names the segments of overrides that were made since the flag was last seen.
async fn name_the_unknown(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    overrides: &mut [SegmentOverride],
) -> Result<(), Failure> {
    if overrides.iter().all(|one| !one.segment_name.is_empty()) {
        return Ok(());
    }
    let links = links(call, target, known).await?;
    for one in overrides.iter_mut().filter(|one| one.segment_name.is_empty()) {
        let link = links
            .iter()
            .find(|link| link.segment.to_string() == one.segment_id);
        one.segment_name = link.map_or_else(
            || format!("segment {}", one.segment_id),
            |link| link.segment_name.clone(),
        );
    }
    Ok(())
}

/// The state that a version holds.
pub(super) async fn version_state(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    version: &str,
) -> Result<FlagState, Failure> {
    let states = version_states(call, target, known, version).await?;
    let default = states
        .iter()
        .find(|state| is_default(state))
        .ok_or_else(|| absent(known))?;
    let options = options(call, target, known, has_options(&states)).await?;
    let mut overrides = overrides(&states, known, &options);
    name_the_unknown(call, target, known, &mut overrides).await?;
    let mut state = state_of(default, overrides, &options);
    state.version = Some(Version::Uuid(version.to_owned()));
    Ok(state)
}

/// The states of one version of a feature.
pub(super) async fn version_states(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
    version: &str,
) -> Result<Vec<NestedStateRow>, Failure> {
    let url = call.at(&[
        "environments",
        &target.environment.remote_id,
        "features",
        &known.remote_id,
        "versions",
        version,
        "featurestates",
        "",
    ]);
    paging::all(call, url, "states of the version", &|_, _| ()).await
}
