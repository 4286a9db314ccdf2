//! Reading: projects, lists, one environment's whole state, one flag.

use std::collections::HashSet;

use halyard_model::{
    Environment, EnvironmentKey, Flag, Named, Protection, Segment, Snapshot, SubjectState, Timestamp,
};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::EdgeFlags;
use super::definition::{self, is_evidently_whole};
use super::lists::{Lists, MOST_PAGES, PAGE_SIZE, Trust};
use super::subject::{Part, Place};
use super::wire::{Environments, Evaluated, FLAGS, Item, Project};
use crate::http::{Call, Timeout, endless};
use crate::{
    Answer, Diagnosis, Discovery, Failure, FailureKind, Found, Listing, Permission, Progress, Remedy,
    Standing, Target,
};

/// Asks who the token belongs to, and probes what it may read.
pub(super) async fn discover(call: &Call<'_>) -> Result<Answer<Discovery>, Failure> {
    let project: Project = call.get(call.at(&["api", "v1", "project"]), "project").await?;
    let (flags, configs) = tokio::try_join!(probe(call, "flags"), probe(call, "configs"))?;
    let admin = probe(call, "audit").await?;
    let writes = if admin == Standing::Granted {
        Standing::Granted
    } else {
        Standing::Unknown
    };
    let permission = |name: &str, standing: Standing| Permission {
        name: name.to_owned(),
        standing,
    };
    let named = Named {
        name: project.name.unwrap_or_else(|| project.id.clone()),
        id: project.id,
    };
    Ok(call.answer(Discovery {
        server_version: None,
        organisations: vec![Listing {
            organisation: named.clone(),
            projects: vec![named],
        }],
        permissions: vec![
            permission("read:flags", flags),
            permission("read:configs", configs),
            permission("write:flags", writes),
            permission("write:configs", writes),
            permission("*", admin),
        ],
    }))
}

async fn probe(call: &Call<'_>, resource: &str) -> Result<Standing, Failure> {
    let mut url = call.at(&["api", "v1", resource]);
    url.query_pairs_mut().append_pair("limit", "1");
    match call.read(Method::GET, url, None, Timeout::Ordinary).await {
        Ok(_) => Ok(Standing::Granted),
        Err(failure) => match failure.kind {
            FailureKind::Forbidden => Ok(Standing::Denied),
            FailureKind::NotFound | FailureKind::Refused { .. } => Ok(Standing::Unknown),
            _ => Err(failure),
        },
    }
}

pub(super) async fn environments(call: &Call<'_>) -> Result<Answer<Vec<Environment>>, Failure> {
    let url = call.at(&["api", "v1", "project", "environments"]);
    let listed: Environments = call.get(url, "list of environments").await?;
    let environments = listed
        .environments
        .into_iter()
        .map(|name| {
            let name = name.into_name();
            Environment {
                key: EnvironmentKey(name.clone()),
                remote_id: name.clone(),
                protection: Protection::suggested_for(&name),
                name,
                versioned: false,
                requires_change_requests: false,
                edge_identities: false,
            }
        })
        .collect();
    Ok(call.answer(environments))
}

pub(super) async fn collect(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    now: Timestamp,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Answer<Snapshot>, Failure> {
    let trust = Trust::for_urgency(target.access.urgency);
    let lists = client.lists_of(call, target.access, trust);
    let gathered = gather(client, call, &lists, &target.environment.key.0, progress).await?;
    Ok(call.answer(Snapshot {
        environment: target.environment.key.clone(),
        fetched_at: gathered.as_of.map_or(now, |as_of| as_of.min(now)),
        document: gathered.document,
        document_updated_at: None,
        flags: gathered.flags,
        segments: gathered.segments.into_iter().map(segment).collect(),
    }))
}

/// The lists of a project as they are seen in one environment.
pub(super) struct Gathered {
    /// What stands for an environment document: the lists as one object.
    pub(super) document: String,
    pub(super) flags: Vec<Flag>,
    segments: Vec<Item>,
    /// Nothing in it is older; `None` where that is when it was gathered.
    as_of: Option<Timestamp>,
}

pub(super) async fn gather(
    client: &EdgeFlags,
    call: &Call<'_>,
    lists: &Lists<'_>,
    environment: &str,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Gathered, Failure> {
    let tell =
        |what: &'static str| move |done: u32, total: Option<u32>| progress(Progress { what, done, total });
    let mut flags = lists.list(FLAGS, &tell("flags")).await?;
    let mut others = lists.others(&tell("configs"), &tell("segments")).await?;
    let mut as_of = lists.as_of();
    // A list of one page is cheap to read again, which shows whether anything
    // changed while the others were read.
    if flags.len() <= PAGE_SIZE {
        let lists = lists.by_tag();
        let again = lists.list(FLAGS, &tell("flags")).await?;
        if again != flags {
            flags = again;
            others = lists.others(&tell("configs"), &tell("segments")).await?;
            as_of = lists.as_of();
        }
    }
    let (configs, segments) = others;
    let whole = client.learn_from(call, FLAGS, &flags);
    let evaluated = if whole {
        None
    } else {
        evaluated(call, environment).await?
    };
    let seen = flags
        .iter()
        .map(|item| seen_in(item, environment, whole, evaluated.as_ref()))
        .collect::<Result<Vec<Flag>, Failure>>()
        .map_err(|failure| call.about(&call.at(&["api", "v1", "flags"]), failure))?;
    Ok(Gathered {
        document: document(&flags, &configs, &segments, environment),
        flags: seen,
        segments,
        as_of,
    })
}

fn document(flags: &[Item], configs: &[Item], segments: &[Item], environment: &str) -> String {
    let document = json!({
        "flags": flat(flags),
        "configs": flat(configs),
        "segments": flat(segments),
        "environment": environment,
    });
    document.to_string()
}

fn flat(items: &[Item]) -> Vec<Value> {
    items.iter().map(Item::flat).collect()
}

fn segment(item: Item) -> Segment {
    let text = |name: &str| {
        item.definition
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Segment {
        name: text("name").unwrap_or_else(|| item.key.clone()),
        description: text("description").filter(|text| !text.is_empty()),
        remote_id: item.key,
    }
}

/// What the service answers in an environment for nobody in particular; nothing
/// where the token may not ask.
async fn evaluated(call: &Call<'_>, environment: &str) -> Result<Option<Map<String, Value>>, Failure> {
    let body = json!({"context": {"environment": environment, "custom": {}}});
    let url = call.at(&["api", "v1", "evaluate"]);
    match call.read(Method::POST, url, Some(&body), Timeout::Ordinary).await {
        Ok(reply) => {
            let evaluated: Evaluated = call.parsed(&reply, "evaluation")?;
            Ok(Some(evaluated.flags))
        }
        Err(failure) if matches!(failure.kind, FailureKind::Forbidden | FailureKind::NotFound) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn seen_in(
    item: &Item,
    environment: &str,
    whole: bool,
    evaluated: Option<&Map<String, Value>>,
) -> Result<Flag, Failure> {
    let mut flag = definition::flag(item, environment)?;
    if !whole {
        definition::overlay_evaluated(&mut flag, evaluated.and_then(|all| all.get(&item.key)));
    }
    Ok(flag)
}

/// A subject as read, with its definition.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    /// `None` where the list was read to its end without it.
    pub(super) item: Option<Item>,
    pub(super) state: Option<SubjectState>,
    /// The flag in the environment, where the subject concerns one.
    pub(super) flag: Option<Flag>,
    /// The definition is known to be complete.
    pub(super) whole: bool,
}

impl Fresh {
    /// What the console is told of it.
    pub(super) fn found(self) -> Found {
        Found {
            state: self.state,
            flag: self.flag.map(Box::new),
        }
    }

    /// The number that counts its definitions.
    pub(super) fn version(&self) -> Option<u64> {
        self.item.as_ref().and_then(Item::version)
    }
}

/// Reads a subject. No route gives one definition, so the list is read up to
/// the page that holds it. A flag's state without its flag is a failure.
pub(super) async fn fresh(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    place: &Place,
) -> Result<Fresh, Failure> {
    let item = match find(client, call, target, place).await? {
        Listed::Item(item) => item,
        Listed::Absent { among } if place.part == Part::Environment => {
            return Err(gone(call, place, among));
        }
        Listed::Absent { .. } => {
            return Ok(Fresh {
                item: None,
                state: None,
                flag: None,
                whole: knows_whole(client, call, target, place).await?,
            });
        }
    };
    let environment = &target.environment.key.0;
    let whole = knows_whole(client, call, target, place).await?;
    let about = |failure| call.about(&call.at(&["api", "v1", place.kind.plural]), failure);
    let flag = if place.kind == FLAGS {
        let evaluated = if whole {
            None
        } else {
            evaluated(call, environment).await?
        };
        Some(seen_in(&item, environment, whole, evaluated.as_ref()).map_err(about)?)
    } else {
        None
    };
    Ok(Fresh {
        state: Some(place.state(&item, flag.as_ref()).map_err(about)?),
        item: Some(item),
        flag,
        whole,
    })
}

/// Whether this service's lists carry whole definitions. What only the list of
/// flags shows is asked of it once.
async fn knows_whole(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    place: &Place,
) -> Result<bool, Failure> {
    if client.lists_whole(call) || place.kind == FLAGS {
        return Ok(client.lists_whole(call));
    }
    let lists = client.lists_of(call, target.access, Trust::Content);
    match lists.one_page(FLAGS, 0).await {
        Ok(page) => Ok(client.learn_from(call, FLAGS, &page.items)),
        Err(failure) if matches!(failure.kind, FailureKind::Forbidden | FailureKind::NotFound) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// What a list says about a key.
enum Listed {
    Item(Item),
    Absent { among: usize },
}

async fn find(
    client: &EdgeFlags,
    call: &Call<'_>,
    target: Target<'_>,
    place: &Place,
) -> Result<Listed, Failure> {
    let kind = place.kind;
    let lists = client.lists_of(call, target.access, Trust::Content);
    let mut passed: HashSet<String> = HashSet::new();
    let mut offset = 0;
    for _ in 0..MOST_PAGES {
        let page = lists.one_page(kind, offset).await?;
        client.learn_from(call, kind, &page.items);
        let (length, before) = (page.items.len(), passed.len());
        for item in page.items {
            if item.key == place.key {
                return Ok(Listed::Item(item));
            }
            passed.insert(item.key);
        }
        if length == 0 || !page.has_more {
            if offset == 0 {
                return Ok(Listed::Absent { among: passed.len() });
            }
            return find_in_whole(&lists, place).await;
        }
        offset += length;
        if passed.len() == before {
            break;
        }
    }
    let url = call.at(&["api", "v1", kind.plural]);
    Err(call.about(&url, endless(&format!("list of {}", kind.plural))))
}

/// Pages of a list that moves can skip an element, so absence from several is
/// told by a reading that did not move.
async fn find_in_whole(lists: &Lists<'_>, place: &Place) -> Result<Listed, Failure> {
    let items = lists.list(place.kind, &|_, _| ()).await?;
    let among = items.len();
    let item = items.into_iter().find(|item| item.key == place.key);
    Ok(item.map_or(Listed::Absent { among }, Listed::Item))
}

pub(super) fn gone(call: &Call<'_>, place: &Place, among: usize) -> Failure {
    let plural = place.kind.plural;
    let mut failure = Failure::new(
        FailureKind::NotFound,
        format!("{} is not among the {plural}.", place.key),
    );
    failure.cause = Some("It was deleted, or it was made so recently that the list does not show it.".into());
    failure.next_step = Some("Refresh the environment.".into());
    failure.evidence = vec![format!(
        "The list was read to its end and holds {among} {plural}."
    )];
    let failure = failure.diagnosed(Diagnosis::FlagGone, Remedy::Refresh);
    call.about(&call.at(&["api", "v1", plural]), failure)
}

/// Whether any element shows more than an abridged list would.
pub(super) fn any_whole(items: &[Item]) -> bool {
    items.iter().any(is_evidently_whole)
}
