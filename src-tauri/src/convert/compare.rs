//! What a server says for the same identity.

use halyard_console::{CompareRemedy, Comparison, Difference, Surface, SurfaceFacts};

use super::{flag::value, seconds, traits::trait_out};
use crate::{
    view::*,
    words::difference::{self, Circumstances},
};

/// A server that can be asked.
pub fn surface(facts: &SurfaceFacts) -> SurfaceChoiceView {
    SurfaceChoiceView {
        surface: match &facts.surface {
            Surface::FlagsApi | Surface::Admin => SurfaceView::FlagsApi,
            Surface::EdgeProxy(address) => SurfaceView::EdgeProxy {
                address: address.clone(),
            },
        },
        label: label(facts),
    }
}

/// Whom to ask, inwards.
pub fn surface_in(surface: SurfaceView) -> Surface {
    match surface {
        SurfaceView::FlagsApi => Surface::FlagsApi,
        SurfaceView::EdgeProxy { address } => Surface::EdgeProxy(address),
    }
}

fn label(facts: &SurfaceFacts) -> String {
    let name = match &facts.surface {
        Surface::FlagsApi | Surface::Admin => "Flags API",
        Surface::EdgeProxy(_) => "Edge Proxy",
    };
    format!("{name}, {}", host(&facts.address))
}

/// The part of an address that people know a server by.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

/// What came of a comparison for an identifier.
pub fn comparison(comparison: Comparison, identifier: &str) -> ComparisonView {
    let around = Circumstances {
        identifier,
        asked_at: comparison.asked_at,
        mirror_checked_at: comparison.mirror_checked_at,
    };
    ComparisonView {
        label: label(&comparison.answered_by),
        asked_at: seconds(comparison.asked_at),
        took_ms: u32::try_from(comparison.took.as_millis()).unwrap_or(u32::MAX),
        compared: comparison.compared,
        sentence: difference::summary(comparison.differences.len(), comparison.compared),
        differences: comparison
            .differences
            .iter()
            .map(|one| difference(one, around))
            .collect(),
        stored_traits: comparison
            .stored_traits
            .map(|traits| traits.into_iter().filter_map(trait_out).collect()),
    }
}

fn difference(one: &Difference, around: Circumstances<'_>) -> DifferenceView {
    DifferenceView {
        flag: one.flag.0.clone(),
        theirs: difference::theirs(one),
        value: one
            .there
            .as_ref()
            .filter(|there| !there.value.0.is_null())
            .map(|there| value(&there.value)),
        because: difference::because(&one.cause, around),
        verified: one.verified,
        remedy: one.remedy.map(|remedy| match remedy {
            CompareRemedy::Refresh => CompareRemedyView::Refresh,
            CompareRemedy::UseStoredTraits => CompareRemedyView::UseStoredTraits,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_its_host() {
        let cases = [
            (
                Surface::FlagsApi,
                "https://edge.api.flagsmith.com/api/v1/",
                "Flags API, edge.api.flagsmith.com",
            ),
            (
                Surface::EdgeProxy("http://127.0.0.1:8000".into()),
                "http://127.0.0.1:8000",
                "Edge Proxy, 127.0.0.1:8000",
            ),
        ];
        for (surface, address, expected) in cases {
            let facts = SurfaceFacts {
                surface,
                address: address.into(),
            };
            assert_eq!(label(&facts), expected);
        }
    }
}
