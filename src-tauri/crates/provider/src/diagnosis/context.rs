//! A second look at a failure, with what only the console knows.

use std::time::Duration;

use halyard_model::Timestamp;

use super::evidence::{Class, Evidence};
use super::row::{Words, happened};
use super::{Diagnosis, Remedy, ended};
use crate::{Failure, Incident, Stage};

/// Beyond this, a clock leads to refused certificates and wrong ages.
const CLOCK_TOLERANCE_MILLIS: i64 = 90_000;
/// A key that worked within this time was not mistyped.
const LATELY_MILLIS: i64 = 30 * 24 * 3_600_000;
/// How long after a change of version faults are put down to it.
const DEPLOYING_MILLIS: i64 = 60 * 60_000;
/// Documents from this size on are slow to make and to send.
const LARGE_DOCUMENT_BYTES: u64 = 1024 * 1024;

/// What the console knows beside a failure. Everything may be unknown.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Now.
    pub now: Timestamp,
    /// When the same key last succeeded at the same surface.
    pub last_success: Option<Timestamp>,
    /// Requests of the last `window` to the same surface.
    pub requests: u32,
    /// How many of them ended as 500 to 599.
    pub server_faults: u32,
    /// How long `requests` and `server_faults` reach back.
    pub window: Duration,
    /// The server's version before, the one now, and when it changed.
    pub version_change: Option<(String, String, Timestamp)>,
    /// How far the server's clock is ahead of this computer's, in milliseconds.
    pub clock_ahead_millis: Option<i64>,
    /// The provider's open incidents that may concern the surface asked.
    pub incidents: Vec<Incident>,
    /// Size of the environment's document as last read, in bytes.
    pub document_bytes: Option<u64>,
    /// Whether each other surface answered lately, by its name.
    pub others: Vec<(String, bool)>,
    /// The health endpoint answers 200.
    pub healthy: Option<bool>,
    /// Requests that Halyard itself sent with this key in the last minute.
    pub own_requests: Option<u32>,
    /// Requests per minute that the key allows.
    pub budget: Option<u32>,
}

/// Sharpens a failure by its context: the cause, the evidence, the next step
/// and the button. Gives it back as it was where the context adds nothing.
pub fn in_context(failure: &Failure, context: &Context) -> Failure {
    let Some(evidence) = failure.facts.as_deref() else {
        return failure.clone();
    };
    let found = RULES
        .iter()
        .find_map(|(diagnosis, rule)| Some((*diagnosis, rule(failure, evidence, context)?)));
    let Some((diagnosis, (words, fact))) = found else {
        return failure.clone();
    };
    let mut sharpened = failure.clone();
    sharpened.sentence = words.sentence;
    sharpened.cause = words.cause;
    sharpened.next_step = words.next_step;
    sharpened.remedy = words.remedy;
    sharpened.diagnosis = Some(diagnosis);
    sharpened.evidence.push(fact);
    sharpened
}

type Rule = fn(&Failure, &Evidence, &Context) -> Option<(Words, String)>;

/// The first that applies is taken.
const RULES: [(Diagnosis, Rule); 10] = [
    (Diagnosis::Offline, offline),
    (Diagnosis::ClockWrong, clock_wrong),
    (Diagnosis::KeyWithdrawn, key_withdrawn),
    (Diagnosis::PermissionLost, permission_lost),
    (Diagnosis::SharedKey, shared_key),
    (Diagnosis::DocumentOversized, document_oversized),
    (Diagnosis::IncidentKnown, incident_known),
    (Diagnosis::HalfDeployed, half_deployed),
    (Diagnosis::HealthLies, health_lies),
    (Diagnosis::SporadicFaults, sporadic_faults),
];

fn offline(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let below_http = matches!(e.stage()?, Stage::Name | Stage::Connect | Stage::Timeout);
    let none_answers = !context.others.is_empty() && context.others.iter().all(|(_, answers)| !answers);
    (below_http && none_answers && !failure.sentence.is_empty()).then(|| {
        (
            happened(failure.sentence.clone())
                .because("Nothing else answers either, so this computer is most likely offline.")
                .then("Check the network or the VPN; Halyard shows what it has until then.")
                .by(Remedy::TryAgain),
            "None of the connection's surfaces answers.".to_owned(),
        )
    })
}

fn clock_wrong(failure: &Failure, _: &Evidence, context: &Context) -> Option<(Words, String)> {
    let ahead = context.clock_ahead_millis?;
    let concerned = matches!(
        failure.diagnosis?,
        Diagnosis::CertificateExpired | Diagnosis::CertificateNotYetValid
    );
    (concerned && ahead.abs() > CLOCK_TOLERANCE_MILLIS).then(|| {
        let way = if ahead > 0 { "behind" } else { "ahead" };
        let minutes = ahead.abs() / 60_000;
        (
            happened(failure.sentence.clone())
                .because(format!(
                    "This computer's clock is {minutes} min {way}, so valid certificates look wrong."
                ))
                .then("Set this computer's clock, best by the network.")
                .by(Remedy::TryAgain),
            format!("The clocks differ by {minutes} min."),
        )
    })
}

fn key_withdrawn(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let worked = lately(context)?;
    (e.status() == 401
        && !matches!(
            failure.diagnosis?,
            Diagnosis::GatewaySignIn | Diagnosis::ProxyNoDocument
        ))
    .then(|| {
        (
            happened(failure.sentence.clone())
                .because(format!(
                    "It was accepted {worked}, so it was revoked or rotated since, or has expired."
                ))
                .then("Ask who manages the keys, and type the new one.")
                .by(Remedy::TypeKeyAgain),
            format!("The same key was accepted {worked}."),
        )
    })
}

fn permission_lost(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let worked = lately(context)?;
    (e.status() == 403 && failure.diagnosis? != Diagnosis::ServingStopped).then(|| {
        (
            happened(failure.sentence.clone())
                .because(format!("It was allowed {worked}, so somebody changed the permissions, or the environment was deleted."))
                .then("Ask who manages the permissions, or refresh the list of environments.")
                .by(Remedy::Refresh),
            format!("The same was allowed {worked}."),
        )
    })
}

fn shared_key(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let (own, budget) = (context.own_requests?, context.budget?);
    (e.status() == 429 && own < budget / 2).then(|| {
        (
            happened(failure.sentence.clone())
                .because(format!(
                    "Halyard sent {own} of the {budget} requests that a minute allows: other programs use the same key."
                ))
                .then("Wait, or give Halyard a key of its own.")
                .by(failure.remedy.clone().unwrap_or(Remedy::ShowRequests)),
            format!("Halyard's own requests in the last minute: {own}."),
        )
    })
}

fn document_oversized(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let bytes = context.document_bytes?;
    let timed_out = e.status() == 504 || e.stage() == Some(Stage::Timeout);
    (timed_out && e.asked.class() == Class::Document && bytes >= LARGE_DOCUMENT_BYTES).then(|| {
        let tenths = bytes * 10 / (1024 * 1024);
        let size = format!("{}.{} MB", tenths / 10, tenths % 10);
        (
            happened(failure.sentence.clone())
                .because(format!("The environment's document was of {size} when it was last read: too large to be made in time."))
                .then("Remove flags, segments or overrides that nobody needs, or switch the server's document cache on.")
                .by(Remedy::ShowLimits),
            format!("Size of the document: {size}."),
        )
    })
}

fn incident_known(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let incident = context.incidents.first()?;
    let concerned =
        e.status() >= 500 || matches!(e.stage(), Some(Stage::Timeout | Stage::Connect | Stage::Cut));
    concerned.then(|| {
        let title = ended(incident.title.clone());
        let words = incident.words.clone().unwrap_or_else(|| incident.status.clone());
        (
            happened(failure.sentence.clone())
                .because(format!("The provider tells of an incident: {title}"))
                .then("Wait for the provider; Halyard shows what it has until then.")
                .by(Remedy::OpenStatusPage),
            ended(format!("The provider's own words: {words}")),
        )
    })
}

fn half_deployed(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let (before, now, at) = context.version_change.as_ref()?;
    let ago = context.now.millis_since(*at);
    (e.status() >= 500 && (0..DEPLOYING_MILLIS).contains(&ago)).then(|| {
        (
            happened(failure.sentence.clone())
                .because(format!(
                    "The server's version changed from {before} to {now} {}: it may be half deployed, or its migrations may not have run.",
                    past(ago)
                ))
                .then("Wait some minutes; if it stays so, look at the migrations' log.")
                .by(Remedy::RunDoctor),
            format!("Version {before} became {now} {}.", past(ago)),
        )
    })
}

fn health_lies(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    (e.status() >= 500 && context.healthy == Some(true)).then(|| {
        (
            happened(failure.sentence.clone())
                .because("Its health endpoint answers that all is well while this fails: it looks at less than what is needed here.")
                .then("Trust real requests more than the health endpoint, and look into the server's log.")
                .by(Remedy::RunDoctor),
            "The health endpoint answers 200.".to_owned(),
        )
    })
}

fn sporadic_faults(failure: &Failure, e: &Evidence, context: &Context) -> Option<(Words, String)> {
    let (faults, requests) = (context.server_faults, context.requests);
    // A tenth of a per cent is where operators are told to look.
    let share = u64::from(faults) * 1_000 >= u64::from(requests);
    (e.status() >= 500 && requests >= 100 && faults >= 2 && share && faults * 2 < requests).then(|| {
        let minutes = context.window.as_secs() / 60;
        (
            happened(failure.sentence.clone())
                .because(format!(
                    "{faults} of {requests} requests failed so in {minutes} min: some workers are killed or restarted, as with too little memory."
                ))
                .then("Try again; have the number of workers and their memory looked at.")
                .by(Remedy::TryAgain),
            format!("{faults} of {requests} requests in {minutes} min failed inside the server."),
        )
    })
}

/// When the last success was, if it is near enough to mean something.
fn lately(context: &Context) -> Option<String> {
    let ago = context.now.millis_since(context.last_success?);
    (0..LATELY_MILLIS).contains(&ago).then(|| past(ago))
}

fn past(millis: i64) -> String {
    match millis / 60_000 {
        0 => "less than a minute ago".to_owned(),
        minutes if minutes < 120 => format!("{minutes} min ago"),
        minutes if minutes < 48 * 60 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / (24 * 60)),
    }
}
