//! Reading and writing of everything that can be edited, each under the
//! precondition that it is what the user saw.

mod carry;
mod one_call;
mod said;
mod state;
mod unversioned;
mod versions;

use halyard_model::{Flag, FlagKey, FlagKind, FlagState, FlagValue, Subject};

use super::Flagsmith;
use super::fresh;
use super::paging;
use super::wire::FeatureRow;
use crate::http::Call;
use crate::{Diagnosis, Failure, FailureKind, Found, Remedy, Target, Write, WriteOutcome, plain};

/// Reads a subject afresh.
pub(super) async fn read(
    call: &Call<'_>,
    target: Target<'_>,
    subject: &Subject,
    known: Option<&Flag>,
) -> Result<Found, Failure> {
    match subject {
        Subject::FlagState { flag } => {
            let known = known_flag(call, target, flag, known).await?;
            let flag = fresh::flag(call, target, &known).await?;
            Ok(Found::from(Box::new(flag)))
        }
        _ => Err(plain::beyond()),
    }
}

/// Writes a subject.
pub(super) async fn write(
    flagsmith: &Flagsmith,
    call: &Call<'_>,
    target: Target<'_>,
    write: &Write<'_>,
) -> Result<WriteOutcome, Failure> {
    match write.subject {
        Subject::FlagState { flag } => {
            let known = known_flag(call, target, flag, write.known).await?;
            if target.environment.versioned {
                versions::write(call, target, &known, write).await
            } else {
                unversioned::write(flagsmith, call, target, &known, write).await
            }
        }
        _ => Err(plain::beyond()),
    }
}

/// The flag as last seen, or as the service has it where it was made since.
async fn known_flag(
    call: &Call<'_>,
    target: Target<'_>,
    key: &FlagKey,
    known: Option<&Flag>,
) -> Result<Flag, Failure> {
    if let Some(known) = known {
        return Ok(known.clone());
    }
    let feature = feature_named(call, target, key).await?.ok_or_else(|| gone(key))?;
    let mut flag = Flag {
        key: key.clone(),
        remote_id: feature.id.to_string(),
        description: None,
        kind: FlagKind::Standard,
        tags: Vec::new(),
        owners: Vec::new(),
        archived: false,
        server_only: false,
        created_at: None,
        identity_overrides: None,
        notes: Vec::new(),
        state: FlagState::plain(false, FlagValue::default()),
    };
    super::collect::describe(&mut flag, &feature);
    Ok(flag)
}

/// The feature of a name. Names are given once in a project, whatever their
/// case.
async fn feature_named(
    call: &Call<'_>,
    target: Target<'_>,
    key: &FlagKey,
) -> Result<Option<FeatureRow>, Failure> {
    let mut url = call.at(&["projects", &target.project.id, "features", ""]);
    url.query_pairs_mut()
        .append_pair("environment", &target.environment.remote_id)
        .append_pair("search", &key.0);
    let rows: Vec<FeatureRow> = paging::all(call, url, "list of features", &|_, _| ()).await?;
    Ok(rows
        .into_iter()
        .find(|row| row.name.to_lowercase() == key.0.to_lowercase()))
}

fn gone(key: &FlagKey) -> Failure {
    let mut failure = Failure::new(
        FailureKind::NotFound,
        format!("{} is not among the flags of the project.", key.0),
    );
    failure.cause = Some("It was deleted, or it has not been made yet.".into());
    failure.next_step = Some("Refresh the environment.".into());
    failure.diagnosed(Diagnosis::FlagGone, Remedy::Refresh)
}
