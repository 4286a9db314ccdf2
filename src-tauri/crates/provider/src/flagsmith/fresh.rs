//! One flag, read afresh.

use halyard_model::{Flag, FlagState, SegmentOverride, Version};

use super::collect::{OverrideRow, describe, served_rows};
use super::paging;
use super::versioned;
use super::wire::{FeatureRow, LinkRow, NestedStateRow, OptionRow, SegmentLink, timestamp, variants};
use crate::http::Call;
use crate::{Diagnosis, Failure, FailureKind, Remedy, Target};

/// How often states and segment links are read where they do not fit, because
/// an override was made or removed between the two requests.
const READINGS: u32 = 4;

/// A flag as read, with what a write needs to name its states.
pub(super) struct Fresh {
    pub(super) flag: Flag,
    /// The rows that hold the state. None where the service named a version:
    /// each version has rows of its own.
    pub(super) rows: Option<StateRows>,
}

/// The rows that hold a flag's state.
pub(super) struct StateRows {
    pub(super) default: NestedStateRow,
    /// The overrides that count.
    pub(super) overrides: Vec<HeldOverride>,
}

/// The rows of one override.
pub(super) struct HeldOverride {
    pub(super) segment_id: String,
    /// The row that links flag and segment.
    pub(super) link_id: u64,
    pub(super) state: NestedStateRow,
}

/// Reads a flag with its description.
pub(super) async fn flag(call: &Call<'_>, target: Target<'_>, known: &Flag) -> Result<Flag, Failure> {
    let feature = feature(call, target, known).await?;
    let mut fresh = read(call, target, known).await?.flag;
    describe(&mut fresh, &feature);
    fresh.identity_overrides = feature.num_identity_overrides.or(known.identity_overrides);
    Ok(fresh)
}

/// Reads a flag's state; everything else is taken over from `known`. One
/// request for a flag without overrides and options.
///
/// The states come last: in an environment without versions, everything after
/// them would widen the gap in which somebody else's change is replaced unseen.
pub(super) async fn read(call: &Call<'_>, target: Target<'_>, known: &Flag) -> Result<Fresh, Failure> {
    if target.environment.versioned
        && let Some(fresh) = versioned::read(call, target, known).await?
    {
        return Ok(fresh);
    }
    let mut with_overrides = !known.state.segment_overrides.is_empty();
    let mut with_options = !known.state.variants.is_empty();
    for _ in 0..READINGS {
        let (options, links) = tokio::try_join!(
            async {
                if !with_options {
                    return Ok(Vec::new());
                }
                Ok(feature(call, target, known).await?.multivariate_options)
            },
            async {
                if !with_overrides {
                    return Ok(Vec::new());
                }
                links(call, target, known).await
            },
        )?;
        let states = states(call, target, known).await?;
        let Some(default) = states.iter().find(|state| is_default(state)) else {
            return Err(absent(known));
        };
        let has_options = states
            .iter()
            .any(|state| !state.multivariate_feature_state_values.is_empty());
        if has_options && !with_options {
            with_options = true;
            continue;
        }
        let Some(overrides) = overrides(&states, &links, &options) else {
            with_overrides = true;
            continue;
        };
        let mut flag = known.clone();
        let (served, held) = overrides;
        flag.state = state_of(default, served, &options);
        return Ok(Fresh {
            flag,
            rows: Some(StateRows {
                default: default.clone(),
                overrides: held,
            }),
        });
    }
    let mut failure = Failure::new(
        FailureKind::ServerFault,
        format!(
            "The overrides of {} changed each time they were read.",
            known.key.0
        ),
    );
    failure.next_step = Some("Try again when nobody else is editing the flag.".into());
    Err(failure.diagnosed(Diagnosis::ChangingMeanwhile, Remedy::TryAgain))
}

pub(super) fn absent(known: &Flag) -> Failure {
    let mut failure = Failure::new(
        FailureKind::NotFound,
        format!("{} has no state in this environment.", known.key.0),
    );
    failure.cause = Some("The flag was deleted, or its state was scheduled for later.".into());
    failure.next_step = Some("Refresh the environment.".into());
    failure.evidence = vec!["The answer names no state of the flag itself.".into()];
    failure.diagnosed(Diagnosis::FlagGone, Remedy::Refresh)
}

pub(super) async fn feature(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
) -> Result<FeatureRow, Failure> {
    let mut url = call.at(&["projects", &target.project.id, "features", &known.remote_id, ""]);
    url.query_pairs_mut()
        .append_pair("environment", &target.environment.remote_id);
    call.get(url, "feature").await
}

/// The default and the overrides in one answer.
async fn states(call: &Call<'_>, target: Target<'_>, known: &Flag) -> Result<Vec<NestedStateRow>, Failure> {
    let mut url = call.at(&["features", "featurestates", ""]);
    url.query_pairs_mut()
        .append_pair("environment", &target.environment.remote_id)
        .append_pair("feature", &known.remote_id);
    let read = paging::all(call, url, "states of the flag", &|_, _| ()).await;
    read.map_err(|failure| {
        if calls_feature_invalid(&failure) {
            absent(known)
        } else {
            failure
        }
    })
}

/// Where a list is asked for a feature that is gone, the service calls the
/// number an invalid choice instead of saying that nothing is there.
fn calls_feature_invalid(failure: &Failure) -> bool {
    matches!(&failure.kind, FailureKind::Refused { detail } if detail.starts_with("feature:"))
}

pub(super) async fn links(
    call: &Call<'_>,
    target: Target<'_>,
    known: &Flag,
) -> Result<Vec<LinkRow>, Failure> {
    let mut url = call.at(&["features", "feature-segments", ""]);
    url.query_pairs_mut()
        .append_pair("environment", &target.environment.remote_id)
        .append_pair("feature", &known.remote_id);
    paging::all(call, url, "segment links of the flag", &|_, _| ()).await
}

pub(super) fn is_default(state: &NestedStateRow) -> bool {
    state.feature_segment.is_none() && state.identity.is_none()
}

pub(super) fn segment_link(state: &NestedStateRow) -> Option<&SegmentLink> {
    if state.identity.is_some() {
        return None;
    }
    state.feature_segment.as_ref()
}

/// The overrides in order, with the rows that hold them; nothing where a state
/// names a link that is gone.
fn overrides(
    states: &[NestedStateRow],
    links: &[LinkRow],
    options: &[OptionRow],
) -> Option<(Vec<SegmentOverride>, Vec<HeldOverride>)> {
    let mut rows = Vec::new();
    let mut held = Vec::new();
    for state in states {
        let Some(link) = segment_link(state) else {
            continue;
        };
        let row = match link {
            SegmentLink::Number(id) => links.iter().find(|link| link.id == *id)?,
            SegmentLink::Whole { segment, .. } => links.iter().find(|link| link.segment == *segment)?,
        };
        held.push(HeldOverride {
            segment_id: row.segment.to_string(),
            link_id: row.id,
            state: state.clone(),
        });
        rows.push(OverrideRow {
            state_id: state.id,
            segment: SegmentOverride {
                segment_id: row.segment.to_string(),
                segment_name: row.segment_name.clone(),
                priority: row.priority,
                enabled: state.enabled,
                value: state.feature_state_value.value(),
                variants: variants(&state.multivariate_feature_state_values, options),
            },
        });
    }
    let served = served_rows(rows);
    held.retain(|one| served.iter().any(|row| row.state_id == one.state.id));
    Some((served.into_iter().map(|row| row.segment).collect(), held))
}

pub(super) fn state_of(
    default: &NestedStateRow,
    overrides: Vec<SegmentOverride>,
    options: &[OptionRow],
) -> FlagState {
    FlagState {
        variants: variants(&default.multivariate_feature_state_values, options),
        segment_overrides: overrides,
        version: default.environment_feature_version.clone().map(Version::Uuid),
        updated_at: timestamp(default.updated_at.as_deref()),
        ..FlagState::plain(default.enabled, default.feature_state_value.value())
    }
}
