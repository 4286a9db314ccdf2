//! The audit log: a row for each thing that a write changed. The real server's task processor writes them, so
//! they wait while the queue does.

use std::collections::VecDeque;

use jiff::Timestamp;
use uuid::Uuid;

use super::rows::FeatureState;
use super::store::Store;

/// So many rows are kept: a long run must not grow with its writes.
const KEPT: usize = 2_000;

/// Whether the server's build shows its audit log. One without a licence keeps it and shows nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuditLicence {
    /// Every row is shown.
    #[default]
    Licensed,
    /// Lists are always empty.
    Unlicensed,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Related {
    Feature(u64),
    State(u64),
    Segment(u64),
    Version(Uuid),
    Environment(u64),
}

/// A row of the log.
#[derive(Debug, Clone)]
pub(crate) struct AuditRow {
    pub(crate) id: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) log: String,
    /// The person; an organisation key is nobody.
    pub(crate) author: Option<u64>,
    /// None where it concerns every environment.
    pub(crate) environment: Option<u64>,
    pub(crate) project: u64,
    pub(crate) related: Related,
}

/// The newest rows, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditLog {
    rows: VecDeque<AuditRow>,
    last: u64,
    /// Who makes the write that is being carried out.
    writer: Option<u64>,
    pub(crate) licence: AuditLicence,
    /// Rows after this wait for the task processor while tasks wait.
    waiting_since: Option<Timestamp>,
}

impl AuditLog {
    /// Whoever makes the next write; an organisation key is nobody.
    pub(crate) fn begin(&mut self, writer: Option<u64>) {
        self.writer = writer;
    }

    /// How far the log has come, for [`AuditLog::take_back`].
    pub(crate) fn mark(&self) -> u64 {
        self.last
    }

    /// Forgets what was written since, because the write came to nothing.
    pub(crate) fn take_back(&mut self, mark: u64) {
        self.rows.retain(|row| row.id <= mark);
    }

    /// Rows wait from now on while tasks do.
    pub(crate) fn wait_from(&mut self, now: Timestamp) {
        self.waiting_since = Some(now);
    }

    fn add(&mut self, row: AuditRow) {
        self.rows.push_back(row);
        if self.rows.len() > KEPT {
            self.rows.pop_front();
        }
    }
}

/// What became of a row that has a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Became {
    Created,
    Updated,
    Deleted,
}

impl Store {
    /// The rows that lists show, newest first.
    pub(crate) fn audit_shown(&self) -> Vec<&AuditRow> {
        if self.audit.licence == AuditLicence::Unlicensed {
            return Vec::new();
        }
        let until = self.audit.waiting_since.filter(|_| self.account.waiting() > 0);
        let rows = self.audit.rows.iter().rev();
        rows.filter(|row| until.is_none_or(|until| row.created_at <= until))
            .collect()
    }

    /// Fills the log of a server that has just been seeded: its environments and flags were made once.
    pub(crate) fn begin_audit(&mut self) {
        self.audit = AuditLog::default();
        let born = self.organisation.created_at;
        let environments = self.environments.values().map(|row| {
            let log = format!("New Environment created: {}", row.name);
            let related = Related::Environment(row.id);
            (born, None, Some(row.id), row.project, log, related)
        });
        let features = self.features.values().map(|row| {
            let log = format!("New Flag / Remote Config created: {}", row.name);
            let author = row.owners.first().copied();
            (
                row.created_at,
                author,
                None,
                row.project,
                log,
                Related::Feature(row.id),
            )
        });
        let mut all: Vec<_> = environments.chain(features).collect();
        all.sort_by_key(|row| row.0);
        for (created_at, author, environment, project, log, related) in all {
            self.audit.last += 1;
            self.audit.add(AuditRow {
                id: self.audit.last,
                created_at,
                log,
                author,
                environment,
                project,
                related,
            });
        }
    }

    fn log(&mut self, environment: Option<u64>, project: u64, log: String, related: Related) {
        self.audit.last += 1;
        let row = AuditRow {
            id: self.audit.last,
            created_at: self.now,
            log,
            author: self.audit.writer,
            environment,
            project,
            related,
        };
        self.audit.add(row);
    }

    fn log_of_flag(
        &mut self,
        environment: Option<u64>,
        feature: u64,
        related: Related,
        words: impl Fn(&str) -> String,
    ) {
        if let Some(row) = self.features.get(&feature) {
            let (project, log) = (row.project, words(&row.name));
            self.log(environment, project, log, related);
        }
    }

    /// A flag itself was made, changed or is about to be removed.
    pub(crate) fn log_feature(&mut self, feature: u64, became: Became) {
        let what = match became {
            Became::Created => "New Flag / Remote Config created",
            Became::Updated => "Flag / Remote Config updated",
            Became::Deleted => "Flag / Remote Config Deleted",
        };
        self.log_of_flag(None, feature, Related::Feature(feature), |name| {
            format!("{what}: {name}")
        });
    }

    /// An option of a flag was made, changed or removed.
    pub(crate) fn log_option(&mut self, feature: u64, became: Became) {
        let what = match became {
            Became::Created => "option added to",
            Became::Updated => "value changed for",
            Became::Deleted => "option removed from",
        };
        self.log_of_flag(None, feature, Related::Feature(feature), |name| {
            format!("Multivariate {what} feature '{name}'.")
        });
    }

    /// A segment was made, changed or is about to be removed.
    pub(crate) fn log_segment(&mut self, segment: u64, became: Became) {
        let what = match became {
            Became::Created => "New Segment created",
            Became::Updated => "Segment updated",
            Became::Deleted => "Segment deleted",
        };
        if let Some(row) = self.segments.get(&segment) {
            let (project, log) = (row.project, format!("{what}: {}", row.name));
            self.log(None, project, log, Related::Segment(segment));
        }
    }

    /// A version was published.
    pub(crate) fn log_version(&mut self, environment: u64, feature: u64, version: Uuid) {
        self.log_of_flag(Some(environment), feature, Related::Version(version), |name| {
            format!("New version published for feature: {name}")
        });
    }

    /// The overrides of a flag got another order.
    pub(crate) fn log_order(&mut self, environment: u64, feature: u64) {
        self.log_of_flag(Some(environment), feature, Related::Feature(feature), |name| {
            format!("Segment overrides re-ordered for feature '{name}'.")
        });
    }

    /// A flag's state in an environment was written in one call.
    pub(crate) fn log_whole_flag(&mut self, environment: u64, feature: u64) {
        let state = self.default_state(environment, feature).map(|state| state.id);
        let related = state.map_or(Related::Feature(feature), Related::State);
        self.log_of_flag(Some(environment), feature, related, |name| {
            format!("Flag state updated for feature: {name}")
        });
    }

    /// A state was made or changed, on its own. `before` is what it was; none for a new one.
    pub(crate) fn log_state(&mut self, before: Option<&FeatureState>, after: &FeatureState) {
        let value_only = before.is_some_and(|before| {
            before.enabled == after.enabled && before.value.typed() != after.value.typed()
        });
        let whose = self.whose(after);
        let words = move |name: &str| match (&whose, value_only) {
            (Some((kind, of)), true) if *kind == "segment" => {
                format!("Remote config updated for segment override on feature '{name}' and segment '{of}'.")
            }
            (Some((kind, of)), true) => {
                format!(
                    "Remote config value updated for {kind} override on feature '{name}' and {kind} '{of}'."
                )
            }
            (Some((kind, of)), false) => {
                format!("Flag state / Remote config value updated for feature '{name}' and {kind} '{of}'")
            }
            (None, true) => format!("Remote config value updated for feature: {name}"),
            (None, false) => format!("Flag state updated for feature: {name}"),
        };
        self.log_of_flag(
            Some(after.environment),
            after.feature,
            Related::State(after.id),
            words,
        );
    }

    /// An override is about to be removed.
    pub(crate) fn log_removal(&mut self, state: u64) {
        let Some(state) = self.states.get(&state).cloned() else {
            return;
        };
        let Some((kind, of)) = self.whose(&state) else {
            return;
        };
        let related = Related::Feature(state.feature);
        self.log_of_flag(Some(state.environment), state.feature, related, |name| {
            format!("Flag state / Remote config value deleted for feature '{name}' and {kind} '{of}'")
        });
    }

    /// An environment was made.
    pub(crate) fn log_environment(&mut self, environment: u64) {
        if let Some(row) = self.environments.get(&environment) {
            let (project, log) = (row.project, format!("New Environment created: {}", row.name));
            self.log(Some(environment), project, log, Related::Environment(environment));
        }
    }

    /// Whose override a state is: the kind and the name.
    fn whose(&self, state: &FeatureState) -> Option<(&'static str, String)> {
        if let Some(identity) = state.identity {
            let row = self.identities.get(&identity)?;
            return Some(("identity", row.identifier.clone()));
        }
        let link = self.links.get(&state.link?)?;
        Some(("segment", self.segments.get(&link.segment)?.name.clone()))
    }
}
