//! What a service allows: as it says itself, else as it is documented.

use halyard_model::{Endpoint, Service, Timestamp};
use halyard_provider::Allowances;
use serde::{Deserialize, Serialize};

use super::{LimitKind, LimitSource};
use crate::server::is_hosted;

/// The body that one EdgeFlags request may have, documented as 1 MB.
const EDGEFLAGS_BODY: u64 = 1_048_576;

/// A page of the hosted Edge API's environment document, documented as about
/// 1 MB; a larger document comes in pages.
const EDGE_DOCUMENT_PAGE: u64 = 1_048_576;

/// What the service said, as it is kept in the mirror: members are only added,
/// with a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Allowed {
    /// When it was read.
    pub(crate) at: Timestamp,
    pub(super) flags: Option<u32>,
    pub(super) segments: Option<u32>,
    pub(super) segment_overrides: Option<u32>,
    pub(super) conditions: Option<u32>,
    pub(super) value_bytes: Option<u32>,
    pub(super) condition_bytes: Option<u32>,
    pub(super) monthly_calls: Option<u64>,
    pub(super) monthly_used: Option<u64>,
    pub(super) plan: Option<String>,
    pub(super) blocked: Option<bool>,
}

impl Allowed {
    /// What was told at a moment.
    pub(super) fn new(told: Allowances, at: Timestamp) -> Allowed {
        Allowed {
            at,
            flags: told.flags,
            segments: told.segments,
            segment_overrides: told.segment_overrides,
            conditions: told.conditions,
            value_bytes: told.value_bytes,
            condition_bytes: told.condition_bytes,
            monthly_calls: told.monthly_calls,
            monthly_used: told.monthly_used,
            plan: told.plan,
            blocked: told.blocked,
        }
    }

    /// Nothing differs but the time.
    pub(super) fn says_the_same(&self, other: &Allowed) -> bool {
        let at = other.at;
        Allowed { at, ..self.clone() } == *other
    }

    /// Whether the plan was told; `None` where nothing of the organisation was,
    /// as for a key that may not see it.
    pub(crate) fn plan_told(&self) -> Option<bool> {
        self.blocked?;
        Some(self.plan.is_some() || self.monthly_calls.is_some())
    }

    fn told(&self, kind: LimitKind) -> Option<u64> {
        let told = match kind {
            LimitKind::Flags => self.flags,
            LimitKind::Segments => self.segments,
            LimitKind::SegmentOverrides => self.segment_overrides,
            LimitKind::Conditions => self.conditions,
            LimitKind::ValueBytes => self.value_bytes,
            LimitKind::ConditionBytes => self.condition_bytes,
            LimitKind::IdentityOverrides | LimitKind::DocumentBytes | LimitKind::DefinitionBytes => None,
            LimitKind::MonthlyCalls => return self.monthly_calls,
        };
        told.map(u64::from)
    }
}

/// A limit and where it comes from.
pub(super) fn limit(
    kind: LimitKind,
    endpoint: &Endpoint,
    allowed: Option<&Allowed>,
) -> (Option<u64>, LimitSource) {
    let told = allowed.and_then(|allowed| Some((allowed.told(kind)?, allowed.at)));
    if let Some((limit, at)) = told {
        return (Some(limit), LimitSource::Told { at });
    }
    match documented(kind, endpoint) {
        Some(limit) => (Some(limit), LimitSource::Documented),
        None => (None, LimitSource::Unlimited),
    }
}

/// Flagsmith's defaults, which an installation or a project may have changed;
/// of EdgeFlags only the size of a request is documented.
fn documented(kind: LimitKind, endpoint: &Endpoint) -> Option<u64> {
    match (endpoint.service(), kind) {
        (Service::Flagsmith, LimitKind::Flags) => Some(1_000),
        (Service::Flagsmith, LimitKind::Segments) => Some(500),
        (Service::Flagsmith, LimitKind::SegmentOverrides) => Some(2_000),
        (Service::Flagsmith, LimitKind::Conditions) => Some(100),
        (Service::Flagsmith, LimitKind::ValueBytes) => Some(20_000),
        (Service::Flagsmith, LimitKind::ConditionBytes) => Some(1_000),
        (Service::Flagsmith, LimitKind::IdentityOverrides) => is_hosted(endpoint).then_some(500),
        (Service::Flagsmith, LimitKind::DocumentBytes) => is_hosted(endpoint).then_some(EDGE_DOCUMENT_PAGE),
        (Service::EdgeFlags, LimitKind::DefinitionBytes) => Some(EDGEFLAGS_BODY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{FlagsmithAuth, FlagsmithEndpoint};

    fn flagsmith(base: &str) -> Endpoint {
        Endpoint::Flagsmith(FlagsmithEndpoint {
            admin_base: base.into(),
            flags_base: None,
            edge_proxies: Vec::new(),
            auth: FlagsmithAuth::OrganisationKey,
            ca_bundle: None,
        })
    }

    #[test]
    fn the_services_own_number_goes_before_the_documented_one() {
        let own = flagsmith("https://flags.acme.example/api/v1/");
        let hosted = flagsmith("https://api.flagsmith.com/api/v1/");
        let at = Timestamp(7);
        let allowed = Allowed {
            at,
            segment_overrides: Some(100),
            ..Allowed::default()
        };
        let told = (Some(100), LimitSource::Told { at });
        let documented = |limit| (Some(limit), LimitSource::Documented);
        for (kind, endpoint, allowed, expected) in [
            (LimitKind::SegmentOverrides, &own, Some(&allowed), told),
            (LimitKind::SegmentOverrides, &own, None, documented(2_000)),
            (LimitKind::Flags, &own, Some(&allowed), documented(1_000)),
            (
                LimitKind::DocumentBytes,
                &own,
                None,
                (None, LimitSource::Unlimited),
            ),
            (LimitKind::DocumentBytes, &hosted, None, documented(1_048_576)),
            (LimitKind::IdentityOverrides, &hosted, None, documented(500)),
            (
                LimitKind::IdentityOverrides,
                &own,
                None,
                (None, LimitSource::Unlimited),
            ),
        ] {
            assert_eq!(limit(kind, endpoint, allowed), expected, "{kind:?}");
        }
    }
}
