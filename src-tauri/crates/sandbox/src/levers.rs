//! Faults that are states of a service: which are wanted, and pulling the levers that bring them about.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    Effect, Surface,
    board::{Posted, Services},
    flagsmith::{AuditLicence, Backlog, IdentityStore, ProjectLimits, Throttle, Trouble, Usage},
    forward_proxy::Gate,
};

/// How every service is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Levers {
    flagsmith: FlagsmithLevers,
    edge_proxy: EdgeProxyLevers,
    stale_edgeflags: bool,
    gate: Gate,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct FlagsmithLevers {
    stale: bool,
    trouble: Option<Trouble>,
    document_lag: Duration,
    backlog: Option<Backlog>,
    throttle: Option<Throttle>,
    usage: Option<Usage>,
    limits: Option<ProjectLimits>,
    blocked: bool,
    granted: Option<Vec<String>>,
    change_requests: BTreeMap<String, u64>,
    hosts_identities: bool,
    audit: AuditLicence,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct EdgeProxyLevers {
    frozen: bool,
    cold: bool,
    bad_pairs: Vec<String>,
}

impl Levers {
    /// What the faults on the board ask for. Of several of one kind the last one counts.
    pub(crate) fn wanted(posted: &[Posted]) -> Self {
        let mut wanted = Self::default();
        for one in posted {
            let on = |surface: Surface| one.fault.surface.is_none_or(|named| named == surface);
            let effect = &one.fault.effect;
            if on(Surface::Flagsmith) {
                wanted.flagsmith.take(effect);
            }
            if on(Surface::EdgeProxy) {
                wanted.edge_proxy.take(effect);
            }
            match effect {
                Effect::TunnelAuthentication { user, password } => {
                    wanted.gate = Gate::Authenticated {
                        user: user.clone(),
                        password: password.clone(),
                    };
                }
                Effect::TunnelRefusal { status } => wanted.gate = Gate::Refusing { status: *status },
                _ => {}
            }
            if on(Surface::EdgeFlags) && *effect == Effect::StaleDocument {
                wanted.stale_edgeflags = true;
            }
        }
        wanted
    }

    /// Moves what differs. Setting what stands already would begin it anew at a later moment.
    pub(crate) fn pull(&self, before: &Self, services: &Services) {
        if before.stale_edgeflags != self.stale_edgeflags {
            services.edgeflags.lag_reads(self.stale_edgeflags);
        }
        if before.gate != self.gate {
            services.forward_proxy.set_gate(self.gate.clone());
        }
        self.flagsmith.pull(&before.flagsmith, services);
        self.edge_proxy.pull(&before.edge_proxy, services);
    }
}

impl FlagsmithLevers {
    fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::StaleDocument => self.stale = true,
            Effect::DatabaseDown => self.trouble = Some(Trouble::DatabaseDown),
            Effect::FailedMigrations { broken } => {
                let broken = broken.clone();
                self.trouble = Some(Trouble::FailedMigrations { broken });
            }
            Effect::DocumentLag { ms } => self.document_lag = Duration::from_millis(*ms),
            Effect::Queue { waiting, per_second } => {
                self.backlog = Some(Backlog {
                    waiting: *waiting,
                    per_second: *per_second,
                });
            }
            Effect::ThrottleWindow { requests, window_ms } => {
                self.throttle = Some(Throttle {
                    requests: *requests,
                    window: Duration::from_millis(*window_ms),
                });
            }
            Effect::Usage {
                calls,
                allowance,
                plan,
            } => {
                self.usage = Some(Usage {
                    calls: *calls,
                    allowance: *allowance,
                    plan: plan.clone(),
                });
            }
            Effect::ProjectLimits {
                features,
                segments,
                segment_overrides,
            } => {
                self.limits = Some(ProjectLimits {
                    features: *features,
                    segments: *segments,
                    segment_overrides: *segment_overrides,
                });
            }
            Effect::ServingBlocked => self.blocked = true,
            Effect::Permissions { granted } => self.granted = Some(granted.clone()),
            Effect::ChangeRequests {
                environment,
                approvals,
            } => {
                self.change_requests.insert(environment.clone(), *approvals);
            }
            Effect::HostedIdentities => self.hosts_identities = true,
            Effect::UnlicensedAudit => self.audit = AuditLicence::Unlicensed,
            _ => {}
        }
    }

    fn pull(&self, before: &Self, services: &Services) {
        let flagsmith = &services.flagsmith;
        if before.stale != self.stale {
            flagsmith.freeze_document(self.stale);
        }
        if before.trouble != self.trouble {
            flagsmith.set_trouble(self.trouble.clone());
        }
        if before.document_lag != self.document_lag {
            flagsmith.set_document_lag(self.document_lag);
        }
        if before.backlog != self.backlog {
            flagsmith.set_backlog(self.backlog);
        }
        if before.throttle != self.throttle {
            flagsmith.set_throttle(self.throttle);
        }
        if before.usage != self.usage {
            flagsmith.set_usage(self.usage.clone());
        }
        if before.limits != self.limits {
            flagsmith.set_project_limits(self.limits);
        }
        if before.blocked != self.blocked {
            flagsmith.block_serving(self.blocked);
        }
        if before.granted != self.granted {
            flagsmith.grant(self.granted.clone());
        }
        if before.audit != self.audit {
            flagsmith.license_audit(self.audit);
        }
        if before.hosts_identities != self.hosts_identities {
            flagsmith.keep_identities(match self.hosts_identities {
                true => IdentityStore::Hosted,
                false => IdentityStore::Core,
            });
        }
        if before.change_requests != self.change_requests {
            let ended = before
                .change_requests
                .keys()
                .map(|environment| (environment, None));
            let wanted = self.change_requests.iter();
            let wanted = wanted.map(|(environment, approvals)| (environment, Some(*approvals)));
            for (environment, approvals) in ended.chain(wanted) {
                if let Err(reason) = flagsmith.require_change_requests(environment, approvals) {
                    tracing::warn!(reason, "change requests cannot be asked for");
                }
            }
        }
    }
}

impl EdgeProxyLevers {
    fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::FrozenProxy => self.frozen = true,
            Effect::ColdProxy => self.cold = true,
            Effect::BadKeyPair { environment } => self.bad_pairs.push(environment.clone()),
            _ => {}
        }
    }

    fn pull(&self, before: &Self, services: &Services) {
        if before.frozen != self.frozen {
            services.edge_proxy.freeze(self.frozen);
        }
        if before.cold != self.cold {
            services.edge_proxy.chill(self.cold);
        }
        if before.bad_pairs != self.bad_pairs {
            let keys = self
                .bad_pairs
                .iter()
                .filter_map(|environment| services.flagsmith.client_key(environment));
            services.edge_proxy.spoil_pairs(keys.collect::<Vec<_>>());
        }
    }
}
