//! Reading and writing of everything that can be edited, each under the
//! precondition that it is what the user saw.

mod carry;
mod definition;
mod identity;
mod leftovers;
mod one_call;
mod person;
mod said;
mod segment;
mod state;
mod traits;
mod unversioned;
mod versions;

use halyard_model::{Flag, FlagKey, FlagKind, FlagState, FlagValue, Subject};

use super::Flagsmith;
use super::fresh;
use super::paging;
use super::wire::FeatureRow;
use crate::http::Call;
use crate::{
    Diagnosis, Failure, FailureKind, Found, Leftover, LeftoverKind, Remedy, Target, Write, WriteOutcome,
};
use person::Person;

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
        Subject::IdentityOverride { flag, identity } => {
            let known = known_flag(call, target, flag, known).await?;
            identity::read(person(call, target, identity), &known).await
        }
        Subject::Flag { flag } => {
            let known = known.map(|known| known.remote_id.as_str());
            definition::read(call, target, flag, known).await
        }
        Subject::Segment { segment } => segment::read(call, target, segment).await,
        Subject::Traits { identity } => traits::read(person(call, target, identity)).await,
        Subject::Config { .. } => Err(no_configs()),
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
        Subject::IdentityOverride { flag, identity } => {
            let known = known_flag(call, target, flag, write.known).await?;
            identity::write(person(call, target, identity), &known, write).await
        }
        Subject::Flag { flag } => {
            let known = write.known.map(|known| known.remote_id.as_str());
            definition::write(call, target, (flag, known), write).await
        }
        Subject::Segment { segment } => segment::write(call, target, segment, write).await,
        Subject::Traits { identity } => traits::write(person(call, target, identity), write).await,
        Subject::Config { .. } => Err(no_configs()),
    }
}

/// What a write of a subject may have left behind.
pub(super) async fn leftovers(
    call: &Call<'_>,
    target: Target<'_>,
    subject: &Subject,
    known: Option<&Flag>,
    handle: Option<&str>,
) -> Result<Vec<Leftover>, Failure> {
    match subject {
        Subject::FlagState { flag } => {
            let known = known_flag(call, target, flag, known).await?;
            if target.environment.versioned {
                leftovers::drafts(call, target, &known, handle).await
            } else {
                leftovers::double_overrides(call, target, &known).await
            }
        }
        Subject::Segment { segment } => leftovers::double_segments(call, target, segment).await,
        // The service itself refuses a second one of these.
        Subject::IdentityOverride { .. }
        | Subject::Flag { .. }
        | Subject::Traits { .. }
        | Subject::Config { .. } => Ok(Vec::new()),
    }
}

/// Removes what was left behind.
pub(super) async fn remove_leftover(
    call: &Call<'_>,
    target: Target<'_>,
    subject: &Subject,
    known: Option<&Flag>,
    leftover: &Leftover,
) -> Result<(), Failure> {
    match (subject, leftover.kind) {
        (Subject::FlagState { flag }, kind) => {
            let known = known_flag(call, target, flag, known).await?;
            match kind {
                LeftoverKind::Draft => leftovers::remove_draft(call, target, &known, &leftover.handle).await,
                LeftoverKind::Duplicate => {
                    leftovers::remove_override(call, target, &known, &leftover.handle).await
                }
            }
        }
        (Subject::Segment { segment }, LeftoverKind::Duplicate) => {
            leftovers::remove_segment(call, target, segment, &leftover.handle).await
        }
        _ => Err(leftovers::no_leftover(
            "Nothing of this kind is ever left behind.",
        )),
    }
}

fn person<'a>(call: &'a Call<'a>, target: Target<'a>, identifier: &'a str) -> Person<'a> {
    Person {
        call,
        target,
        identifier,
    }
}

fn no_configs() -> Failure {
    Failure::new(
        FailureKind::Refused {
            detail: "configs".into(),
        },
        "Flagsmith has no configs: a flag's value takes their place.",
    )
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
