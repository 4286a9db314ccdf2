//! The fault board: which faults are set, and how often each has struck.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    Effect, Fault, MayaEdit, Surface, edge_proxy::EdgeProxy, edgeflags::EdgeFlags, flagsmith::Flagsmith,
    forward_proxy::ForwardProxy, levers::Levers,
};

/// Where faults are set, in process or over the control route; clones share one board.
#[derive(Debug, Clone)]
pub struct FaultBoard {
    state: Arc<Mutex<State>>,
    services: Services,
}

#[derive(Debug, Default)]
struct State {
    posted: Vec<Posted>,
    levers: Levers,
}

/// The services that faults and Maya act on.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) flagsmith: Flagsmith,
    pub(crate) edge_proxy: EdgeProxy,
    pub(crate) edgeflags: EdgeFlags,
    pub(crate) forward_proxy: ForwardProxy,
}

/// A fault on the board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Posted {
    /// What was set.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests have matched.
    pub seen: u32,
    /// How many of them it struck.
    pub struck: u32,
    /// When it was set.
    #[serde(skip)]
    pub set_at: Timestamp,
}

impl Posted {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            seen: 0,
            struck: 0,
            set_at: Timestamp::now(),
        }
    }
}

impl FaultBoard {
    pub(crate) fn new(services: Services) -> Self {
        Self {
            state: Arc::default(),
            services,
        }
    }

    /// Sets a fault in place of every other one of its name.
    pub fn set(&self, fault: Fault) {
        let name = fault.effect.name();
        self.replace(name, vec![fault]);
    }

    /// Sets these faults of one name in place of every other one of it.
    pub fn replace(&self, name: &str, faults: Vec<Fault>) {
        let mut state = self.lock();
        state.posted.retain(|one| one.fault.effect.name() != name);
        state.posted.extend(faults.into_iter().map(Posted::new));
        self.pull_levers(&mut state);
    }

    /// Sets a fault beside those already there.
    pub fn add(&self, fault: Fault) {
        let mut state = self.lock();
        state.posted.push(Posted::new(fault));
        self.pull_levers(&mut state);
    }

    /// Removes the faults of one name.
    pub fn remove(&self, name: &str) {
        self.replace(name, Vec::new());
    }

    /// Removes every fault.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.posted.clear();
        self.pull_levers(&mut state);
    }

    /// What is set now, in the order it was set.
    pub fn posted(&self) -> Vec<Posted> {
        self.lock().posted.clone()
    }

    /// How many requests the faults of one name have struck.
    pub fn struck(&self, name: &str) -> u32 {
        self.lock()
            .posted
            .iter()
            .filter(|one| one.fault.effect.name() == name)
            .map(|one| one.struck)
            .sum()
    }

    /// Lets Maya edit now. The Edge Proxy's data is Flagsmith's.
    ///
    /// # Errors
    /// Says what the service would have refused.
    pub fn edit_as_maya(&self, surface: Surface, edit: &MayaEdit) -> Result<(), String> {
        match surface {
            Surface::Flagsmith | Surface::EdgeProxy | Surface::ProxyUpstream => {
                self.services.flagsmith.edit_as_maya(edit)
            }
            Surface::EdgeFlags => self.services.edgeflags.edit_as_maya(edit),
            Surface::Status => Err("nobody edits the status feed".to_owned()),
        }
    }

    pub(crate) fn forward_proxy(&self) -> &ForwardProxy {
        &self.services.forward_proxy
    }

    pub(crate) fn edgeflags(&self) -> &EdgeFlags {
        &self.services.edgeflags
    }

    /// Counts a request, and gives the effects that strike it in the order they were set.
    pub(crate) fn strike(&self, surface: Surface, method: &str, target: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for one in self.lock().posted.iter_mut() {
            if one.fault.effect.is_state() || !one.fault.concerns(surface, method, target) {
                continue;
            }
            one.seen = one.seen.saturating_add(1);
            let due = one.seen >= one.fault.first();
            if due && one.fault.bound().is_none_or(|bound| one.struck < bound) {
                one.struck = one.struck.saturating_add(1);
                effects.push(one.fault.effect.clone());
            }
        }
        effects
    }

    fn pull_levers(&self, state: &mut State) {
        let wanted = Levers::wanted(&state.posted);
        let before = std::mem::replace(&mut state.levers, wanted);
        state.levers.pull(&before, &self.services);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
