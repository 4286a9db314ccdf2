//! Which path leads where, and what each route allows.

use super::auth::Door;
use super::call::{Call, Outcome};
use super::handlers::{
    account, edge_identities, environments, experiments, features, featurestates, future, identities,
    options, overrides, projects, sdk, segments, tags, versions,
};
use super::store::Store;

/// What answers a request.
pub(crate) type Handler = fn(&mut Store, &Call) -> Outcome;

/// One path with holes, its door, and what answers each method.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) pattern: &'static str,
    pub(crate) door: Door,
    /// The `Allow` header, which names methods in the server's own order.
    pub(crate) allow: &'static str,
    methods: &'static [(&'static str, Handler)],
}

impl Route {
    /// What stands in the holes, if the path is this route's.
    fn params(&self, path: &str) -> Option<Vec<String>> {
        let mut params = Vec::new();
        let mut parts = path.split('/');
        for wanted in self.pattern.split('/') {
            let part = parts.next()?;
            if wanted == "{}" {
                if part.is_empty() {
                    return None;
                }
                params.push(percent_decoded(part));
            } else if wanted != part {
                return None;
            }
        }
        parts.next().is_none().then_some(params)
    }

    /// What answers a method. `HEAD` is answered as `GET` is.
    pub(crate) fn handler(&self, method: &str) -> Option<Handler> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.methods
            .iter()
            .find(|(name, _)| *name == method)
            .map(|(_, handler)| *handler)
    }
}

fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The route of a path.
pub(crate) fn find(path: &str) -> Option<(&'static Route, Vec<String>)> {
    ROUTES.iter().find_map(|route| Some((route, route.params(path)?)))
}

const GET_ONLY: &str = "GET, HEAD, OPTIONS";
const GET_OPTIONS: &str = "GET, OPTIONS";
const LIST: &str = "GET, POST, HEAD, OPTIONS";
const ROW: &str = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";
const POST_ONLY: &str = "POST, OPTIONS";

macro_rules! routes {
    ($($door:ident $allow:ident $pattern:literal { $($method:ident $handler:path),* $(,)? })*) => {
        &[$(Route {
            pattern: $pattern,
            door: Door::$door,
            allow: $allow,
            methods: &[$((stringify!($method), $handler as Handler)),*],
        }),*]
    };
}

const PUT_ONLY: &str = "PUT, OPTIONS";
const HOSTED_ROW: &str = "GET, PUT, DELETE, HEAD, OPTIONS";
const BY_IDENTIFIER: &str = "PUT, DELETE, OPTIONS";
const FUTURE_ROW: &str = "GET, PUT, PATCH, HEAD, OPTIONS";
const DELETE_ONLY: &str = "DELETE, OPTIONS";
const DRAFT_STATE: &str = "PUT, PATCH, DELETE, OPTIONS";
const FLAT_STATE: &str = "PUT, PATCH, OPTIONS";

static ROUTES: &[Route] = routes! {
    Open GET_ONLY "/health" { GET account::health }
    Open GET_ONLY "/health/readiness/" { GET account::health }
    Open GET_ONLY "/health/liveness/" { GET account::liveness }
    Open GET_ONLY "/version/" { GET account::version }
    Admin GET_OPTIONS "/processor/monitoring/" { GET account::monitoring }
    Login POST_ONLY "/api/v1/auth/login/" { POST account::login }
    Admin ROW "/api/v1/auth/users/me/" { GET account::me }

    Sdk GET_ONLY "/api/v1/flags/" { GET sdk::flags }
    Sdk LIST "/api/v1/identities/" { GET sdk::identity_get, POST sdk::identity_post }
    Sdk POST_ONLY "/api/v1/traits/" { POST sdk::set_trait }
    Sdk GET_ONLY "/api/v1/environment-document/" { GET sdk::document }
    Sdk POST_ONLY "/api/v1/analytics/flags/" { POST sdk::analytics }
    Sdk POST_ONLY "/api/v2/analytics/flags/" { POST sdk::analytics_v2 }

    Admin LIST "/api/v1/organisations/" { GET projects::organisations }
    Admin ROW "/api/v1/organisations/{}/" { GET projects::organisation }
    Admin LIST "/api/v1/organisations/{}/master-api-keys/" {
        GET account::organisation_keys, POST account::create_organisation_key,
    }
    Admin GET_ONLY "/api/v1/organisations/{}/audit/" { GET account::audit }
    Admin GET_OPTIONS "/api/v1/organisations/{}/usage-data/" { GET account::usage }
    Admin GET_OPTIONS "/api/v1/organisations/{}/usage-data/total-count/" { GET account::usage_total }
    Admin LIST "/api/v1/organisations/{}/webhooks/" { GET account::webhooks, POST account::create_webhook }
    Admin GET_ONLY "/api/v1/audit/" { GET account::audit_of_everything }

    Admin LIST "/api/v1/projects/" { GET projects::projects, POST projects::create_project }
    Admin ROW "/api/v1/projects/{}/" { GET projects::project }
    Admin GET_ONLY "/api/v1/projects/{}/my-permissions/" { GET account::permissions }
    Admin GET_ONLY "/api/v1/projects/{}/audit/" { GET account::audit }
    Admin LIST "/api/v1/projects/{}/tags/" { GET tags::list, POST tags::create }
    Admin ROW "/api/v1/projects/{}/tags/{}/" {
        GET tags::get, PUT tags::update, PATCH tags::update, DELETE tags::delete,
    }
    Admin LIST "/api/v1/projects/{}/features/" { GET features::list, POST features::create }
    Admin ROW "/api/v1/projects/{}/features/{}/" {
        GET features::get, PUT features::update, PATCH features::update, DELETE features::delete,
    }
    Admin GET_ONLY "/api/v1/projects/{}/features/{}/evaluation-data/" { GET features::evaluation_data }
    Admin LIST "/api/v1/projects/{}/features/{}/mv-options/" { GET options::list, POST options::create }
    Admin ROW "/api/v1/projects/{}/features/{}/mv-options/{}/" {
        GET options::get, PUT options::update, PATCH options::update, DELETE options::delete,
    }
    Admin LIST "/api/v1/projects/{}/segments/" { GET segments::list, POST segments::create }
    Admin ROW "/api/v1/projects/{}/segments/{}/" {
        GET segments::get, PUT segments::update, PATCH segments::update, DELETE segments::delete,
    }
    Admin POST_ONLY "/api/v1/projects/{}/segments/{}/clone/" { POST segments::clone }
    Admin GET_ONLY "/api/v1/projects/{}/segments/{}/associated-features/" { GET segments::associated_features }
    Admin GET_OPTIONS "/api/v1/segments/get-by-uuid/{}/" { GET segments::get_by_uuid }

    Admin GET_OPTIONS "/api/v1/features/get-by-uuid/{}/" { GET features::get_by_uuid }
    Admin LIST "/api/v1/features/featurestates/" { GET featurestates::flat_list, POST featurestates::flat_create }
    Admin FLAT_STATE "/api/v1/features/featurestates/{}/" {
        PUT featurestates::flat_put, PATCH featurestates::flat_patch,
    }
    Admin POST_ONLY "/api/v1/features/feature-segments/update-priorities/" { POST overrides::reorder }
    Admin LIST "/api/v1/features/feature-segments/" { GET overrides::list, POST overrides::create }
    Admin ROW "/api/v1/features/feature-segments/{}/" {
        GET overrides::get, PUT overrides::update, PATCH overrides::update, DELETE overrides::delete,
    }

    Admin LIST "/api/v1/environments/" { GET environments::list, POST environments::create }
    Admin ROW "/api/v1/environments/{}/" {
        GET environments::get, PUT environments::update, PATCH environments::update,
    }
    Admin GET_ONLY "/api/v1/environments/{}/document/" { GET environments::document }
    Admin GET_ONLY "/api/v1/environments/{}/my-permissions/" { GET account::permissions }
    Admin GET_ONLY "/api/v1/environments/{}/metrics/" { GET environments::metrics }
    Admin GET_ONLY "/api/v1/environments/{}/trait-keys/" { GET identities::trait_keys }
    Admin POST_ONLY "/api/v1/environments/{}/clone/" { POST environments::clone }
    Admin POST_ONLY "/api/v1/environments/{}/enable-v2-versioning/" { POST environments::enable_versioning }
    Admin LIST "/api/v1/environments/{}/api-keys/" { GET environments::server_keys, POST environments::create_server_key }
    Admin LIST "/api/v1/environments/{}/webhooks/" { GET account::webhooks, POST account::create_webhook }
    Admin LIST "/api/v1/environments/{}/featurestates/" { GET featurestates::list }
    Admin ROW "/api/v1/environments/{}/featurestates/{}/" {
        GET featurestates::get, PUT featurestates::put, PATCH featurestates::patch, DELETE featurestates::delete,
    }
    Admin POST_ONLY "/api/v1/environments/{}/features/{}/create-segment-override/" { POST overrides::create_override }
    Admin LIST "/api/v1/environments/{}/features/{}/versions/" { GET versions::list, POST versions::create }
    Admin DELETE_ONLY "/api/v1/environments/{}/features/{}/versions/{}/" { DELETE versions::delete }
    Admin POST_ONLY "/api/v1/environments/{}/features/{}/versions/{}/publish/" { POST versions::publish }
    Admin LIST "/api/v1/environments/{}/features/{}/versions/{}/featurestates/" {
        GET versions::states, POST versions::create_state,
    }
    Admin DRAFT_STATE "/api/v1/environments/{}/features/{}/versions/{}/featurestates/{}/" {
        PUT versions::update_state, PATCH versions::update_state, DELETE versions::delete_state,
    }
    Admin GET_ONLY "/api/v1/environment-feature-versions/{}/" { GET versions::get }

    Admin LIST "/api/v1/environments/{}/identities/" { GET identities::list, POST identities::create }
    Admin ROW "/api/v1/environments/{}/identities/{}/" { GET identities::get, DELETE identities::delete }
    Admin LIST "/api/v1/environments/{}/identities/{}/traits/" { GET identities::traits, POST identities::create_trait }
    Admin ROW "/api/v1/environments/{}/identities/{}/traits/{}/" {
        GET identities::get_trait, PUT identities::update_trait, PATCH identities::update_trait,
        DELETE identities::delete_trait,
    }
    Admin LIST "/api/v1/environments/{}/identities/{}/featurestates/" {
        GET identities::overrides, POST identities::create_override,
    }
    Admin GET_ONLY "/api/v1/environments/{}/identities/{}/featurestates/all/" { GET identities::all_states }
    Admin POST_ONLY "/api/v1/environments/{}/identities/{}/featurestates/clone-from-given-identity/" {
        POST identities::clone_overrides,
    }
    Admin ROW "/api/v1/environments/{}/identities/{}/featurestates/{}/" {
        GET identities::get_override, PUT identities::update_override, PATCH identities::update_override,
        DELETE identities::delete_override,
    }

    Admin LIST "/api/v1/environments/{}/edge-identities/" { GET edge_identities::list, POST edge_identities::create }
    Admin ROW "/api/v1/environments/{}/edge-identities/{}/" {
        GET edge_identities::get, PATCH edge_identities::update, DELETE edge_identities::delete,
    }
    Admin GET_ONLY "/api/v1/environments/{}/edge-identities/{}/list-traits/" { GET edge_identities::traits }
    Admin PUT_ONLY "/api/v1/environments/{}/edge-identities/{}/update-traits/" { PUT edge_identities::update_trait }
    Admin LIST "/api/v1/environments/{}/edge-identities/{}/edge-featurestates/" {
        GET edge_identities::overrides, POST edge_identities::create_override,
    }
    Admin GET_ONLY "/api/v1/environments/{}/edge-identities/{}/edge-featurestates/all/" {
        GET edge_identities::all_states,
    }
    Admin POST_ONLY "/api/v1/environments/{}/edge-identities/{}/edge-featurestates/clone-from-given-identity/" {
        POST edge_identities::clone_overrides,
    }
    Admin HOSTED_ROW "/api/v1/environments/{}/edge-identities/{}/edge-featurestates/{}/" {
        GET edge_identities::get_override, PUT edge_identities::update_override,
        DELETE edge_identities::delete_override,
    }
    Admin BY_IDENTIFIER "/api/v1/environments/{}/edge-identities-featurestates" {
        PUT edge_identities::put_by_identifier, DELETE edge_identities::delete_by_identifier,
    }
    Admin BY_IDENTIFIER "/api/v1/environments/environments/{}/edge-identities-featurestates" {
        PUT edge_identities::put_by_identifier, DELETE edge_identities::delete_by_identifier,
    }
    Admin GET_ONLY "/api/v1/environments/{}/edge-identity-overrides" { GET edge_identities::who_overrides }

    Admin FUTURE_ROW "/api/__future__/environments/{}/features/{}/" {
        GET future::get, PUT future::write, PATCH future::write,
    }
    Admin DELETE_ONLY "/api/__future__/environments/{}/features/{}/segment-overrides/{}/" {
        DELETE future::delete_override,
    }
    Admin POST_ONLY "/api/experiments/environments/{}/update-flag-v1/" { POST experiments::update_v1 }
    Admin POST_ONLY "/api/experiments/environments/{}/update-flag-v2/" { POST experiments::update_v2 }
    Admin POST_ONLY "/api/experiments/environments/{}/delete-segment-override/" { POST experiments::delete_override }
};
