//! Connections, environments, freshness, drafts.

use std::cmp::Reverse;

use halyard_console::{
    Budget, DraftFacts, EnvironmentFacts, KeepKey, KeyHome, Standing, Theme,
    secret::{KeyStoreState, SecretError},
};
use halyard_model::{Connection, Endpoint, Environment, Freshness, Named, Protection, Service};

use super::seconds;
use crate::{view::*, words};

/// A service.
pub fn service(service: Service) -> ServiceView {
    match service {
        Service::Flagsmith => ServiceView::Flagsmith,
        Service::EdgeFlags => ServiceView::EdgeFlags,
    }
}

/// A service, inwards.
pub fn service_in(service: ServiceView) -> Service {
    match service {
        ServiceView::Flagsmith => Service::Flagsmith,
        ServiceView::EdgeFlags => Service::EdgeFlags,
    }
}

/// Light or dark.
pub fn theme(theme: Theme) -> ThemeView {
    match theme {
        Theme::System => ThemeView::System,
        Theme::Light => ThemeView::Light,
        Theme::Dark => ThemeView::Dark,
    }
}

/// Light or dark, inwards.
pub fn theme_in(theme: ThemeView) -> Theme {
    match theme {
        ThemeView::System => Theme::System,
        ThemeView::Light => Theme::Light,
        ThemeView::Dark => Theme::Dark,
    }
}

/// The keychain, in words.
pub fn key_store(state: &KeyStoreState) -> KeyStoreView {
    match state {
        KeyStoreState::Ready => KeyStoreView {
            state: KeyStoreStateView::Ready,
            sentence: String::new(),
            next_step: String::new(),
        },
        KeyStoreState::Failing(SecretError::Absent { .. }) => KeyStoreView {
            state: KeyStoreStateView::Absent,
            sentence: "No system keychain answers, so keys cannot be kept.".into(),
            next_step: "Start one (on Linux: GNOME Keyring, KWallet or KeePassXC with the Secret Service on) and try again. Until then a key can be kept for this session only.".into(),
        },
        KeyStoreState::Failing(SecretError::Locked { .. }) => KeyStoreView {
            state: KeyStoreStateView::Locked,
            sentence: "The system keychain is locked or does not let Halyard in.".into(),
            next_step: "Unlock it and try again. Until then a key can be kept for this session only.".into(),
        },
    }
}

/// A connection with its environments.
pub fn connection(
    connection: &Connection,
    key: KeyHome,
    environments: &[EnvironmentFacts],
) -> ConnectionView {
    let marks = marks(environments.iter().map(|facts| &facts.environment));
    ConnectionView {
        id: connection.id.0.clone(),
        name: connection.name.clone(),
        service: service(connection.endpoint.service()),
        address: connection.endpoint.address().to_owned(),
        organisation: connection
            .organisation
            .as_ref()
            .map(|organisation| organisation.name.clone()),
        project: connection.project.name.clone(),
        demo: connection.demo,
        file: match &connection.endpoint {
            Endpoint::File { name, made_at, .. } => Some(FileOriginView {
                name: name.clone(),
                made_at: seconds(*made_at),
            }),
            Endpoint::Flagsmith(_) | Endpoint::EdgeFlags { .. } => None,
        },
        key: match key {
            KeyHome::Keychain => KeyHomeView::Keychain,
            KeyHome::Session => KeyHomeView::Session,
            KeyHome::Missing => KeyHomeView::Missing,
        },
        environments: environments
            .iter()
            .zip(marks)
            .map(|(facts, mark)| environment(facts, mark))
            .collect(),
    }
}

fn environment(facts: &EnvironmentFacts, mark: MarkView) -> EnvironmentView {
    let environment = &facts.environment;
    let read_only = environment.requires_change_requests.then(|| {
        format!(
            "{} takes changes only through change requests, which Halyard does not send.",
            environment.name
        )
    });
    EnvironmentView {
        key: environment.key.0.clone(),
        name: environment.name.clone(),
        mark,
        protection: protection(environment.protection),
        versioned: environment.versioned,
        read_only,
        freshness: freshness(facts),
        flag_count: facts.snapshot.as_ref().map_or(0, |snapshot| snapshot.flag_count),
        segment_count: facts
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.segment_count),
        open_edits: facts.open_edits,
        conflicts: facts.conflicts,
        warning: None,
    }
}

/// A state of freshness.
pub fn freshness_state(freshness: Freshness) -> FreshnessStateView {
    match freshness {
        Freshness::Never => FreshnessStateView::Never,
        Freshness::Fresh => FreshnessStateView::Fresh,
        Freshness::Ageing => FreshnessStateView::Ageing,
        Freshness::Stale => FreshnessStateView::Stale,
        Freshness::Offline => FreshnessStateView::Offline,
    }
}

/// How fresh the mirror's copy of an environment is.
pub fn freshness(facts: &EnvironmentFacts) -> FreshnessView {
    FreshnessView {
        state: freshness_state(facts.freshness),
        checked_at: facts.status.checked_at.map(seconds),
        changed_at: facts.status.changed_at.map(seconds),
        stale_after_seconds: u32::try_from(facts.rule.stale_after_millis / 1000).unwrap_or(u32::MAX),
        failure: facts.status.last_failure.clone(),
        retry_at: facts.status.retry_at.map(seconds),
        refreshing: facts.refreshing,
    }
}

/// How much a write asks first.
pub fn protection(protection: Protection) -> ProtectionView {
    match protection {
        Protection::None => ProtectionView::None,
        Protection::Confirm => ProtectionView::Confirm,
        Protection::TypeName => ProtectionView::TypeName,
        Protection::ReadOnly => ProtectionView::ReadOnly,
    }
}

/// How much a write asks first, inwards.
pub fn protection_in(protection: ProtectionView) -> Protection {
    match protection {
        ProtectionView::None => Protection::None,
        ProtectionView::Confirm => Protection::Confirm,
        ProtectionView::TypeName => Protection::TypeName,
        ProtectionView::ReadOnly => Protection::ReadOnly,
    }
}

/// The marks of a list of environments: told by their names, and the second
/// production told apart from the first.
pub fn marks<'a>(environments: impl Iterator<Item = &'a Environment>) -> Vec<MarkView> {
    let mut production_seen = false;
    environments
        .map(|environment| {
            let name = environment.name.to_lowercase();
            if Protection::suggested_for(&name) != Protection::None {
                let mark = if production_seen {
                    MarkView::SecondProduction
                } else {
                    MarkView::Production
                };
                production_seen = true;
                return mark;
            }
            let staging = ["stag", "test", "qa", "uat", "preprod", "pre-prod", "accept"];
            if staging.iter().any(|word| name.contains(word)) {
                MarkView::Staging
            } else {
                MarkView::Development
            }
        })
        .collect()
}

/// The rate budgets, one for each kind of surface: where each environment's
/// key has its own, the scarcest stands for them. What is paused comes first,
/// then what has the smallest share left.
pub fn budgets(budgets: Vec<Budget>) -> Vec<BudgetView> {
    let share_left = |budget: &Budget| match (budget.remaining, budget.limit) {
        (Some(left), Some(limit)) => u64::from(left) * 1000 / u64::from(limit.max(1)),
        _ => u64::MAX,
    };
    let mut scarcest: Vec<Budget> = Vec::new();
    let mut sorted = budgets;
    sorted.sort_by_key(|budget| (Reverse(budget.paused_until.map(|at| at.0)), share_left(budget)));
    for budget in sorted {
        match scarcest.iter_mut().find(|one| one.class == budget.class) {
            Some(one) => {
                one.interactive_waiting = one.interactive_waiting.saturating_add(budget.interactive_waiting);
                one.background_waiting = one.background_waiting.saturating_add(budget.background_waiting);
                one.expected = one.expected.max(budget.expected);
            }
            None => scarcest.push(budget),
        }
    }
    scarcest.iter().map(budget).collect()
}

fn budget(budget: &Budget) -> BudgetView {
    BudgetView {
        name: words::budget::budget_name(budget.class).to_owned(),
        remaining: budget.remaining,
        limit: budget.limit,
        resets_at: budget.resets_at.map(seconds),
        paused_until: budget.paused_until.map(seconds),
        known: match budget.paused_until {
            Some(_) => words::budget::PAUSED.to_owned(),
            None => words::budget::known(budget.known).to_owned(),
        },
        waiting: budget
            .interactive_waiting
            .saturating_add(budget.background_waiting),
        waiting_seconds: budget
            .expected
            .map(|time| u32::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)),
    }
}

/// A checked key and what it opens.
pub fn draft(facts: &DraftFacts) -> DraftView {
    DraftView {
        draft: facts.id.0.clone(),
        address: facts.endpoint.address().to_owned(),
        flags_address: match &facts.endpoint {
            Endpoint::Flagsmith(flagsmith) => flagsmith.flags_base.clone(),
            Endpoint::EdgeFlags { .. } | Endpoint::File { .. } => None,
        },
        corrections: facts.corrections.clone(),
        server_version: facts.discovery.server_version.clone(),
        organisations: facts
            .discovery
            .organisations
            .iter()
            .map(|listing| ListingView {
                organisation: named(&listing.organisation),
                projects: listing.projects.iter().map(named).collect(),
            })
            .collect(),
        permissions: facts
            .discovery
            .permissions
            .iter()
            .map(|permission| PermissionView {
                name: permission.name.clone(),
                standing: match permission.standing {
                    Standing::Granted => StandingView::Granted,
                    Standing::Denied => StandingView::Denied,
                    Standing::Unknown => StandingView::Unknown,
                },
            })
            .collect(),
    }
}

fn named(named: &Named) -> NamedView {
    NamedView {
        id: named.id.clone(),
        name: named.name.clone(),
    }
}

/// Environments to choose from.
pub fn choices(environments: &[Environment]) -> Vec<EnvironmentChoiceView> {
    environments
        .iter()
        .zip(marks(environments.iter()))
        .map(|(environment, mark)| EnvironmentChoiceView {
            key: environment.key.0.clone(),
            name: environment.name.clone(),
            mark,
            protection: protection(environment.protection),
            versioned: environment.versioned,
        })
        .collect()
}

/// Where to keep a key, inwards.
pub fn keep_key_in(keep: KeepKeyView) -> KeepKey {
    match keep {
        KeepKeyView::Keychain => KeepKey::Keychain,
        KeepKeyView::Session => KeepKey::Session,
    }
}

/// The environment to compare others with: the first that asks nothing before
/// a write and is not the one looked at, else any other.
pub fn reference<'a>(
    environments: &'a [EnvironmentFacts],
    current: &str,
    wished: Option<&str>,
) -> Option<&'a Environment> {
    let others = || {
        environments
            .iter()
            .map(|facts| &facts.environment)
            .filter(|other| other.key.0 != current)
    };
    if let Some(wished) = wished {
        return others().find(|other| other.key.0 == wished);
    }
    let marks = marks(environments.iter().map(|facts| &facts.environment));
    let staging = environments
        .iter()
        .zip(marks)
        .find(|(facts, mark)| *mark == MarkView::Staging && facts.environment.key.0 != current)
        .map(|(facts, _)| &facts.environment);
    staging.or_else(|| others().next())
}
