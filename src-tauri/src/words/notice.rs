//! Notices on the desktop, in words.

use halyard_console::Notice;
use halyard_model::SurfaceRecord;

use super::surface;

/// Title and text. Names the environment and what serves it, nothing else.
pub fn told(notice: &Notice) -> (String, String) {
    let name = surface::name(&notice.surface, &notice.address);
    let told = surface::trouble(&notice.trouble, &name, &notice.surface, &SurfaceRecord::default());
    let title = format!("{} of {}", notice.environment_name, notice.connection_name);
    let body = [Some(told.sentence), told.next_step];
    (title, body.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::{ConnectionId, EnvironmentKey, FailingKind, Surface, Trouble};

    #[test]
    fn a_notice_names_the_environment_and_the_surface() {
        let notice = Notice {
            connection: ConnectionId("1".into()),
            connection_name: "Acme".into(),
            environment: EnvironmentKey("ser.secret".into()),
            environment_name: "Production".into(),
            surface: Surface::EdgeProxy("https://flags-fra2.acme.example/api/v1/".into()),
            address: "https://flags-fra2.acme.example/api/v1/".into(),
            trouble: Trouble::Failing(FailingKind::Unreachable),
        };
        let (title, body) = told(&notice);
        assert_eq!(title, "Production of Acme");
        assert_eq!(
            body,
            "Edge Proxy flags-fra2.acme.example does not answer. Check that the proxy runs, and its address."
        );
        assert!(!title.contains("secret") && !body.contains("secret"));
    }
}
