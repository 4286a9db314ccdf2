//! Classes of incidents that are seen to happen, in words.

use halyard_console::{IncidentSign, SurfaceKind};

use super::{
    number,
    surface::{Told, host},
};

/// What people call a kind of surface.
pub fn surface_kind(kind: SurfaceKind) -> &'static str {
    match kind {
        SurfaceKind::Admin => "Admin API",
        SurfaceKind::FlagsApi => "Flags API",
        SurfaceKind::EdgeProxy => "Edge Proxy",
    }
}

/// Tells what is seen, why it may be, and what to do.
pub fn told(sign: &IncidentSign) -> Told {
    let (sentence, cause, next_step) = match sign {
        IncidentSign::PropagationDelayed {
            environments,
            waiting,
        } => propagation(*environments, *waiting),
        IncidentSign::DocumentOversized { bytes, limit, failed } => oversized(*bytes, *limit, *failed),
        IncidentSign::EmptyTrait { personas } => (
            format!("An empty text is a trait of {}.", listed(personas)),
            "Some servers cannot store an identity with an empty trait, and answer with an error.".to_owned(),
            "Have the application leave the trait out.".to_owned(),
        ),
        IncidentSign::AdminFailsServingWell { faults, requests } => (
            format!(
                "The Admin API failed {faults} of {requests} times in ten minutes, while flags are served."
            ),
            "Locks or a migration of its database stop it, or a part of it is down.".to_owned(),
            "Wait before you publish. What you typed stays, and users get the flags as they are.".to_owned(),
        ),
        IncidentSign::VersionChanged {
            before,
            now,
            times,
            faults,
        } => version(before, now, *times, *faults),
        IncidentSign::HealthLies { faults } => (
            format!(
                "The server calls itself healthy, while {}.",
                requests_fail(*faults)
            ),
            "Its health endpoint looks at less than what is needed to serve flags.".to_owned(),
            "Trust real requests more, and look into the server’s log.".to_owned(),
        ),
        IncidentSign::RouteSlower {
            route,
            before_millis,
            now_millis,
        } => (
            format!(
                "{route} takes {}, and took {} before.",
                time(*now_millis),
                time(*before_millis)
            ),
            "A query behind it has become slow, as after a release or with a large project.".to_owned(),
            "Wait, and tell whoever runs the server.".to_owned(),
        ),
        IncidentSign::PartlyUnreachable { origin, answering } => (
            format!(
                "{} does not answer this computer, while {} does.",
                host(origin),
                listed(&hosts(answering))
            ),
            "A region or a network on the way to it is down; others may still reach it.".to_owned(),
            "Try from another network before you call it down everywhere.".to_owned(),
        ),
        IncidentSign::NameNotFound { origin, known_before } => (
            format!("The name {} is not found, while others are.", host(origin)),
            if *known_before {
                "It was found within the last hour: its entry in the DNS was changed or has gone.".to_owned()
            } else {
                "It is spelled wrongly, or its entry in the DNS is missing.".to_owned()
            },
            "Check the address, and the entry for it in the DNS.".to_owned(),
        ),
        IncidentSign::SporadicFaults {
            surface,
            faults,
            requests,
        } => (
            format!(
                "{faults} of {requests} requests to the {} failed within an hour.",
                surface_kind(*surface)
            ),
            "Some of its workers are killed or restarted, as with too little memory.".to_owned(),
            "Have the number of workers and their memory looked at.".to_owned(),
        ),
        IncidentSign::ServingSlower {
            before_millis,
            now_millis,
        } => (
            format!(
                "Flags are served in {}, and were in {} before.",
                time(*now_millis),
                time(*before_millis)
            ),
            "Something that hangs on serving is slow, such as analytics, tracing or the database.".to_owned(),
            "Tell whoever runs the server. Usage numbers may be late too.".to_owned(),
        ),
        IncidentSign::PermissionLost { routes } => (
            format!("{} within the last hour and refused now.", kinds_allowed(*routes)),
            "Somebody changed the permissions, or they are no longer inherited.".to_owned(),
            "Ask who manages the permissions of this project.".to_owned(),
        ),
        IncidentSign::PlanUntold => (
            "The provider tells neither plan nor allowance.".to_owned(),
            "Its billing data is missing or out of reach. Unknown does not mean free or unlimited."
                .to_owned(),
            "Look at the plan in the provider’s dashboard.".to_owned(),
        ),
        IncidentSign::AdminSlowServingWell { millis } => (
            match millis {
                Some(millis) => format!(
                    "The Admin API takes {}, while flags are served well.",
                    time(*millis)
                ),
                None => "The Admin API does not answer in time, while flags are served well.".to_owned(),
            },
            "The dashboard’s side of the service is slow; users do not notice.".to_owned(),
            "Go on with what the mirror shows, and publish with patience.".to_owned(),
        ),
        IncidentSign::TasksStuck { waiting } => (
            format!(
                "{} tasks wait in the server’s queue and do not become fewer.",
                number::count(*waiting)
            ),
            "The task processor is stopped or too slow, as after a restart of its database.".to_owned(),
            "Restart the task processor. Changes, integrations and webhooks are late until then.".to_owned(),
        ),
    };
    Told {
        sentence,
        cause: Some(cause),
        next_step: Some(next_step),
    }
}

fn propagation(environments: u32, waiting: Option<u64>) -> (String, String, String) {
    let sentence = match environments {
        1 => "Changes reach the Flags API late, as seen from this computer.".to_owned(),
        many => {
            format!("Changes reach the Flags API late in {many} environments, as seen from this computer.")
        }
    };
    let cause = match waiting {
        Some(1) => "1 task waits in the server’s queue.".to_owned(),
        Some(waiting) if waiting > 1 => {
            format!("{} tasks wait in the server’s queue.", number::count(waiting))
        }
        _ => "The service hands changes on late; a queue or a cache of it holds them back.".to_owned(),
    };
    let next = "Do not publish again to force it: each change waits behind the others.";
    (sentence, cause, next.to_owned())
}

fn oversized(bytes: u64, limit: u64, failed: u32) -> (String, String, String) {
    let kilobytes = bytes / 1_024;
    let share = if bytes >= limit { "more than" } else { "nearly" };
    let cause = match failed {
        0 => "Workers and Edge Proxies need time and memory for each of its readers.".to_owned(),
        1 => "A request for it ended without an answer in time.".to_owned(),
        many => format!("{many} requests for it ended without an answer in time."),
    };
    (
        format!(
            "The environment’s document is {kilobytes} KB, {share} the {} KB of one page.",
            limit / 1_024
        ),
        cause,
        "Remove segments and overrides that nobody needs.".to_owned(),
    )
}

fn version(before: &str, now: &str, times: u32, faults: u32) -> (String, String, String) {
    if times > 1 {
        return (
            format!("The server answers as version {before} and as {now} in turn."),
            "It is half deployed: old and new processes run side by side.".to_owned(),
            "Wait until the deployment is over before you publish.".to_owned(),
        );
    }
    let sentence = format!("The server’s version changed from {before} to {now}.");
    match faults {
        0 => (
            sentence,
            "It was deployed anew; its migrations may still run.".to_owned(),
            "Nothing, as long as all goes well.".to_owned(),
        ),
        faults => (
            sentence,
            format!("Since then {}: it may be half deployed.", requests_failed(faults)),
            "Wait some minutes; if it stays so, look at the migrations’ log.".to_owned(),
        ),
    }
}

fn requests_failed(faults: u32) -> String {
    match faults {
        1 => "one request has failed inside it".to_owned(),
        many => format!("{many} requests have failed inside it"),
    }
}

fn requests_fail(faults: u32) -> String {
    format!("{faults} requests failed inside it within ten minutes")
}

fn kinds_allowed(routes: u32) -> String {
    match routes {
        1 => "One kind of request was allowed".to_owned(),
        many => format!("{many} kinds of requests were allowed"),
    }
}

fn time(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
    }
}

fn hosts(origins: &[String]) -> Vec<String> {
    origins.iter().map(|origin| host(origin).to_owned()).collect()
}

/// The first few by name, and how many there are more.
fn listed(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, other, more @ ..] => format!("{one}, {other} and {} more", more.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_whole() {
        let signs = [
            IncidentSign::PropagationDelayed {
                environments: 1,
                waiting: None,
            },
            IncidentSign::PropagationDelayed {
                environments: 3,
                waiting: Some(4_000),
            },
            IncidentSign::DocumentOversized {
                bytes: 900_000,
                limit: 1_000_000,
                failed: 0,
            },
            IncidentSign::EmptyTrait {
                personas: vec!["Lena".into(), "Ivo".into(), "Ada".into()],
            },
            IncidentSign::AdminFailsServingWell {
                faults: 4,
                requests: 9,
            },
            IncidentSign::VersionChanged {
                before: "1".into(),
                now: "2".into(),
                times: 1,
                faults: 0,
            },
            IncidentSign::VersionChanged {
                before: "1".into(),
                now: "2".into(),
                times: 1,
                faults: 1,
            },
            IncidentSign::VersionChanged {
                before: "1".into(),
                now: "2".into(),
                times: 4,
                faults: 0,
            },
            IncidentSign::HealthLies { faults: 3 },
            IncidentSign::RouteSlower {
                route: "GET /api/v1/projects/…/features/".into(),
                before_millis: 120,
                now_millis: 2_400,
            },
            IncidentSign::PartlyUnreachable {
                origin: "https://edge.example".into(),
                answering: vec!["https://core.example".into()],
            },
            IncidentSign::NameNotFound {
                origin: "https://edge.example".into(),
                known_before: true,
            },
            IncidentSign::SporadicFaults {
                surface: SurfaceKind::Admin,
                faults: 2,
                requests: 400,
            },
            IncidentSign::ServingSlower {
                before_millis: 90,
                now_millis: 1_200,
            },
            IncidentSign::PermissionLost { routes: 1 },
            IncidentSign::PlanUntold,
            IncidentSign::AdminSlowServingWell { millis: None },
            IncidentSign::TasksStuck { waiting: 4_000 },
        ];
        for sign in signs {
            let told = told(&sign);
            for text in [Some(told.sentence), told.cause, told.next_step] {
                let text = text.unwrap_or_default();
                assert!(text.ends_with('.') && !text.contains("  "), "{sign:?}: {text}");
            }
        }
    }
}
