//! The one request that carries a change, and what is sent with it.

use halyard_model::{FieldPath, Said, SubjectState, fields_of, same_value, state_from};
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Value, json};

use super::{Job, audit};
use crate::edgeflags::content::own::{self, Own};
use crate::edgeflags::content::{Members, config, differing, flag, segment, unsendable};
use crate::edgeflags::definition::without_server_owned;
use crate::edgeflags::lists::Trust;
use crate::edgeflags::read::Fresh;
use crate::edgeflags::said;
use crate::edgeflags::wire::{FLAGS, Item, SEGMENTS};
use crate::http::WriteFailure;
use crate::{Diagnosis, Failure, FailureKind, Remedy};

/// The documented limit of a body: 1 MB, read as the larger of its meanings.
const LARGEST_BODY: usize = 1_048_576;

/// What carries the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// `POST` to the list.
    Create,
    /// `PUT` of the definition, with `If-Match`: complete, or only what changes.
    Change,
    /// `PUT` of an environment's own settings, without a precondition.
    Own(String),
    /// `DELETE` of an environment's own settings, without a precondition.
    Inherit(String),
    /// `DELETE` of the definition, without a precondition.
    Delete,
}

impl Request {
    pub(super) fn is_removal(&self) -> bool {
        matches!(self, Request::Inherit(_) | Request::Delete)
    }
}

/// A request with its body.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) request: Request,
    pub(super) body: Members,
    /// The body is the complete definition, and lists show it.
    pub(super) is_whole: bool,
}

/// What there is to do.
pub(super) enum Planned {
    Send(Plan),
    Nothing,
    /// What a list hides is not what the write was decided on.
    Conflict(SubjectState),
}

/// Plans a write that nothing stands against, as read just before.
pub(super) async fn plan(job: &Job<'_>, before: &Fresh) -> Result<Planned, Failure> {
    let plan = match (&before.item, &before.state, job.wish) {
        (None, _, None) => return Ok(Planned::Nothing),
        (None, _, Some(wish)) => creation(job, wish)?,
        (Some(item), _, None) if job.is_of_environment() => {
            return Ok(inheritance(job, item, before.whole));
        }
        (Some(_), _, None) => deletion(job, before).await?,
        (Some(item), Some(now), Some(wish)) => {
            if !before.whole
                && job.may_be_revealed()
                && let Some(whole) = audit::whole(job, item).await
            {
                return revealed(job, &whole, (now, wish));
            }
            change(job, item, (now, wish), before.whole)?
        }
        (Some(_), None, Some(_)) => return Err(super::beyond()),
    };
    Ok(Planned::Send(plan))
}

/// Changes a definition that a list shows abridged and the audit log whole, so
/// that it is kept by a service that replaces as well.
fn revealed(
    job: &Job<'_>,
    item: &Item,
    (listed, wish): (&SubjectState, &SubjectState),
) -> Result<Planned, Failure> {
    let now = job.place.state(item, None)?;
    let (shown, wished) = (fields_of(Some(listed)), fields_of(Some(wish)));
    let mut fields = fields_of(Some(&now));
    for field in differing(Some(listed), Some(wish)) {
        if !same_value(&field, fields.get(&field), shown.get(&field)) {
            return Ok(Planned::Conflict(now));
        }
        match wished.get(&field) {
            Some(value) => fields.insert(field, value.clone()),
            None => fields.remove(&field),
        };
    }
    let wish = state_from(job.write.subject, &fields, Some(&now)).map_err(|bad| {
        let instead = "Correct this part of the edit.";
        unsendable(bad.field, &bad.reason, instead)
    })?;
    let Some(wish) = wish else {
        return Err(super::beyond());
    };
    let plan = change(job, item, (&now, &wish), true)?;
    // The list will not show it whole afterwards either.
    Ok(Planned::Send(Plan {
        is_whole: false,
        ..plan
    }))
}

fn creation(job: &Job<'_>, wish: &SubjectState) -> Result<Plan, Failure> {
    let made = match wish {
        SubjectState::Flag(wish) => flag::made(wish, job.client.knows(job.call).offered)?,
        SubjectState::Config(wish) => config::made(wish),
        SubjectState::Segment(wish) => segment::made(wish)?,
        _ => return Err(super::beyond()),
    };
    let mut body = Members::new();
    body.insert("key".to_owned(), json!(job.place.key));
    body.extend(made);
    Ok(Plan {
        request: Request::Create,
        body,
        is_whole: true,
    })
}

fn change(
    job: &Job<'_>,
    item: &Item,
    (now, wish): (&SubjectState, &SubjectState),
    whole: bool,
) -> Result<Plan, Failure> {
    let definition = &item.definition;
    let changes = match (now, wish) {
        (SubjectState::FlagState(now), SubjectState::FlagState(wish)) => {
            let environment = job.environment();
            if !whole {
                return Ok(partial(
                    Request::Own(environment.to_owned()),
                    own::changes(Own::Hidden, now, wish)?,
                ));
            }
            let shown = Own::Shown(own::of(definition, environment));
            let changes = own::changes(shown, now, wish)?;
            let all = own::environments_after(definition, environment, &changes);
            Members::from_iter([("environments".to_owned(), Value::Object(all))])
        }
        (SubjectState::Flag(now), SubjectState::Flag(wish)) => {
            let offered = job.client.knows(job.call).offered;
            flag::changes(definition, now, wish, offered)?
        }
        (SubjectState::Config(now), SubjectState::Config(wish)) if whole => {
            config::changes(definition, now, wish)
        }
        (SubjectState::Config(now), SubjectState::Config(wish)) => {
            let environments = config::environment_changes(now, wish);
            return match (now.value != wish.value, environments.as_slice()) {
                (true, []) => Ok(partial(Request::Change, config::made_value(wish))),
                (false, [(name, Some(_))]) => {
                    Ok(partial(Request::Own(name.clone()), config::own_value(wish, name)))
                }
                (false, [(name, None)]) => Ok(partial(Request::Inherit(name.clone()), Members::new())),
                _ => Err(one_at_a_time()),
            };
        }
        (SubjectState::Segment(now), SubjectState::Segment(wish)) => segment::changes(definition, now, wish)?,
        _ => return Err(super::beyond()),
    };
    Ok(if whole {
        complete(item, changes)
    } else {
        partial(Request::Change, changes)
    })
}

fn partial(request: Request, body: Members) -> Plan {
    Plan {
        request,
        body,
        is_whole: false,
    }
}

/// The complete definition after a change, right for a service that merges
/// what it gets and for one that replaces by it.
fn complete(item: &Item, changes: Members) -> Plan {
    let mut body = without_server_owned(&item.definition);
    body.extend(changes);
    Plan {
        request: Request::Change,
        body,
        is_whole: true,
    }
}

fn one_at_a_time() -> Failure {
    unsendable(
        FieldPath::Value,
        "The lists of this EdgeFlags do not show the values of environments, so only one value of a config can be changed at a time.",
        "Publish the changes one after the other.",
    )
}

/// Takes an environment's own settings away, so that it inherits everything.
fn inheritance(job: &Job<'_>, item: &Item, whole: bool) -> Planned {
    let environment = job.environment();
    if !whole {
        let request = Request::Inherit(environment.to_owned());
        return Planned::Send(partial(request, Members::new()));
    }
    match own::environments_without(&item.definition, environment) {
        None => Planned::Nothing,
        Some(all) => {
            let changes = Members::from_iter([("environments".to_owned(), Value::Object(all))]);
            Planned::Send(complete(item, changes))
        }
    }
}

async fn deletion(job: &Job<'_>, before: &Fresh) -> Result<Plan, Failure> {
    if job.place.kind == SEGMENTS {
        unused(job, before.whole).await?;
    }
    Ok(partial(Request::Delete, Members::new()))
}

/// Whether nothing names a segment. The service does not say what becomes of
/// rules that name one that is gone.
async fn unused(job: &Job<'_>, whole: bool) -> Result<(), Failure> {
    let key = &job.place.key;
    let lists = job.client.lists_of(job.call, job.target.access, Trust::Content);
    let quietly = |_: u32, _: Option<u32>| ();
    let flags = lists.list(FLAGS, &quietly).await?;
    let segments = lists.list(SEGMENTS, &quietly).await?;
    if !whole && !flags.is_empty() {
        return Err(unsendable(
            FieldPath::Existence,
            "The lists of this EdgeFlags do not show rules, so nobody can tell here which flags name the segment.",
            "Look through the flags in the EdgeFlags dashboard and delete the segment there.",
        ));
    }
    let naming = |items: &[Item]| -> Vec<String> {
        let naming = items
            .iter()
            .filter(|item| segment::is_named_in(&item.flat(), key));
        naming.map(|item| item.key.clone()).collect()
    };
    let (flags, segments) = (naming(&flags), naming(&segments));
    if flags.is_empty() && segments.is_empty() {
        return Ok(());
    }
    let mut failure = unsendable(
        FieldPath::Existence,
        &format!("The segment {key} is still named, so it was not deleted."),
        "Take it out of their rules first.",
    );
    failure.evidence = [("Flags", flags), ("Segments", segments)]
        .into_iter()
        .filter(|(_, keys)| !keys.is_empty())
        .map(|(what, keys)| format!("{what} that name it: {}.", keys.join(", ")))
        .collect();
    failure.cause = Some(failure.evidence.join(" "));
    Err(failure)
}

impl Plan {
    /// Refuses a body beyond the documented limit before anything is sent.
    pub(super) fn fits(&self, job: &Job<'_>) -> Result<(), Failure> {
        let bytes = Value::Object(self.body.clone()).to_string().len();
        if bytes <= LARGEST_BODY {
            return Ok(());
        }
        let mut failure = Failure::new(
            FailureKind::Refused {
                detail: "larger than 1 MB".into(),
            },
            format!("EdgeFlags takes at most 1 MB in one request, and this edit is of {bytes} bytes."),
        );
        failure.cause = Some("The value or the rules are too large, or all environments' together.".into());
        failure.next_step =
            Some("Make the value smaller, or keep it elsewhere and put its address into the flag.".into());
        failure.said = vec![Said {
            field: said::largest(job.write.subject, &self.body),
            words: "Larger than 1 MB with all that is sent beside it.".into(),
        }];
        Err(failure.diagnosed(Diagnosis::PayloadTooLarge, Remedy::ShowLimits))
    }

    /// Sends it once.
    pub(super) async fn send(&self, job: &Job<'_>, before: &Fresh) -> Result<(), WriteFailure> {
        let (call, plural, key) = (job.call, job.place.kind.plural, job.place.key.as_str());
        let (body, nothing) = (Value::Object(self.body.clone()), Value::Null);
        let one = || call.at(&["api", "v1", plural, key]);
        let own = |environment: &str| call.at(&["api", "v1", plural, key, "environments", environment]);
        let answered = match &self.request {
            Request::Create => {
                let list = call.at(&["api", "v1", plural]);
                call.write(Method::POST, list, None, &body).await
            }
            Request::Change => {
                let version = before.version();
                let condition = version.map(|version| (IF_MATCH, format!("\"{version}\"")));
                call.write(Method::PUT, one(), condition, &body).await
            }
            Request::Own(environment) => call.write(Method::PUT, own(environment), None, &body).await,
            Request::Inherit(environment) => {
                call.write(Method::DELETE, own(environment), None, &nothing).await
            }
            Request::Delete => call.write(Method::DELETE, one(), None, &nothing).await,
        };
        answered.map(|_| ())
    }
}
