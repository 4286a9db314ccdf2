//! Friendly switches for the demo: each brings about one thing that a console should warn of.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::{Effect, ErrorBody, Fault, FaultBoard, MayaEdit, Moment, Surface};

/// A flag that both services of the sample shop have.
const FLAG: &str = "max_items_per_order";

/// A switch of the demo's fault board.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoFault {
    /// What it is switched by.
    pub id: &'static str,
    /// A short title.
    pub title: &'static str,
    /// What somebody who switches it on will see.
    pub shows: &'static str,
    /// What it sets. No two switches set faults of one name.
    pub faults: Vec<Fault>,
}

/// Whether a switch is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Its faults are set.
    On,
    /// They are removed.
    Off,
}

/// Every switch of the demo, in the order to show them. Maya's edit differs from one call to a later one, so
/// that she changes something each time.
pub fn demo_faults() -> Vec<DemoFault> {
    let both = |effect: &Effect| {
        let on = |surface| Fault::of(effect.clone()).on(surface);
        vec![on(Surface::Flagsmith), on(Surface::EdgeFlags)]
    };
    let switch = |id, title, shows, faults| DemoFault {
        id,
        title,
        shows,
        faults,
    };
    vec![
        switch(
            "throttled",
            "Too many requests",
            "Both services answer 429 and ask for 20 seconds: requests wait with a countdown, and none is lost.",
            both(&Effect::Throttle {
                retry_after: Some(20),
            }),
        ),
        switch(
            "stale_document",
            "Stale document",
            "Edits are saved, and what is served stays as it is now: the propagation check finds the difference.",
            both(&Effect::StaleDocument),
        ),
        switch(
            "frozen_proxy",
            "Frozen Edge Proxy",
            "The Edge Proxy takes no new documents while its health stays green: only comparing content tells.",
            vec![Fault::of(Effect::FrozenProxy).on(Surface::EdgeProxy)],
        ),
        switch(
            "server_error",
            "Server errors",
            "Both services answer 502 with a page: reads are tried again, writes are looked up before they are.",
            both(&Effect::ServerError {
                status: 502,
                body: ErrorBody::Html,
            }),
        ),
        switch(
            "slow",
            "Slow answers",
            "Every answer of both services takes three seconds longer: what is shown stays usable and shows its age.",
            both(&Effect::Latency { ms: 3_000 }),
        ),
        switch(
            "maya",
            "Maya edits",
            "Maya changes max_items_per_order in Production just before your next request: a conflict if you edit it.",
            vec![
                maya(Surface::Flagsmith, "Production"),
                maya(Surface::EdgeFlags, "production"),
            ],
        ),
        switch(
            "incident",
            "Provider incident",
            "The provider's status feed tells of an incident of its Edge API.",
            vec![Fault::of(Effect::Incident {
                title: "Delayed flag updates on the Edge API".to_owned(),
                impact: "major".to_owned(),
                component: "Edge API".to_owned(),
            })],
        ),
        switch(
            "queue",
            "Growing task queue",
            "Flagsmith's queue grows by five tasks a second, and its documents stand still until it is empty.",
            vec![
                Fault::of(Effect::Queue {
                    waiting: 120,
                    per_second: 5,
                })
                .on(Surface::Flagsmith),
            ],
        ),
    ]
}

fn maya(surface: Surface, environment: &str) -> Fault {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let edit = MayaEdit {
        environment: environment.to_owned(),
        flag: FLAG.to_owned(),
        enabled: None,
        // Never 40, which is what the shop starts with.
        value: Some(json!(41 + since.as_secs() % 59)),
        ..MayaEdit::default()
    };
    Fault::of(Effect::Maya {
        edit,
        when: Moment::Before,
        nth: 1,
    })
    .on(surface)
}

impl FaultBoard {
    /// Switches one of [`demo_faults`]. Whether there is one with this id.
    pub fn switch_demo(&self, id: &str, switch: Switch) -> bool {
        let Some(wanted) = demo_faults().into_iter().find(|one| one.id == id) else {
            return false;
        };
        let Some(name) = wanted.faults.first().map(|fault| fault.effect.name()) else {
            return false;
        };
        let faults = match switch {
            Switch::On => wanted.faults,
            Switch::Off => Vec::new(),
        };
        self.replace(name, faults);
        true
    }

    /// The ids of the switches that are on. Maya's is off again once she has edited both services.
    pub fn demo_switches_on(&self) -> Vec<&'static str> {
        let posted = self.posted();
        let is_on = |one: &DemoFault| {
            one.faults.iter().any(|fault| {
                posted.iter().any(|set| {
                    let spent = set.fault.bound().is_some_and(|bound| set.struck >= bound);
                    set.fault.effect.name() == fault.effect.name() && !spent
                })
            })
        };
        let on = demo_faults().into_iter().filter(is_on);
        on.map(|one| one.id).collect()
    }
}
