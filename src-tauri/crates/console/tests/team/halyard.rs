//! One of the team: a console with a mirror of its own, before the shared services.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use halyard_console::{
    AuthKind, Clock, ConnectInput, Console, ConsoleError, ConsoleParts, Credential, EditInput, KeepKey,
    Outcome, Resolution, SaveDraft, StageInput, Traffic,
};
use halyard_mirror::Mirror;
use halyard_model::{
    ChangeSetState, Choice, ConnectionId, Edit, EditState, EnvironmentKey, FieldChanges, FieldPath, Flag,
    FlagKey, FlagState, Service, Subject, merge,
};
use halyard_provider::{EdgeFlags, Flagsmith, HttpSettings, Provider, Resolver};
use halyard_sandbox::Running;
use serde_json::json;

use crate::{
    dice::Dice,
    fakes::{Keychain, SteppedClock},
    judge::Judge,
    path::Path,
};

/// How often a conflict is decided before its edit is given up.
const MOST_DECISIONS: u32 = 10;

pub struct Halyard {
    pub name: String,
    path: Path,
    pub console: Console,
    mirror: Mirror,
    clock: Arc<SteppedClock>,
    pub connection: ConnectionId,
    pub environment: EnvironmentKey,
}

impl Halyard {
    /// Connected and refreshed. It calls the sandbox by a name that tells it from others.
    pub async fn new(sandbox: &Running, path: Path, name: &str) -> Halyard {
        let clock = Arc::new(SteppedClock::default());
        let provider = provider(path, &clock);
        let mirror = Mirror::in_memory().await.unwrap();
        let console = Console::new(ConsoleParts {
            mirror: mirror.clone(),
            keys: Arc::new(Keychain::default()),
            clock: clock.clone(),
            providers: Arc::new(move |_| provider.clone()),
            traffic: Traffic::default(),
        });
        let (connection, environment) = connected(&console, sandbox, path, name).await;
        console.refresh(&connection, &environment).await.unwrap();
        Halyard {
            name: name.to_owned(),
            path,
            console,
            mirror,
            clock,
            connection,
            environment,
        }
    }

    /// Every flag as its mirror has it.
    pub async fn flags(&self) -> Vec<Flag> {
        let flags = self
            .console
            .flags(&self.connection, &self.environment)
            .await
            .unwrap();
        flags.into_iter().map(|facts| facts.flag).collect()
    }

    /// One random edit, led to its end; each request that could have replaced something goes before the judge.
    pub async fn edit(&self, flag: &str, mark: &str, dice: &mut Dice, judge: &Judge<'_>) {
        let subject = Subject::state_of(&FlagKey(flag.to_owned()));
        let facts = self
            .console
            .subject(&self.connection, &self.environment, &subject)
            .await
            .unwrap();
        let state = facts.state.as_ref().and_then(|state| state.flag_state()).unwrap();
        let changes = some_change(self.path, state, mark, judge.segments, dice);
        let seen = judge.seen(flag);
        let outcome = if dice.one_in(4) {
            let input = StageInput {
                connection: self.connection.clone(),
                environment: self.environment.clone(),
                subject,
                revision: facts.revision,
                changes,
                change_set: None,
            };
            self.published(input).await
        } else {
            let input = EditInput {
                connection: self.connection.clone(),
                environment: self.environment.clone(),
                subject,
                revision: facts.revision,
                changes,
                confirmed: None,
            };
            self.console.edit(input).await
        };
        judge.hear(&self.name, flag, seen, &outcome);
        if let Ok(Outcome::Conflict { edit }) = outcome {
            self.decide(*edit, flag, dice, judge).await;
        }
    }

    /// Decides a conflict by chance, again where there is another.
    async fn decide(&self, mut edit: Edit, flag: &str, dice: &mut Dice, judge: &Judge<'_>) {
        for _ in 0..MOST_DECISIONS {
            let EditState::Conflicted { theirs, .. } = &edit.state else {
                panic!("{edit:?} is in conflict");
            };
            let merge = merge(edit.base.as_ref(), edit.wish.as_ref(), theirs.as_deref());
            let choose = |field: FieldPath| (field, [Choice::Mine, Choice::Theirs][dice.below(2)].clone());
            let choices: BTreeMap<FieldPath, Choice> = merge.contested().into_iter().map(choose).collect();
            let seen = judge.seen(flag);
            let mut outcome = self.console.resolve_fields(&edit.id, &choices, None).await;
            if let Ok(Outcome::Staged { edit }) = &outcome {
                outcome = self.send_set(edit).await;
            }
            if matches!(outcome, Err(ConsoleError::StaleView)) {
                self.clock.advance(60_000);
                self.console
                    .refresh(&self.connection, &self.environment)
                    .await
                    .unwrap();
                continue;
            }
            judge.hear(&self.name, flag, seen, &outcome);
            match outcome {
                Ok(Outcome::Conflict { edit: again }) => edit = *again,
                _ => return,
            }
        }
        judge.gave_up();
        self.console
            .resolve(&edit.id, Resolution::KeepTheirs, None)
            .await
            .unwrap();
    }

    /// The same by way of a change set, and what became of it.
    async fn published(&self, input: StageInput) -> Result<Outcome, ConsoleError> {
        let edit = self.console.stage(input).await?;
        self.send_set(&edit).await
    }

    async fn send_set(&self, edit: &Edit) -> Result<Outcome, ConsoleError> {
        let set = edit.change_set.clone().unwrap();
        let state = self.console.change_set(&set).await?.set.state;
        match state {
            ChangeSetState::Open => drop(self.console.publish(&set, &BTreeMap::new()).await?),
            ChangeSetState::Paused(_) => drop(self.console.resume(&set).await?),
            _ => {}
        }
        crate::until(async || {
            let state = self.console.change_set(&set).await.unwrap().set.state;
            (state != ChangeSetState::Publishing).then_some(())
        })
        .await;
        let edit = Box::new(self.mirror.edit(&edit.id).await?.unwrap());
        Ok(match edit.state {
            EditState::Confirmed => Outcome::Confirmed { edit },
            EditState::Conflicted { .. } => Outcome::Conflict { edit },
            EditState::Unknown { .. } => Outcome::Unknown { edit },
            _ => Outcome::NotDone { edit },
        })
    }
}

fn provider(path: Path, clock: &Arc<SteppedClock>) -> Arc<dyn Provider> {
    let clock = clock.clone();
    let settings = HttpSettings {
        retry_pause: Duration::from_millis(2),
        settling_pause: Duration::from_millis(10),
        now: Arc::new(move || clock.now()),
        resolver: Some(Resolver::new(|_| Ok(vec![IpAddr::from([127, 0, 0, 1])]))),
        ..HttpSettings::default()
    };
    match path.service() {
        Service::Flagsmith => Arc::new(Flagsmith::new(settings).unwrap()),
        Service::EdgeFlags => Arc::new(EdgeFlags::new(settings).unwrap()),
    }
}

async fn connected(
    console: &Console,
    sandbox: &Running,
    path: Path,
    name: &str,
) -> (ConnectionId, EnvironmentKey) {
    let announcement = sandbox.announcement();
    let (address, key, auth) = match path.service() {
        Service::Flagsmith => (
            announcement.flagsmith_text("url").to_owned(),
            announcement.flagsmith_text("api_key").to_owned(),
            AuthKind::OrganisationKey,
        ),
        Service::EdgeFlags => (
            announcement.edgeflags.url.clone(),
            announcement.edgeflags.token.clone(),
            AuthKind::AccessToken,
        ),
    };
    let input = ConnectInput {
        service: path.service(),
        address: address.replace("127.0.0.1", &format!("{name}.localhost")),
        credential: Credential::new(&key),
        auth,
        connection: None,
    };
    let draft = console.connect(input).await.unwrap();
    let project = draft.discovery.organisations[0].projects[0].id.clone();
    let environments = console.draft_environments(&draft.id, &project).await.unwrap();
    let wanted = environments.iter().find(|one| one.name == path.environment());
    let save = SaveDraft {
        draft: draft.id,
        project,
        environments: vec![wanted.unwrap().key.0.clone()],
        flags_address: None,
        edge_proxies: Vec::new(),
        keep: KeepKey::Keychain,
    };
    let environment = wanted.unwrap().key.clone();
    (console.save_draft(save).await.unwrap(), environment)
}

/// A toggle, a value, weights, or something about overrides (on EdgeFlags: about targeting).
fn some_change(
    path: Path,
    state: &FlagState,
    mark: &str,
    segments: &[(String, String)],
    dice: &mut Dice,
) -> FieldChanges {
    match dice.below(5) {
        0 => FieldChanges::from([(FieldPath::Enabled, Some(json!(!state.enabled)))]),
        2 if !state.variants.is_empty() => {
            let mut variants = state.variants.clone();
            let most = 100 / variants.len();
            for variant in &mut variants {
                variant.weight = f64::from(u32::try_from(dice.below(most)).unwrap());
            }
            FieldChanges::from([(FieldPath::Weights, Some(json!(variants)))])
        }
        1 | 2 => FieldChanges::from([(FieldPath::Value, Some(json!(mark)))]),
        _ if path == Path::EdgeFlags => FieldChanges::from([
            (FieldPath::HasTargeting, Some(json!(true))),
            (
                FieldPath::Rollout,
                Some(json!({"percentage": dice.below(101), "attribute": "user_id"})),
            ),
        ]),
        _ => some_override(state, mark, segments, dice),
    }
}

fn some_override(
    state: &FlagState,
    mark: &str,
    segments: &[(String, String)],
    dice: &mut Dice,
) -> FieldChanges {
    let (id, name) = dice.pick(segments).clone();
    let known = state.segment_overrides.iter().find(|own| own.segment_id == id);
    match known {
        None => {
            let mut changes = FieldChanges::from([
                (FieldPath::Override(id.clone()), Some(json!(name))),
                (FieldPath::OverrideEnabled(id.clone()), Some(json!(true))),
                (FieldPath::OverrideValue(id.clone()), Some(json!(mark))),
            ]);
            // The service gives every option a share, so that leaving them out would be overtaken by its own answer.
            if !state.variants.is_empty() {
                changes.insert(FieldPath::OverrideWeights(id), Some(json!(state.variants)));
            }
            changes
        }
        Some(_) if dice.one_in(2) => FieldChanges::from([(FieldPath::Override(id), None)]),
        Some(own) if dice.one_in(2) => {
            FieldChanges::from([(FieldPath::OverrideEnabled(id), Some(json!(!own.enabled)))])
        }
        Some(_) => FieldChanges::from([(FieldPath::OverrideValue(id), Some(json!(mark)))]),
    }
}
