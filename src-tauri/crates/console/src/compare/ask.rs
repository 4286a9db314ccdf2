//! Asking the server, and what else is asked to find out why it differs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use futures_util::{StreamExt, stream};
use halyard_engine::Identity;
use halyard_model::{
    ConnectionId, Endpoint, FetchStatus, FlagKey, FlagState, Freshness, IdentityRef, RemoteFlag, Surface,
    freshness,
};
use halyard_provider::FailureKind;
use serde_json::Value;

use super::{
    CompareInput, Comparison, DifferenceCause, SurfaceFacts,
    case::{Answers, answered, evaluated},
    guess::{Inquiry, Known},
};
use crate::{
    Console, ConsoleError,
    draft::Considered,
    engines::{Compiled, computed},
    preview::identity_of,
    reach::Reach,
    state::Site,
};

/// How many flags are read on their own to find out whether they changed.
const READ_AFRESH: usize = 4;

/// What the service calls an override of the identity's own.
const OWN_OVERRIDE: &str = "identity override";

impl Console {
    /// The servers that can be asked what an identity gets: the Flags API, then
    /// the Edge Proxies of the connection. None where the service evaluates by
    /// itself anyway.
    pub async fn surfaces(&self, connection: &ConnectionId) -> Result<Vec<SurfaceFacts>, ConsoleError> {
        let connection = self.known_connection(connection).await?;
        Ok(surfaces(&connection.endpoint))
    }

    /// Asks a server for the identity of a preview and compares flag by flag.
    /// The server keeps neither the identity nor its traits. Where flags differ
    /// it may be asked further, for the traits it has stored and for single
    /// flags; that changes nothing either.
    ///
    /// [`ConsoleError::RemoteOnly`] where the service evaluates by itself;
    /// [`ConsoleError::Gone`] where the connection has no such server;
    /// [`ConsoleError::OnlyNow`] for a preview of a moment.
    pub async fn compare(&self, input: CompareInput) -> Result<Comparison, ConsoleError> {
        let CompareInput { preview, surface } = input;
        if preview.at.is_some() {
            return Err(ConsoleError::OnlyNow);
        }
        let site = (preview.connection, preview.environment);
        let compiled = self.compiled(&site).await?;
        let known = self.surfaces(&site.0).await?;
        let answered_by = known
            .into_iter()
            .find(|known| known.surface == surface)
            .ok_or(ConsoleError::Gone { what: "the server" })?;
        let reach = self.reach(&site).await?;
        let status = self.inner.mirror.fetch_status(&site.0, &site.1).await?;

        let asked_at = self.inner.clock.now();
        let begun = Instant::now();
        let there = self.ask(&reach, &site, &preview.identity, &surface).await?;
        let took = begun.elapsed();

        let own_overrides = taken_from_overrides(&there);
        let considered = self
            .considered(&site, preview.change_set.as_ref(), preview.edits)
            .await?;
        let case = Case {
            compiled,
            considered,
            identity: identity_of(&preview.identity),
            surface,
            there: answered(there),
        };
        let (case, begun) = computed(move || {
            let begun = case.begin()?;
            Ok((case, begun))
        })
        .await?;
        let mut known = Known {
            own_overrides,
            ..Known::default()
        };
        let mut stored_traits = None;
        if !begun.open.is_empty() {
            stored_traits = self
                .find_out(&reach, &site, &case, &begun.open, &mut known)
                .await?;
        }
        let is_fresh = self.is_fresh(&status);
        let (differences, failure) = (begun.names, begun.failure);
        let mut ended = computed(move || case.end(&known)).await?;
        for one in &mut ended {
            // A document that nobody has looked at for long is the best guess left.
            if one.cause == DifferenceCause::Unknown && !is_fresh {
                one.cause = DifferenceCause::StaleMirror;
            }
            one.suggest_remedy();
        }
        Ok(Comparison {
            answered_by,
            asked_at,
            took,
            compared: u32::try_from(differences).unwrap_or(u32::MAX),
            differences: ended,
            failure,
            stored_traits,
            mirror_checked_at: status.checked_at,
        })
    }

    fn is_fresh(&self, status: &FetchStatus) -> bool {
        freshness(status, self.pace().freshness_rule(), self.inner.clock.now()) == Freshness::Fresh
    }

    async fn ask(
        &self,
        reach: &Reach,
        site: &Site,
        who: &IdentityRef,
        surface: &Surface,
    ) -> Result<Vec<RemoteFlag>, ConsoleError> {
        let answer = reach.provider.evaluate(reach.target(), who, surface).await?;
        Ok(self.heard(&site.0, answer))
    }

    /// Asks further about flags without a verified cause. What the server does
    /// not tell stays unknown; only the mirror's failures are passed on. Gives
    /// the stored traits where the server told them.
    async fn find_out(
        &self,
        reach: &Reach,
        site: &Site,
        case: &Case,
        open: &[FlagKey],
        known: &mut Known,
    ) -> Result<Option<Vec<(String, Value)>>, ConsoleError> {
        known.fresh = self.newer_flags(reach, site, case, open).await?;
        if case.surface != Surface::FlagsApi {
            let who = IdentityRef {
                identifier: case.identity.identifier.clone(),
                traits: case.identity.traits.clone().into_iter().collect(),
            };
            let witness = self.ask(reach, site, &who, &Surface::FlagsApi).await;
            known.flags_api = witness.ok().map(answered);
            return Ok(None);
        }
        let Some((record, stored)) = self.stored(reach, site, &case.identity.identifier).await else {
            return Ok(None);
        };
        known.record = record;
        known.stored.clone_from(&stored);
        Ok(Some(stored))
    }

    /// The identity's record and stored traits; nothing of either for one the
    /// server does not know. `None` where it does not tell.
    async fn stored(
        &self,
        reach: &Reach,
        site: &Site,
        identifier: &str,
    ) -> Option<(Option<String>, Vec<(String, Value)>)> {
        let identifier = identifier.trim();
        let found = reach.provider.identities(reach.target(), identifier).await.ok()?;
        let found = self.heard(&site.0, found);
        let Some(record) = found.into_iter().find(|one| one.identifier == identifier) else {
            return Some((None, Vec::new()));
        };
        let traits = reach.provider.traits(reach.target(), &record).await.ok()?;
        Some((Some(record.remote_id), self.heard(&site.0, traits)))
    }

    /// Flags that are newer than the document: as the mirror holds them, and of
    /// the first few as they are read now.
    async fn newer_flags(
        &self,
        reach: &Reach,
        site: &Site,
        case: &Case,
        open: &[FlagKey],
    ) -> Result<BTreeMap<FlagKey, Option<FlagState>>, ConsoleError> {
        let mut newer = BTreeMap::new();
        let mut asked = Vec::new();
        for flag in open {
            let Some(mirrored) = self.inner.mirror.flag(&site.0, &site.1, flag).await? else {
                continue;
            };
            if asked.len() < READ_AFRESH && case.surface == Surface::FlagsApi {
                asked.push(mirrored.clone());
            }
            newer.insert(flag.clone(), Some(mirrored.state));
        }
        let reads: Vec<_> = asked
            .iter()
            .map(|known| async {
                (
                    known.key.clone(),
                    reach.provider.flag(reach.target(), known).await,
                )
            })
            .collect();
        let answers: Vec<_> = stream::iter(reads).buffer_unordered(READ_AFRESH).collect().await;
        for (flag, answer) in answers {
            match answer {
                Ok(answer) => {
                    newer.insert(flag, Some(self.heard(&site.0, answer).state));
                }
                Err(failure) if matches!(failure.kind, FailureKind::NotFound) => {
                    newer.insert(flag, None);
                }
                Err(_) => {}
            }
        }
        Ok(newer)
    }
}

fn surfaces(endpoint: &Endpoint) -> Vec<SurfaceFacts> {
    let Endpoint::Flagsmith(endpoint) = endpoint else {
        return Vec::new();
    };
    let flags_api = SurfaceFacts {
        surface: Surface::FlagsApi,
        address: endpoint
            .flags_base
            .clone()
            .unwrap_or_else(|| endpoint.admin_base.clone()),
    };
    let proxies = endpoint.edge_proxies.iter().map(|proxy| SurfaceFacts {
        surface: Surface::EdgeProxy(proxy.base.clone()),
        address: proxy.base.clone(),
    });
    std::iter::once(flags_api).chain(proxies).collect()
}

fn taken_from_overrides(answer: &[RemoteFlag]) -> Vec<FlagKey> {
    answer
        .iter()
        .filter(|flag| flag.reason.as_deref() == Some(OWN_OVERRIDE))
        .map(|flag| flag.key.clone())
        .collect()
}

/// Both sides of a comparison.
struct Case {
    compiled: Arc<Compiled>,
    considered: Considered,
    identity: Identity,
    surface: Surface,
    there: Answers,
}

/// What was found out without asking further.
struct Begun {
    /// How many flags either side has.
    names: usize,
    /// Those without a verified cause.
    open: Vec<FlagKey>,
    /// Where the preview itself fails.
    failure: Option<halyard_engine::EvaluationError>,
}

impl Case {
    fn begin(&self) -> Result<Begun, ConsoleError> {
        let (here, failure) = self.here()?;
        let inquiry = self.inquiry(&here);
        let names: BTreeSet<&String> = here.keys().chain(self.there.keys()).collect();
        Ok(Begun {
            names: names.len(),
            open: inquiry.open().cloned().collect(),
            failure,
        })
    }

    fn end(&self, known: &Known) -> Result<Vec<super::Difference>, ConsoleError> {
        let (here, _) = self.here()?;
        let mut inquiry = self.inquiry(&here);
        if inquiry.is_open() {
            inquiry.look_there(known);
        }
        Ok(inquiry.differences)
    }

    fn here(&self) -> Result<(Answers, Option<halyard_engine::EvaluationError>), ConsoleError> {
        let overlaid = self.compiled.with(&self.considered)?;
        let identity = overlaid.identity(self.identity.clone());
        Ok(match evaluated(&overlaid.engine, &identity) {
            Ok(answers) => (answers, None),
            Err(failure) => (Answers::new(), Some(failure)),
        })
    }

    fn inquiry(&self, here: &Answers) -> Inquiry<'_> {
        let mut inquiry = Inquiry::new(&self.surface, &self.compiled, &self.identity, here, &self.there);
        inquiry.look_here(!self.considered.is_empty());
        inquiry
    }
}
