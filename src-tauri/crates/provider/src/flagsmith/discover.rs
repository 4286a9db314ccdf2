//! What a credential opens: organisations, projects, environments.

use halyard_model::{Environment, EnvironmentKey, Named, Protection};

use super::paging;
use super::wire::{EnvironmentRow, NamedRow, ProjectRow};
use crate::http::Call;
use crate::{Answer, Discovery, Failure, Listing};

/// Lists organisations with their projects. Two requests: a request with an
/// organisation key costs the server a third of a second.
pub(super) async fn discover(call: &Call<'_>) -> Result<Answer<Discovery>, Failure> {
    let organisations: Vec<NamedRow> = paging::all(
        call,
        call.at(&["organisations", ""]),
        "list of organisations",
        &|_, _| (),
    )
    .await?;
    let projects: Vec<ProjectRow> =
        paging::all(call, call.at(&["projects", ""]), "list of projects", &|_, _| ()).await?;
    let only = organisations.len() == 1;
    let listings = organisations
        .into_iter()
        .map(|organisation| {
            let mut projects: Vec<Named> = projects
                .iter()
                .filter(|project| project.organisation.map_or(only, |id| id == organisation.id))
                .map(|project| named(project.id, &project.name))
                .collect();
            projects.sort_by(|one, other| one.name.cmp(&other.name));
            Listing {
                organisation: named(organisation.id, &organisation.name),
                projects,
            }
        })
        .collect();
    Ok(call.answer(Discovery {
        server_version: call.server_version(),
        organisations: listings,
        permissions: Vec::new(),
    }))
}

fn named(id: u64, name: &str) -> Named {
    Named {
        id: id.to_string(),
        name: name.to_owned(),
    }
}

/// Lists the environments of a project, with what its own record says about
/// identities.
pub(super) async fn environments(
    call: &Call<'_>,
    project: &Named,
) -> Result<Answer<Vec<Environment>>, Failure> {
    let record: ProjectRow = call
        .get(call.at(&["projects", &project.id, ""]), "project")
        .await?;
    let mut url = call.at(&["environments", ""]);
    url.query_pairs_mut().append_pair("project", &project.id);
    let rows: Vec<EnvironmentRow> = paging::all(call, url, "list of environments", &|_, _| ()).await?;
    let environments = rows
        .into_iter()
        .map(|row| Environment {
            remote_id: row.id.to_string(),
            protection: Protection::suggested_for(&row.name),
            name: row.name,
            key: EnvironmentKey(row.api_key),
            versioned: row.use_v2_feature_versioning,
            requires_change_requests: row.minimum_change_request_approvals.is_some(),
            edge_identities: record.use_edge_identities,
        })
        .collect();
    Ok(call.answer(environments))
}
