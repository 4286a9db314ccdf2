//! Faults of servers and of what stands right in front of them.

use super::evidence::{Class, Evidence};
use super::row::{Row, Words, happened};
use super::{Diagnosis, Remedy};
use crate::http::Service;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::MigrationsUnfinished,
        applies: |e| {
            e.status() == 500
                && !database_fails(e)
                && (shows_any(e, &["does not exist", "programmingerror", "unapplied migration"])
                    || e.says("migrationshealthcheck: ") && !e.says("migrationshealthcheck: working"))
        },
        words: |e| {
            failed(e)
                .because("Its database is not at the version of the program: a migration failed or is still running.")
                .then("Look at the migrations' log; let one container finish them, then restart the others.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::DatabaseDown,
        applies: |e| {
            matches!(e.status(), 500 | 503)
                && (database_fails(e) || shows_any(e, &["operationalerror", "could not connect to server"]))
        },
        words: |e| {
            failed(e)
                .because("The server runs and cannot reach its database.")
                .then("Check that the database runs and takes connections; the server needs no restart afterwards.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::IdentityFails,
        applies: |e| {
            e.status() == 500 && e.service() == Service::FlagsApi && e.asked.class() == Class::Evaluation
        },
        words: |e| {
            failed(e)
                .because("If only this identity fails, one of its stored traits is too long (over 2,000 characters) or of a form that cannot be evaluated.")
                .then("Try another identity; if that works, shorten or remove the traits of this one.")
                .by(Remedy::TryAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::WriteFailed,
        applies: |e| e.status() == 500 && e.asked.class() == Class::Write,
        words: |e| {
            failed(e)
                .because("Something failed inside the service while it carried out the edit, so it is not known whether it was.")
                .then("Refresh to see what holds now; if it stays so, look into the server's log.")
                .by(Remedy::Refresh)
        },
    },
    Row {
        diagnosis: Diagnosis::ServerError,
        applies: |e| e.status() == 500,
        words: |e| {
            failed(e)
                .because("Something failed inside the service.")
                .then(if e.asked.is_hosted() {
                    "Try again; if it stays so, look at the provider's status page."
                } else {
                    "Try again; if it stays so, look into the server's log."
                })
                .by(status_or_doctor(e))
        },
    },
    Row {
        diagnosis: Diagnosis::BadGatewayHosted,
        applies: |e| e.status() == 502 && e.asked.is_hosted(),
        words: |e| {
            failed(e)
                .because("The provider is deploying or failing over: a proxy in front of the service got no usable answer from it.")
                .then("Try again in a minute; if it stays so, look at the provider's status page.")
                .by(Remedy::OpenStatusPage)
        },
    },
    Row {
        diagnosis: Diagnosis::BadGatewaySelfHosted,
        applies: |e| e.status() == 502,
        words: |e| {
            failed(e)
                .because("A proxy in front of the service got no usable answer from it, as during a restart, when its container is down, or when a worker was killed for its memory or its time.")
                .then("Try again in a minute; if it stays so, look for WORKER TIMEOUT and OperationalError in the server's log.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::UnavailableHosted,
        applies: |e| e.status() == 503 && e.asked.is_hosted(),
        words: |e| {
            failed(e)
                .because("It is starting, overloaded or under maintenance.")
                .then("Try again in a minute; if it stays so, look at the provider's status page.")
                .by(Remedy::OpenStatusPage)
        },
    },
    Row {
        diagnosis: Diagnosis::UnavailableSelfHosted,
        applies: |e| e.status() == 503,
        words: |e| {
            failed(e)
                .because("It is starting, overloaded or under maintenance, or too few workers run.")
                .then("Try again in a minute; if it stays so, look at the number of workers and at the server's log.")
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::DocumentTimeout,
        applies: |e| e.status() == 504 && e.asked.class() == Class::Document,
        words: |e| {
            happened(format!("{} did not deliver the environment document in time (status 504).", e.name()))
                .because("The document is very large, or the server is making it anew without a cache, and a proxy in front of it gave up waiting.")
                .then("Switch the server's document cache on, raise the proxy's time limit, and remove flags, segments or overrides that nobody needs.")
                .by(Remedy::ShowLimits)
        },
    },
    Row {
        diagnosis: Diagnosis::GatewayTimeoutHosted,
        applies: |e| e.status() == 504 && e.asked.is_hosted(),
        words: |e| {
            failed(e)
                .because("A proxy in front of the service gave up waiting, as with a very large environment.")
                .then("Try again; if it stays so, look at the provider's status page and at the size of the environment.")
                .by(Remedy::OpenStatusPage)
        },
    },
    Row {
        diagnosis: Diagnosis::GatewayTimeoutSelfHosted,
        applies: |e| e.status() == 504,
        words: |e| {
            failed(e)
                .because("A proxy in front of the service gave up waiting, as with a very large environment.")
                .then(
                    "Try again; if it stays so, raise the proxy's time limit above the server's own (30 s).",
                )
                .by(Remedy::RunDoctor)
        },
    },
    Row {
        diagnosis: Diagnosis::ServerError,
        applies: |e| e.status() > 500,
        words: |e| {
            failed(e)
                .because("Something failed inside the service or in front of it.")
                .then("Try again; if it stays so, look into the server's log.")
                .by(status_or_doctor(e))
        },
    },
];

fn failed(e: &Evidence) -> Words {
    happened(format!("{} failed with status {}.", e.name(), e.status()))
}

/// The health check names what it looked at, one by one.
fn database_fails(e: &Evidence) -> bool {
    e.says("databasebackend: ") && !e.says("databasebackend: working")
}

fn shows_any(e: &Evidence, texts: &[&str]) -> bool {
    texts.iter().any(|text| e.shows(text))
}

fn status_or_doctor(e: &Evidence) -> Remedy {
    if e.asked.is_hosted() {
        Remedy::OpenStatusPage
    } else {
        Remedy::RunDoctor
    }
}
