//! What a button does about a failure.

use halyard_console::{Failure, Remedy};
use halyard_model::FlagsmithAuth;
use serde_json::json;

use crate::view::{RemedyActionView, RemedyView, SurfaceNameView};

/// The hosted Flagsmith's own pages.
const FLAGSMITH_STATUS: &str = "https://status.flagsmith.com";
const FLAGSMITH_DASHBOARD: &str = "https://app.flagsmith.com";

/// The prefix of keys that are secret.
const SERVER_SIDE: &str = "ser.";

/// What a failure is about, as far as whoever shows it knows.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The surface that was asked.
    pub surface: Option<SurfaceNameView>,
    /// The environment's client-side key.
    pub environment: Option<String>,
    /// The address that an Edge Proxy fetches from.
    pub upstream: Option<String>,
}

/// The button for a failure; `None` where it has no remedy, or where the
/// remedy is a page that nobody knows the address of.
pub fn of(failure: &Failure, subject: &Subject) -> Option<RemedyView> {
    let host = host_of(failure);
    match failure.remedy.as_ref()? {
        Remedy::TypeKeyAgain => Some(button(RemedyActionView::TypeKeyAgain, "Type the key again")),
        Remedy::ChooseKeyKind { kind } => Some(button(
            RemedyActionView::TypeKeyAgain,
            match kind {
                FlagsmithAuth::OrganisationKey => "Use it as an organisation key",
                FlagsmithAuth::UserToken => "Use it as a user token",
            },
        )),
        Remedy::CorrectAddress { to } => Some(copy("Copy the right address", to.clone())),
        Remedy::EditConnection => Some(button(RemedyActionView::EditConnection, "Edit the connection")),
        Remedy::AddCertificate => Some(button(RemedyActionView::EditConnection, "Add a certificate")),
        // The moment itself is told beside the error, which counts down to it.
        Remedy::WaitUntil(_) | Remedy::TryAgain => Some(try_again()),
        Remedy::Refresh => Some(button(RemedyActionView::Refresh, "Sync now")),
        Remedy::RunDoctor => Some(RemedyView {
            surface: subject.surface.clone(),
            ..button(RemedyActionView::RunDoctor, "Run the doctor")
        }),
        Remedy::ShowRequests => Some(requests(path_of(failure).unwrap_or_default())),
        Remedy::OpenStatusPage => Some(match host {
            Some(host) if is_flagsmith(host) => link("Status page", FLAGSMITH_STATUS.to_owned()),
            // Where no page is known, asking again is what is left.
            _ => try_again(),
        }),
        Remedy::OpenDashboard => match host {
            Some(host) if is_flagsmith(host) => Some(link("Open Flagsmith", FLAGSMITH_DASHBOARD.to_owned())),
            // Only encrypted pages are opened.
            Some(host) if is_encrypted(failure) => {
                Some(link("Open the dashboard", format!("https://{host}/")))
            }
            _ => None,
        },
        Remedy::CopyProxyConfig => Some(proxy_config(subject)),
        Remedy::ResolveConflict => Some(button(RemedyActionView::ResolveConflict, "Resolve the conflict")),
        Remedy::ShowLimits => Some(button(RemedyActionView::ShowLimits, "Show the limits")),
    }
}

/// A button of an action that needs nothing more.
pub fn button(action: RemedyActionView, label: &str) -> RemedyView {
    RemedyView {
        action,
        label: label.to_owned(),
        surface: None,
        search: None,
        link: None,
        text: None,
    }
}

/// Asks again.
pub fn try_again() -> RemedyView {
    button(RemedyActionView::TryAgain, "Try again")
}

/// Opens Activity with what was searched for.
pub fn requests(search: &str) -> RemedyView {
    RemedyView {
        search: Some(search.to_owned()),
        ..button(RemedyActionView::ShowRequests, "Show the requests")
    }
}

/// Copies what an Edge Proxy's configuration needs for an environment, with a
/// place for the server-side key, which Halyard does not know.
pub fn proxy_config(subject: &Subject) -> RemedyView {
    let client_side = subject
        .environment
        .as_deref()
        .filter(|key| !key.starts_with(SERVER_SIDE))
        .unwrap_or("<client-side key>");
    let mut config = json!({
        "environment_key_pairs": [{
            "server_side_key": "<server-side key>",
            "client_side_key": client_side,
        }],
    });
    if let Some(upstream) = &subject.upstream {
        config["api_url"] = json!(upstream.trim_end_matches('/'));
    }
    copy("Copy config without key", format!("{config:#}"))
}

fn copy(label: &str, text: String) -> RemedyView {
    RemedyView {
        text: Some(text),
        ..button(RemedyActionView::Copy, label)
    }
}

fn link(label: &str, link: String) -> RemedyView {
    RemedyView {
        link: Some(link),
        ..button(RemedyActionView::OpenLink, label)
    }
}

/// The address of the request that failed, without its verb.
fn address_of(failure: &Failure) -> Option<&str> {
    let (_, address) = failure.request.as_deref()?.split_once(' ')?;
    Some(address)
}

fn host_of(failure: &Failure) -> Option<&str> {
    let (_, rest) = address_of(failure)?.split_once("://")?;
    rest.split('/').next()
}

fn path_of(failure: &Failure) -> Option<&str> {
    let (_, rest) = address_of(failure)?.split_once("://")?;
    rest.find('/').and_then(|start| rest.get(start..))
}

fn is_encrypted(failure: &Failure) -> bool {
    address_of(failure).is_some_and(|address| address.starts_with("https://"))
}

fn is_flagsmith(host: &str) -> bool {
    host == "flagsmith.com" || host.ends_with(".flagsmith.com")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::WireError;
    use halyard_console::FailureKind;
    use halyard_model::Timestamp;

    const HOSTED: &str = "GET https://api.flagsmith.com/api/v1/flags/";
    const OWN: &str = "GET https://flags.acme.example/api/v1/flags/";
    const PLAIN: &str = "GET http://10.0.0.7:8000/api/v1/flags/";

    fn failed(remedy: Remedy, request: &str) -> Failure {
        let mut failure = Failure::new(FailureKind::ServerFault, "It failed.");
        failure.request = Some(request.to_owned());
        failure.remedy = Some(remedy);
        failure
    }

    /// What a button carries besides its action.
    fn carried(view: &RemedyView) -> Option<&str> {
        [&view.search, &view.link, &view.text]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .next()
    }

    #[test]
    fn each_remedy_is_the_right_button() {
        use RemedyActionView as Action;
        let kind = |kind| Remedy::ChooseKeyKind { kind };
        let to = "https://api.flagsmith.com/api/v1/".to_owned();
        let cases = [
            (
                Remedy::TypeKeyAgain,
                HOSTED,
                Some((Action::TypeKeyAgain, "Type the key again", None)),
            ),
            (
                kind(FlagsmithAuth::OrganisationKey),
                HOSTED,
                Some((Action::TypeKeyAgain, "Use it as an organisation key", None)),
            ),
            (
                kind(FlagsmithAuth::UserToken),
                HOSTED,
                Some((Action::TypeKeyAgain, "Use it as a user token", None)),
            ),
            (
                Remedy::CorrectAddress { to: to.clone() },
                OWN,
                Some((Action::Copy, "Copy the right address", Some(to.as_str()))),
            ),
            (
                Remedy::EditConnection,
                OWN,
                Some((Action::EditConnection, "Edit the connection", None)),
            ),
            (
                Remedy::AddCertificate,
                OWN,
                Some((Action::EditConnection, "Add a certificate", None)),
            ),
            (
                Remedy::WaitUntil(Timestamp(1_795_000_000_000)),
                HOSTED,
                Some((Action::TryAgain, "Try again", None)),
            ),
            (
                Remedy::TryAgain,
                HOSTED,
                Some((Action::TryAgain, "Try again", None)),
            ),
            (Remedy::Refresh, HOSTED, Some((Action::Refresh, "Sync now", None))),
            (
                Remedy::RunDoctor,
                HOSTED,
                Some((Action::RunDoctor, "Run the doctor", None)),
            ),
            (
                Remedy::ShowRequests,
                OWN,
                Some((Action::ShowRequests, "Show the requests", Some("/api/v1/flags/"))),
            ),
            (
                Remedy::OpenStatusPage,
                HOSTED,
                Some((
                    Action::OpenLink,
                    "Status page",
                    Some("https://status.flagsmith.com"),
                )),
            ),
            (
                Remedy::OpenStatusPage,
                OWN,
                Some((Action::TryAgain, "Try again", None)),
            ),
            (
                Remedy::OpenDashboard,
                HOSTED,
                Some((
                    Action::OpenLink,
                    "Open Flagsmith",
                    Some("https://app.flagsmith.com"),
                )),
            ),
            (
                Remedy::OpenDashboard,
                OWN,
                Some((
                    Action::OpenLink,
                    "Open the dashboard",
                    Some("https://flags.acme.example/"),
                )),
            ),
            (Remedy::OpenDashboard, PLAIN, None),
            (
                Remedy::ResolveConflict,
                OWN,
                Some((Action::ResolveConflict, "Resolve the conflict", None)),
            ),
            (
                Remedy::ShowLimits,
                OWN,
                Some((Action::ShowLimits, "Show the limits", None)),
            ),
        ];
        for (remedy, request, expected) in cases {
            let failure = failed(remedy.clone(), request);
            let shown = WireError::from(failure).remedy;
            let told = shown
                .as_ref()
                .map(|view| (view.action, view.label.as_str(), carried(view)));
            assert_eq!(told, expected, "{remedy:?} at {request}");
        }
        assert_eq!(
            WireError::from(Failure::new(FailureKind::ServerFault, "x")).remedy,
            None
        );
    }

    #[test]
    fn a_doctor_is_sent_to_the_surface_and_a_config_holds_no_secret() {
        let subject = Subject {
            surface: Some(SurfaceNameView {
                kind: crate::view::SurfaceKindView::FlagsApi,
                address: "https://flags.acme.example/api/v1/".into(),
                name: "Flags API".into(),
            }),
            environment: Some("Ab3dE6gH".into()),
            upstream: Some("https://flags.acme.example/api/v1/".into()),
        };
        let doctor = of(&failed(Remedy::RunDoctor, OWN), &subject).unwrap();
        assert_eq!(doctor.surface, subject.surface);
        let config = of(&failed(Remedy::CopyProxyConfig, OWN), &subject).unwrap();
        assert_eq!(
            (config.action, config.label.as_str()),
            (RemedyActionView::Copy, "Copy config without key")
        );
        let read: serde_json::Value = serde_json::from_str(config.text.as_deref().unwrap()).unwrap();
        assert_eq!(read["environment_key_pairs"][0]["client_side_key"], "Ab3dE6gH");
        assert_eq!(
            read["environment_key_pairs"][0]["server_side_key"],
            "<server-side key>"
        );
        assert_eq!(read["api_url"], "https://flags.acme.example/api/v1");
        let secret = Subject {
            environment: Some("ser.Ab3dE6gH".into()),
            ..Subject::default()
        };
        assert!(!proxy_config(&secret).text.unwrap().contains("Ab3dE6gH"));
    }

    #[test]
    fn the_evidence_reaches_the_window() {
        let mut failure = Failure::new(FailureKind::ServerFault, "It failed.");
        failure.evidence = vec!["Answered with status 502 and no content type.".into()];
        let evidence = failure.evidence.clone();
        assert_eq!(WireError::from(failure).evidence, evidence);
    }
}
