//! Self-hosted servers in words.

use halyard_console::{ServerFacts, TaskQueue};
use halyard_model::FlagsmithAuth;

/// What a server calls a check that passes.
const WELL: [&str; 3] = ["working", "ok", "true"];

/// `Passing`, or what fails in the server's own words.
pub fn health(server: &ServerFacts) -> String {
    match server.healthy {
        Some(true) => "Passing".to_owned(),
        Some(false) => failing(&server.checks).unwrap_or_else(|| "Failing".to_owned()),
        None => match (&server.failure, server.checked_at) {
            (Some(failure), _) => failure.clone(),
            (None, None) => "Not read yet".to_owned(),
            (None, Some(_)) => "Unknown".to_owned(),
        },
    }
}

fn failing(checks: &[(String, String)]) -> Option<String> {
    let failing: Vec<String> = checks
        .iter()
        .filter(|(_, words)| !WELL.iter().any(|well| words.eq_ignore_ascii_case(well)))
        .map(|(name, words)| format!("{name}: {words}"))
        .collect();
    (!failing.is_empty()).then(|| failing.join("; "))
}

/// Why the queue is not known; nothing where it is, or was never asked for.
pub fn queue_note(server: &ServerFacts) -> Option<String> {
    let note = match (server.queue?, server.auth) {
        (TaskQueue::Waiting(_), _) => return None,
        (TaskQueue::StaffOnly, FlagsmithAuth::OrganisationKey) => {
            "The server tells its task queue to a staff user's token only; this connection has an organisation key."
        }
        (TaskQueue::StaffOnly, FlagsmithAuth::UserToken) => {
            "The server tells its task queue to staff users only; the user of this token is none."
        }
        (TaskQueue::NotOffered, _) => "This server has no route that tells its task queue.",
        (TaskQueue::Unread, _) => "The task queue could not be read.",
    };
    Some(note.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::Timestamp;

    fn server() -> ServerFacts {
        ServerFacts {
            address: "https://flags.acme.example/api/v1/".into(),
            healthy: Some(true),
            checks: vec![("DatabaseBackend".into(), "working".into())],
            failure: None,
            version: None,
            version_change: None,
            queue: Some(TaskQueue::Waiting(0)),
            queue_trend: None,
            auth: FlagsmithAuth::UserToken,
            checked_at: Some(Timestamp(1)),
        }
    }

    #[test]
    fn health_is_told_in_the_servers_own_words() {
        let mut failing = server();
        failing.healthy = Some(false);
        let migrations = "unavailable: There are migrations to apply";
        failing
            .checks
            .push(("MigrationsHealthCheck".into(), migrations.into()));
        let mut silent = server();
        silent.healthy = None;
        silent.failure = Some("flags.acme.example does not answer.".into());
        let never = ServerFacts {
            healthy: None,
            checked_at: None,
            ..server()
        };
        for (facts, expected) in [
            (server(), "Passing"),
            (
                failing,
                "MigrationsHealthCheck: unavailable: There are migrations to apply",
            ),
            (silent, "flags.acme.example does not answer."),
            (never, "Not read yet"),
        ] {
            assert_eq!(health(&facts), expected);
        }
    }

    #[test]
    fn a_queue_that_is_not_known_says_why() {
        assert_eq!(queue_note(&server()), None);
        for queue in [TaskQueue::StaffOnly, TaskQueue::NotOffered, TaskQueue::Unread] {
            let facts = ServerFacts {
                queue: Some(queue),
                ..server()
            };
            assert!(queue_note(&facts).is_some(), "{queue:?}");
        }
        let with_key = ServerFacts {
            queue: Some(TaskQueue::StaffOnly),
            auth: FlagsmithAuth::OrganisationKey,
            ..server()
        };
        assert!(queue_note(&with_key).unwrap().contains("organisation key"));
    }
}
