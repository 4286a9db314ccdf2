//! One look at one surface.

use std::collections::HashMap;

use halyard_model::{
    Compared, ConnectionId, ContentReading, EnvironmentKey, FailingKind, Flag, FlagKey, HeartbeatReading,
    Reference, Service, Snapshot, Surface, SurfaceRecord, SurfaceRule, Timestamp, document_digest,
    judge_surface,
};
use halyard_provider::{Confirm, DocumentText, Failure, FailureKind, ServedFlag, SurfaceReading, Urgency};

use super::{Check, surfaces_of};
use crate::{
    Console, ConsoleError, Event,
    incidents::with_cause,
    propagation::{Looked, Seen},
    reach::Reach,
    state::Site,
};

/// Whether a service's word that nothing changed will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conditional {
    /// It will, where nobody waits.
    Allowed,
    /// The content is wanted.
    Never,
}

/// Of the flags that differ, so many are named.
const NAMED: usize = 20;

impl Console {
    /// Reads every surface of an environment, the server and the limits now,
    /// past every cache, because somebody asked for it. What fails is recorded
    /// with the surface.
    pub async fn check_surfaces(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
    ) -> Result<(), ConsoleError> {
        let endpoint = self.known_connection(connection).await?.endpoint;
        if endpoint.is_file() {
            return Err(ConsoleError::FromFile);
        }
        for (surface, _) in surfaces_of(&endpoint) {
            self.look(connection, environment, &surface, Urgency::Interactive)
                .await?;
        }
        for check in [Check::Server, Check::Allowances(environment.clone())] {
            self.check(connection, &check, Urgency::Interactive).await?;
        }
        Ok(())
    }

    /// Reads one surface and records what it showed. Returns at once while
    /// another look at it goes on. Fails where the environment or its key is
    /// gone, or the mirror cannot be used; what the surface itself answers,
    /// also a failure, is recorded.
    pub async fn look(
        &self,
        connection: &ConnectionId,
        environment: &EnvironmentKey,
        surface: &Surface,
        urgency: Urgency,
    ) -> Result<(), ConsoleError> {
        let site = (connection.clone(), environment.clone());
        self.look_as(&site, surface, urgency, Conditional::Allowed).await
    }

    /// As [`Console::look`], and says whether the content is wanted.
    pub(crate) async fn look_as(
        &self,
        site: &Site,
        surface: &Surface,
        urgency: Urgency,
        conditional: Conditional,
    ) -> Result<(), ConsoleError> {
        let (connection, environment) = site;
        let place = (site.clone(), surface.clone());
        let now = self.inner.clock.now();
        {
            let looks = &mut self.volatile().looks;
            if !looks.running.insert(place.clone()) {
                return Ok(());
            }
            looks.tried_at.insert(place.clone(), now);
        }
        let _ending = Ending { console: self, place };
        let reach = self.reach(site).await?.going(urgency);
        let mut record = self
            .inner
            .mirror
            .surface_record(connection, environment, surface)
            .await?;
        let rule = SurfaceRule::of(
            surface,
            reach.target().access.endpoint,
            self.watch_pace().every(self.is_in_view(site)),
        );
        if let Surface::EdgeProxy(base) = surface {
            self.ask_proxy(&reach, base, rule, &mut record).await;
        }
        let confirm = match (
            urgency,
            conditional,
            self.volatile().looks.stamps.get(&(site.clone(), surface.clone())),
        ) {
            (Urgency::Background, Conditional::Allowed, Some(stamp)) => {
                Confirm::Unless(Box::new(stamp.clone()))
            }
            _ => Confirm::Content,
        };
        let at = self.inner.clock.now();
        let answer = reach
            .provider
            .read_surface(reach.target(), surface, &confirm)
            .await;
        let until = self.inner.clock.now();
        let admin = self
            .inner
            .mirror
            .surface_record(connection, environment, &Surface::Admin)
            .await?;
        if *surface == Surface::Admin && admin.checked_at.is_some_and(|newer| newer > at) {
            // A refresh has read it meanwhile: what this look heard is older.
            return Ok(());
        }
        let mut seen = None;
        match answer {
            Ok(answer) => {
                let mut reading = self.heard(connection, answer);
                let stamp = reading.stamp.clone();
                self.volatile()
                    .looks
                    .stamps
                    .insert((site.clone(), surface.clone()), stamp);
                if reading.not_modified {
                    record.said_not_modified(at);
                } else {
                    let reference = admin.reference().filter(|_| *surface != Surface::Admin);
                    let compared = self
                        .compared(&reach, site, surface, &reading, reference.as_ref())
                        .await?;
                    seen = Some(Seen {
                        at,
                        until,
                        document_updated_at: reading.document_updated_at,
                        document: reading.document.take(),
                        flags: reading.flags.clone(),
                    });
                    if let Some(content) = content(reading, at, until) {
                        record.showed(content, compared, reference.as_ref());
                    }
                }
            }
            Err(failure) => {
                let (kind, retry_at) = kind(&failure);
                record.failed(at, kind, with_cause(&failure), retry_at);
            }
        }
        self.keep_record(site, surface, rule, &record, &admin).await?;
        let looked = Looked {
            surface,
            rule,
            record: &record,
            admin: &admin,
        };
        self.checks_saw(site, looked, seen).await
    }

    /// After a refresh: the admin API's content, which is what all others are
    /// measured by.
    pub(crate) async fn admin_showed(&self, site: &Site, snapshot: &Snapshot) -> Result<(), ConsoleError> {
        let Some(content) = document_digest(&snapshot.document) else {
            return Ok(());
        };
        let endpoint = self.known_connection(&site.0).await?.endpoint;
        let mirror = &self.inner.mirror;
        let mut record = mirror.surface_record(&site.0, &site.1, &Surface::Admin).await?;
        let reading = ContentReading {
            content,
            document_updated_at: snapshot.document_updated_at,
            bytes: u64::try_from(snapshot.document.len()).ok(),
            at: snapshot.fetched_at,
            until: self.inner.clock.now(),
        };
        record.showed(reading, Compared::NotAtAll, None);
        let every = self.watch_pace().every(self.is_in_view(site));
        let rule = SurfaceRule::of(&Surface::Admin, &endpoint, every);
        self.keep_record(site, &Surface::Admin, rule, &record, &record)
            .await?;
        if !self.is_followed(site) {
            return Ok(());
        }
        let is_flagsmith = endpoint.service() == Service::Flagsmith;
        let seen = Seen {
            at: snapshot.fetched_at,
            until: self.inner.clock.now(),
            document_updated_at: snapshot.document_updated_at,
            document: is_flagsmith.then(|| DocumentText(snapshot.document.clone())),
            flags: Some(snapshot.flags.iter().map(held).collect()),
        };
        let looked = Looked {
            surface: &Surface::Admin,
            rule,
            record: &record,
            admin: &record,
        };
        self.checks_saw(site, looked, Some(seen)).await
    }

    async fn ask_proxy(&self, reach: &Reach, base: &str, rule: SurfaceRule, record: &mut SurfaceRecord) {
        let at = self.inner.clock.now();
        // A proxy that does not say how it is fails the reading that follows.
        let Ok(answer) = reach.provider.proxy_health(reach.target().access, base).await else {
            return;
        };
        let reading = HeartbeatReading {
            at,
            ready: answer.value.ready,
            reason: answer.value.reason,
            told: answer.value.last_successful_update,
            zone_unknown: answer.value.zone_unknown,
        };
        record.told_heartbeat(reading, rule.pass_stale_after_millis);
    }

    /// Compares what a surface serves with what the admin API held: documents
    /// by their content, flags with the mirror's, as nobody in particular gets
    /// them. EdgeFlags evaluates by itself, which nothing here can foretell.
    async fn compared(
        &self,
        reach: &Reach,
        site: &Site,
        surface: &Surface,
        reading: &SurfaceReading,
        reference: Option<&Reference<'_>>,
    ) -> Result<Compared, ConsoleError> {
        let Some(reference) = reference.filter(|_| *surface != Surface::Admin) else {
            return Ok(Compared::NotAtAll);
        };
        if let Some(digest) = &reading.digest {
            return Ok(if digest == reference.content {
                Compared::Agrees
            } else {
                Compared::Differs(Vec::new())
            });
        }
        let Some(served) = &reading.flags else {
            return Ok(Compared::NotAtAll);
        };
        if reach.target().access.endpoint.service() != Service::Flagsmith {
            return Ok(Compared::NotAtAll);
        }
        let mut held = self.inner.mirror.flag_rows(&site.0, &site.1).await?.rows;
        // One that was read on its own is newer than the measure.
        held.retain(|row| row.fetched_at <= reference.read_until);
        let served: HashMap<&FlagKey, &ServedFlag> = served.iter().map(|one| (&one.key, one)).collect();
        let mut differing: Vec<FlagKey> = held
            .iter()
            .filter(|row| {
                // One that is not served proves nothing: servers leave some out.
                served.get(&row.flag.key).is_some_and(|found| {
                    found.value != row.flag.state.value
                        || found
                            .enabled
                            .is_some_and(|enabled| enabled != row.flag.state.enabled)
                })
            })
            .map(|row| row.flag.key.clone())
            .collect();
        differing.truncate(NAMED);
        Ok(if differing.is_empty() {
            Compared::Agrees
        } else {
            Compared::Differs(differing)
        })
    }

    /// Keeps what is known, and tells when that makes a difference.
    async fn keep_record(
        &self,
        site: &Site,
        surface: &Surface,
        rule: SurfaceRule,
        record: &SurfaceRecord,
        admin: &SurfaceRecord,
    ) -> Result<(), ConsoleError> {
        self.inner
            .mirror
            .save_surface_record(&site.0, &site.1, surface, record)
            .await?;
        let judged = judge_surface(record, rule, admin.reference().as_ref(), self.inner.clock.now());
        let state = (judged.state, judged.trouble.is_some());
        let before = self
            .volatile()
            .looks
            .told
            .insert((site.clone(), surface.clone()), state);
        if before != Some(state) {
            self.tell(Event::Health {
                connection: site.0.clone(),
            });
            self.tell_environment(site);
        }
        Ok(())
    }
}

/// Ends a look however it ends, also when its task is dropped.
struct Ending<'a> {
    console: &'a Console,
    place: (Site, Surface),
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.console.volatile().looks.running.remove(&self.place);
    }
}

fn held(flag: &Flag) -> ServedFlag {
    ServedFlag {
        key: flag.key.clone(),
        enabled: Some(flag.state.enabled),
        value: flag.state.value.clone(),
    }
}

/// What a reading showed; flags are named by their content as documents are.
fn content(reading: SurfaceReading, at: Timestamp, until: Timestamp) -> Option<ContentReading> {
    let content = reading
        .digest
        .or_else(|| reading.flags.as_deref().and_then(name_of_flags))?;
    Some(ContentReading {
        content,
        document_updated_at: reading.document_updated_at,
        bytes: reading.bytes,
        at,
        until,
    })
}

fn name_of_flags(flags: &[ServedFlag]) -> Option<String> {
    let by_key: std::collections::BTreeMap<&str, _> = flags
        .iter()
        .map(|flag| (flag.key.0.as_str(), (flag.enabled, &flag.value)))
        .collect();
    document_digest(&serde_json::to_string(&by_key).ok()?)
}

fn kind(failure: &Failure) -> (FailingKind, Option<Timestamp>) {
    match &failure.kind {
        FailureKind::Unreachable(_) => (FailingKind::Unreachable, None),
        FailureKind::ServerFault | FailureKind::Malformed { .. } => (FailingKind::Fault, None),
        FailureKind::RateLimited { retry_at } => (FailingKind::Refused, *retry_at),
        _ => (FailingKind::Refused, None),
    }
}
