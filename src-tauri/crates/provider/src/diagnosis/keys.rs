//! Keys of Flagsmith that are not accepted.

use halyard_model::FlagsmithAuth;

use super::evidence::{Class, Evidence, KeyHeader, Outcome, Unsent, is_hosted};
use super::key::KeyKind;
use super::row::{Row, Words, happened};
use super::{Diagnosis, Remedy, own_words};
use crate::FailureKind;
use crate::http::Service;

pub(super) const ROWS: &[Row] = &[
    Row {
        diagnosis: Diagnosis::KeyCharacters,
        applies: |e| matches!(e.outcome, Outcome::Unsent(Unsent::KeyCharacters)),
        words: |_| {
            happened("The key holds characters that no key has.")
                .because("More than the key was copied, or a line break is in the middle of it.")
                .then("Paste the key alone, on one line.")
                .by(Remedy::TypeKeyAgain)
                .sorted(FailureKind::Unauthorised)
        },
    },
    Row {
        diagnosis: Diagnosis::ClientKeyForDocument,
        applies: |e| {
            is_environment_refusal(e)
                && e.asked.class() == Class::Document
                && e.asked.key != KeyKind::ServerSideKey
        },
        words: |e| {
            happened(format!(
                "{} serves the environment document only to server-side keys.",
                e.name()
            ))
            .because("The key that was sent does not begin with ser., so it is a client-side key.")
            .then("Use a server-side key of this environment: it begins with ser.")
            .by(Remedy::TypeKeyAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::WrongRegion,
        applies: |e| {
            let admin = e.asked.admin_base.as_deref();
            is_environment_refusal(e) && admin.is_some_and(|admin| is_hosted(admin) != e.asked.is_hosted())
        },
        words: |e| {
            let cause = if e.asked.is_hosted() {
                "The environment's key comes from a server of one's own, and the Flags API address leads to the hosted service."
            } else {
                "The environment's key comes from the hosted service, and the Flags API address leads to another server."
            };
            unknown_there(e)
                .because(cause)
                .then("Let both addresses of the connection lead to the same installation.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::EnvironmentKeyUnknown,
        applies: is_environment_refusal,
        words: |e| {
            unknown_there(e)
                .because("The Flags API address may belong to another installation, or the environment was deleted or its key changed.")
                .then("Check the Flags API address of the connection, and refresh the list of environments.")
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::EdgeFlagsTokenAtFlagsmith,
        applies: |e| is_admin_refusal(e) && e.asked.key == KeyKind::EdgeFlagsToken,
        words: |e| {
            not_accepted(e)
                .because("This looks like an EdgeFlags token.")
                .then(
                    "The Admin API needs an organisation key, or the connection should be an EdgeFlags one.",
                )
                .by(Remedy::EditConnection)
        },
    },
    Row {
        diagnosis: Diagnosis::EnvironmentKeyAsAdmin,
        applies: |e| is_admin_refusal(e) && e.asked.key.is_environment_key(),
        words: |e| {
            not_accepted(e)
                .because("This looks like an environment key.")
                .then(match e.asked.header {
                    KeyHeader::ApiKey => "The Admin API needs an organisation key.",
                    _ => "The Admin API needs a user token or an organisation key.",
                })
                .by(Remedy::TypeKeyAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::OrganisationKeyAsToken,
        applies: |e| {
            is_admin_refusal(e)
                && e.asked.key == KeyKind::OrganisationKey
                && e.asked.header == KeyHeader::Token
        },
        words: |e| {
            not_accepted(e)
                .because("This looks like an organisation key, and it was sent as a user token.")
                .then("Choose organisation key as the kind of key.")
                .by(Remedy::ChooseKeyKind {
                    kind: FlagsmithAuth::OrganisationKey,
                })
        },
    },
    Row {
        diagnosis: Diagnosis::TokenAsOrganisationKey,
        applies: |e| {
            is_admin_refusal(e) && e.asked.key == KeyKind::UserToken && e.asked.header == KeyHeader::ApiKey
        },
        words: |e| {
            not_accepted(e)
                .because("This looks like a user token, and it was sent as an organisation key.")
                .then("Choose user token as the kind of key.")
                .by(Remedy::ChooseKeyKind {
                    kind: FlagsmithAuth::UserToken,
                })
        },
    },
    Row {
        diagnosis: Diagnosis::HeaderDropped,
        applies: |e| is_admin_refusal(e) && e.says("credentials were not provided"),
        words: |e| {
            not_accepted(e)
                .because(format!(
                    "It says that it got no key at all, although one was sent as {}: something in between drops that header, or the server is too old for this kind of key.",
                    e.asked.header.name()
                ))
                .then("Let the Authorization header through at the proxy in front of the server.")
                .by(Remedy::ShowRequests)
        },
    },
    Row {
        diagnosis: Diagnosis::OrganisationKeyRefused,
        applies: |e| is_admin_refusal(e) && e.asked.key == KeyKind::OrganisationKey,
        words: |e| {
            not_accepted(e)
                .because("It may be mistyped, revoked or expired, or belong to another installation: the server answers all of these alike.")
                .then("Check it, or make a new key in the organisation's settings.")
                .by(Remedy::TypeKeyAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::UserTokenRefused,
        applies: |e| is_admin_refusal(e) && e.asked.key == KeyKind::UserToken,
        words: |e| {
            not_accepted(e)
                .because("It may be mistyped or withdrawn, or belong to another installation.")
                .then("Copy the token again from the account page.")
                .by(Remedy::TypeKeyAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::UserTokenMalformed,
        applies: |e| is_admin_refusal(e) && e.asked.header == KeyHeader::Token,
        words: |e| {
            not_accepted(e)
                .because(
                    "This does not look like a user token, which has 40 characters from 0 to 9 and a to f.",
                )
                .then("Copy the token again from the account page.")
                .by(Remedy::TypeKeyAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::OrganisationKeyMalformed,
        applies: is_admin_refusal,
        words: |e| {
            not_accepted(e)
                .because("This does not look like an organisation key, which has a short part, a dot and a long part.")
                .then("Copy the whole key, as it was shown when it was made.")
                .by(Remedy::TypeKeyAgain)
        },
    },
    Row {
        diagnosis: Diagnosis::PermissionMissing,
        applies: |e| e.status() == 403,
        words: |e| {
            let next_step = match e.service() {
                // Flagsmith answers the same where an environment is gone.
                Service::Flagsmith => {
                    "Use a key with more permissions, or look whether the environment was deleted: the answer is the same."
                }
                _ => "Use a key with more permissions, or have them added to this one.",
            };
            let mut words = happened(format!("{} accepts the key and does not allow this.", e.name()))
                .then(next_step)
                .by(Remedy::TypeKeyAgain);
            words.cause = own_words(e);
            words
        },
    },
];

/// Servers answer 403 to an unknown environment key and to none; their
/// documentation says 401.
fn is_environment_refusal(e: &Evidence) -> bool {
    e.service() == Service::FlagsApi && matches!(e.status(), 401 | 403)
}

fn is_admin_refusal(e: &Evidence) -> bool {
    e.service() == Service::Flagsmith && e.status() == 401
}

fn not_accepted(e: &Evidence) -> Words {
    happened(format!("{} did not accept the key.", e.name()))
}

/// A refused environment key is not the connection's credential.
fn unknown_there(e: &Evidence) -> Words {
    happened(format!("{} does not know this environment's key.", e.name())).sorted(FailureKind::BadAddress {
        detail: "the environment's key is unknown there".into(),
    })
}
