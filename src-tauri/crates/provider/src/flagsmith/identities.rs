//! Identities: in the server's own database, and in the hosted ("edge") store.

use halyard_model::{Environment, IdentityRecord};
use serde_json::Value;

use super::paging;
use super::wire::{EdgeIdentityPage, EdgeTraitRow, IdentityRow, Page, TraitRow};
use crate::Failure;
use crate::http::Call;

/// How many identities a search shows: a person refines it beyond that.
const MOST_FOUND: &str = "50";

pub(super) async fn find(
    call: &Call<'_>,
    environment: &Environment,
    search: &str,
) -> Result<Vec<IdentityRecord>, Failure> {
    let route = if environment.edge_identities {
        "edge-identities"
    } else {
        "identities"
    };
    let mut url = call.at(&["environments", &environment.key.0, route, ""]);
    url.query_pairs_mut().append_pair("page_size", MOST_FOUND);
    if !search.is_empty() {
        url.query_pairs_mut().append_pair("q", search);
    }
    if environment.edge_identities {
        let page: EdgeIdentityPage = call.get(url, "list of identities").await?;
        return Ok(page
            .results
            .into_iter()
            .map(|row| IdentityRecord {
                remote_id: row.identity_uuid,
                identifier: row.identifier,
                alias: row.dashboard_alias.filter(|alias| !alias.is_empty()),
            })
            .collect());
    }
    let page: Page<IdentityRow> = call.get(url, "list of identities").await?;
    Ok(page
        .results
        .into_iter()
        .map(|row| IdentityRecord {
            remote_id: row.id.to_string(),
            identifier: row.identifier,
            alias: None,
        })
        .collect())
}

pub(super) async fn traits(
    call: &Call<'_>,
    environment: &Environment,
    identity: &IdentityRecord,
) -> Result<Vec<(String, Value)>, Failure> {
    let key = &environment.key.0;
    if environment.edge_identities {
        let url = call.at(&[
            "environments",
            key,
            "edge-identities",
            &identity.remote_id,
            "list-traits",
            "",
        ]);
        let rows: Vec<EdgeTraitRow> = call.get(url, "list of traits").await?;
        return Ok(rows
            .into_iter()
            .map(|row| (row.trait_key, row.trait_value))
            .collect());
    }
    let url = call.at(&[
        "environments",
        key,
        "identities",
        &identity.remote_id,
        "traits",
        "",
    ]);
    let rows: Vec<TraitRow> = paging::all(call, url, "list of traits", &|_, _| ()).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.trait_key.clone(), row.value()))
        .collect())
}
