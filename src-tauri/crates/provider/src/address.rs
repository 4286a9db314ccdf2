//! What people paste as an address, made into a base address.

use halyard_model::Service;
use url::{Host, Url};

use crate::Failure;
use crate::diagnosis::diagnose;
use crate::diagnosis::evidence::{Evidence, Unsent};
use crate::http::is_loopback;

const HOSTED_ADMIN: &str = "https://api.flagsmith.com/api/v1/";
const HOSTED_FLAGS: &str = "https://edge.api.flagsmith.com/api/v1/";
const HOSTED_EDGEFLAGS: &str = "https://edgeflags.net";

/// First path segments of Flagsmith's dashboard; everything from there on is
/// a page, not part of the base.
const DASHBOARD_PAGES: [&str; 12] = [
    "project",
    "projects",
    "organisation",
    "organisations",
    "organisation-settings",
    "login",
    "signup",
    "account",
    "create",
    "getting-started",
    "home",
    "admin",
];

/// A base address, and what was changed to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalisedAddress {
    /// Flagsmith: ends in `/api/v1/`. EdgeFlags: without a slash at the end.
    pub base: String,
    /// The base of the Flags API where it is known to differ (Flagsmith's
    /// hosted service).
    pub flags_base: Option<String>,
    /// What was changed, one sentence each; empty when nothing was.
    pub changes: Vec<String>,
}

/// Makes a base address out of what a person pasted: without scheme, without
/// `/api/v1/`, a dashboard address, an address of a single route. Also good
/// for the address of a Flags API and of an Edge Proxy.
///
/// Fails with [`crate::FailureKind::BadAddress`] where there is no host, or another
/// scheme than http and https.
pub fn normalise_address(service: Service, pasted: &str) -> Result<NormalisedAddress, Failure> {
    let mut changes = Vec::new();
    let mut url = parse(pasted, &mut changes)?;
    if !url.username().is_empty() || url.password().is_some() {
        // Both fail only for addresses that cannot have user information.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        changes.push("User name and password were taken out of the address.".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        url.set_query(None);
        url.set_fragment(None);
        changes.push("Everything after the path was taken away.".into());
    }
    match service {
        Service::Flagsmith => Ok(flagsmith(&url, changes)),
        Service::EdgeFlags => Ok(edgeflags(&url, changes)),
    }
}

fn parse(pasted: &str, changes: &mut Vec<String>) -> Result<Url, Failure> {
    let text = pasted.trim().trim_matches(['"', '\'', '<', '>']);
    if text.is_empty() {
        return Err(unusable("empty", "The address is empty."));
    }
    let url = match text.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "http" => "http",
                "https" => "https",
                "ws" => "http",
                "wss" => "https",
                _ => {
                    return Err(unusable(
                        "scheme",
                        "The address must begin with https:// or http://.",
                    ));
                }
            };
            Url::parse(&format!("{scheme}://{rest}"))
        }
        None => Url::parse(&format!("https://{text}")).map(|url| {
            let scheme = if is_loopback(&url) { "http" } else { "https" };
            changes.push(format!("{scheme}:// was added."));
            if scheme == "http" {
                with_scheme_http(text).unwrap_or(url)
            } else {
                url
            }
        }),
    };
    url.ok()
        .filter(|url| match url.host() {
            Some(Host::Domain(name)) => !name.is_empty() && !name.contains('%'),
            Some(_) => true,
            None => false,
        })
        .ok_or_else(|| unusable("host", "The address has no usable host name."))
}

fn with_scheme_http(text: &str) -> Option<Url> {
    Url::parse(&format!("http://{text}")).ok()
}

fn unusable(detail: &'static str, sentence: &'static str) -> Failure {
    diagnose(Evidence::unsent(Unsent::NotAnAddress { detail, sentence }))
}

fn flagsmith(url: &Url, mut changes: Vec<String>) -> NormalisedAddress {
    let host = url.host_str().unwrap_or_default();
    if matches!(
        host,
        "flagsmith.com"
            | "www.flagsmith.com"
            | "app.flagsmith.com"
            | "api.flagsmith.com"
            | "edge.api.flagsmith.com"
    ) {
        if url.as_str() != HOSTED_ADMIN {
            changes.clear();
            changes.push("The hosted service's own addresses are used.".into());
        }
        return NormalisedAddress {
            base: HOSTED_ADMIN.into(),
            flags_base: Some(HOSTED_FLAGS.into()),
            changes,
        };
    }
    let segments: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let api = segments.windows(2).position(|pair| pair == ["api", "v1"]);
    let prefix: &[&str] = match api {
        Some(position) => {
            if segments.len() > position + 2 {
                changes.push("Everything after /api/v1/ was taken away.".into());
            } else if !url.path().ends_with('/') {
                changes.push("The slash at the end was added.".into());
            }
            &segments[..position]
        }
        None => {
            let page = segments.iter().position(|part| {
                DASHBOARD_PAGES.contains(part) || matches!(*part, "api" | "proxy" | "health" | "version")
            });
            if page.is_some_and(|position| DASHBOARD_PAGES.contains(&segments[position])) {
                changes.push("The dashboard's address was turned into the API's.".into());
            } else {
                changes.push("/api/v1/ was added.".into());
            }
            &segments[..page.unwrap_or(segments.len())]
        }
    };
    let mut base = url.clone();
    let path: String = prefix.iter().map(|part| format!("/{part}")).collect();
    base.set_path(&format!("{path}/api/v1/"));
    NormalisedAddress {
        base: base.into(),
        flags_base: None,
        changes,
    }
}

fn edgeflags(url: &Url, mut changes: Vec<String>) -> NormalisedAddress {
    let host = url.host_str().unwrap_or_default();
    let hosted =
        host == "edgeflags.net" || host.ends_with(".edgeflags.net") || host == "edgeflags-docs.pages.dev";
    if hosted {
        if url.as_str().trim_end_matches('/') != HOSTED_EDGEFLAGS {
            changes.clear();
            changes.push("The hosted service's own address is used.".into());
        }
        return NormalisedAddress {
            base: HOSTED_EDGEFLAGS.into(),
            flags_base: None,
            changes,
        };
    }
    let segments: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let route = segments
        .iter()
        .position(|part| matches!(*part, "api" | "stream" | "docs" | "openapi.json" | "health"));
    if let Some(position) = route {
        changes.push(format!(
            "Everything from /{} on was taken away.",
            segments[position]
        ));
    }
    let mut base = url.clone();
    let path: String = segments[..route.unwrap_or(segments.len())]
        .iter()
        .map(|part| format!("/{part}"))
        .collect();
    base.set_path(&path);
    NormalisedAddress {
        base: base.as_str().trim_end_matches('/').to_owned(),
        flags_base: None,
        changes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_for_flagsmith() {
        for (pasted, base) in [
            (
                "https://flags.acme.test/api/v1/",
                "https://flags.acme.test/api/v1/",
            ),
            (
                "https://flags.acme.test/api/v1",
                "https://flags.acme.test/api/v1/",
            ),
            ("https://flags.acme.test/api", "https://flags.acme.test/api/v1/"),
            ("https://flags.acme.test", "https://flags.acme.test/api/v1/"),
            ("  flags.acme.test \n", "https://flags.acme.test/api/v1/"),
            ("<https://flags.acme.test/>", "https://flags.acme.test/api/v1/"),
            ("HTTPS://Flags.Acme.Test/", "https://flags.acme.test/api/v1/"),
            ("flags.acme.test:8443", "https://flags.acme.test:8443/api/v1/"),
            ("localhost:8000", "http://localhost:8000/api/v1/"),
            ("127.0.0.1:8000/api/v1", "http://127.0.0.1:8000/api/v1/"),
            ("[::1]:8000", "http://[::1]:8000/api/v1/"),
            ("http://10.0.0.7:8000", "http://10.0.0.7:8000/api/v1/"),
            (
                "https://acme.test/tools/flagsmith/",
                "https://acme.test/tools/flagsmith/api/v1/",
            ),
            (
                "https://acme.test/tools/api/v1/flags/?feature=x",
                "https://acme.test/tools/api/v1/",
            ),
            (
                "https://flags.acme.test/project/1/environment/2NLh/features",
                "https://flags.acme.test/api/v1/",
            ),
            (
                "https://flags.acme.test/login?redirect=/",
                "https://flags.acme.test/api/v1/",
            ),
            (
                "https://me:secret@flags.acme.test/",
                "https://flags.acme.test/api/v1/",
            ),
            (
                "http://localhost:8020/proxy/health",
                "http://localhost:8020/api/v1/",
            ),
        ] {
            let normalised = normalise_address(Service::Flagsmith, pasted).unwrap();
            assert_eq!(
                (normalised.base.as_str(), normalised.flags_base),
                (base, None),
                "{pasted}"
            );
            let again = normalise_address(Service::Flagsmith, base).unwrap();
            assert_eq!(
                (again.base.as_str(), again.changes.as_slice()),
                (base, [].as_slice()),
                "a base stays as it is"
            );
        }
    }

    #[test]
    fn the_hosted_service_is_known_by_any_of_its_addresses() {
        for pasted in [
            "app.flagsmith.com",
            "https://app.flagsmith.com/project/12/environment/abc/features?x=1",
            "https://api.flagsmith.com/api/v1/",
            "https://edge.api.flagsmith.com/api/v1/",
            "https://www.flagsmith.com",
        ] {
            let normalised = normalise_address(Service::Flagsmith, pasted).unwrap();
            assert_eq!(normalised.base, HOSTED_ADMIN, "{pasted}");
            assert_eq!(normalised.flags_base.as_deref(), Some(HOSTED_FLAGS), "{pasted}");
            assert_eq!(normalised.changes.is_empty(), pasted == HOSTED_ADMIN, "{pasted}");
        }
        assert_eq!(
            normalise_address(Service::Flagsmith, "flagsmith.com.evil.test")
                .unwrap()
                .base,
            "https://flagsmith.com.evil.test/api/v1/"
        );
    }

    #[test]
    fn what_people_paste_for_edgeflags() {
        for (pasted, base) in [
            ("edgeflags.net", "https://edgeflags.net"),
            ("https://edgeflags.net/", "https://edgeflags.net"),
            (
                "https://docs.edgeflags.net/guides/authentication",
                "https://edgeflags.net",
            ),
            (
                "https://edgeflags.net/api/v1/flags?limit=5",
                "https://edgeflags.net",
            ),
            ("wss://flags.acme.test/stream/flags", "https://flags.acme.test"),
            ("localhost:8787/api/v1/", "http://localhost:8787"),
            ("https://acme.test/edge/", "https://acme.test/edge"),
            ("https://acme.test/edge/openapi.json", "https://acme.test/edge"),
        ] {
            let normalised = normalise_address(Service::EdgeFlags, pasted).unwrap();
            assert_eq!(normalised.base, base, "{pasted}");
            assert_eq!(
                normalise_address(Service::EdgeFlags, base).unwrap().changes,
                [""; 0]
            );
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for pasted in [
            "",
            "   ",
            "ftp://flags.acme.test",
            "https://",
            "file:///etc/passwd",
            "http://?x",
            "a b c",
        ] {
            let failure = normalise_address(Service::Flagsmith, pasted).unwrap_err();
            assert!(
                matches!(failure.kind, crate::FailureKind::BadAddress { .. }),
                "{pasted}: {failure:?}"
            );
        }
    }

    #[test]
    fn changes_are_told() {
        let normalised = normalise_address(Service::Flagsmith, "flags.acme.test").unwrap();
        assert_eq!(normalised.changes, ["https:// was added.", "/api/v1/ was added."]);
        let normalised =
            normalise_address(Service::Flagsmith, "https://u:p@flags.acme.test/api/v1/#a").unwrap();
        assert!(!format!("{normalised:?}").contains("u:p"));
        assert_eq!(normalised.changes.len(), 2);
    }
}
