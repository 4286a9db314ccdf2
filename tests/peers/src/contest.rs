//! All engines on the same documents and identities, one after the other, round after round, so that whatever else the
//! machine does meets all of them.

#![allow(clippy::print_stdout, reason = "part of the report")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use flagsmith_flag_engine::identities::Trait;
use halyard_engine::{Dialect, Engine, Identity};

use crate::foreign::{Files, Foreign};
use crate::official::{self, Official, traits_of};
use crate::people;
use crate::profile::Profile;
use crate::rows::{Row, Samples};
use crate::workload::IDENTITIES;

/// Rounds of the contest; medians are over these.
const ROUNDS: usize = 9;

/// Everything that takes part, loaded with all profiles.
pub struct Contest {
    identities: Vec<Identity>,
    traits: Vec<Vec<Trait>>,
    texts: Vec<String>,
    engines: Vec<Engine>,
    officials: Vec<Official>,
    foreign: Vec<Foreign>,
    files: Files,
}

/// One engine's share: what it is called and its samples in seconds, per profile.
struct Lane {
    name: String,
    samples: Vec<Samples>,
    enabled: Vec<usize>,
}

impl Lane {
    fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            samples: vec![Samples::default(); Profile::ALL.len()],
            enabled: vec![0; Profile::ALL.len()],
        }
    }
}

impl Contest {
    /// Makes documents and identities and loads them everywhere.
    pub fn new(root: &Path) -> Result<Self, String> {
        let identities: Vec<Identity> = (0..IDENTITIES).map(people::identity).collect();
        let files =
            Files::write(&root.join("target/bench/input"), &identities).map_err(|error| error.to_string())?;
        let texts: Vec<String> = Profile::ALL.map(|profile| profile.document().to_string()).into();
        let traits = identities.iter().map(traits_of).collect::<Result<_, _>>();
        let officials = texts
            .iter()
            .map(|text| Official::from_text(text))
            .collect::<Result<_, _>>();
        let engines = texts.iter().map(|text| compile(text)).collect::<Result<_, _>>()?;
        let mut foreign = Foreign::installed(root);
        for one in &mut foreign {
            for profile in Profile::ALL {
                one.load(profile, &files)?;
            }
        }
        Ok(Self {
            traits: traits.map_err(|error: serde_json::Error| error.to_string())?,
            officials: officials.map_err(|error: serde_json::Error| error.to_string())?,
            identities,
            texts,
            engines,
            foreign,
            files,
        })
    }

    /// All flags of one identity.
    pub fn evaluation(&mut self) -> Result<Vec<Row>, String> {
        let mut own = Lane::new("own");
        let mut cloned = Lane::new(format!("{}, as its SDK calls it", official::NAME));
        let mut reused = Lane::new(format!("{}, context reused", official::NAME));
        let mut others: Vec<Lane> = self.foreign.iter().map(|one| Lane::new(one.name())).collect();
        for round in 0..=ROUNDS {
            for (at, profile) in Profile::ALL.into_iter().enumerate() {
                // About as long as the crate's sample, so that whatever else runs disturbs both alike.
                let passes = if profile == Profile::Large { 100 } else { 250 };
                self.own_pass(&mut own, at, passes)?;
                self.official_pass(&mut cloned, at, false);
                self.official_pass(&mut reused, at, true);
                for (one, lane) in self.foreign.iter_mut().zip(&mut others) {
                    let timing = one.evaluate(profile, 1)?;
                    lane.samples[at].push(timing.seconds / IDENTITIES as f64);
                    lane.enabled[at] = timing.enabled;
                }
            }
            if round == 0 {
                // The first round warms up caches, lazily built patterns and compilers at run time.
                for lane in [&mut own, &mut cloned, &mut reused]
                    .into_iter()
                    .chain(&mut others)
                {
                    lane.samples.fill(Samples::default());
                }
            }
        }
        let peers: Vec<Lane> = [cloned, reused].into_iter().chain(others).collect();
        agreement(&own, &peers)?;
        Ok(rows("evaluate", &own, &peers, "us", 1e6))
    }

    fn own_pass(&self, lane: &mut Lane, at: usize, passes: usize) -> Result<(), String> {
        let engine = &self.engines[at];
        let mut scratch = engine.scratch();
        let started = Instant::now();
        for _ in 0..passes {
            for identity in &self.identities {
                let outcomes = engine.decide(black_box(identity), &mut scratch);
                black_box(outcomes.map_err(|error| error.to_string())?);
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        lane.samples[at].push(seconds / (passes * IDENTITIES) as f64);
        lane.enabled[at] = 0;
        for identity in &self.identities {
            let outcomes = engine
                .decide(identity, &mut scratch)
                .map_err(|error| error.to_string())?;
            let flags = outcomes
                .iter()
                .enumerate()
                .filter_map(|(flag, outcome)| engine.result(flag, *outcome));
            lane.enabled[at] += flags.filter(|flag| flag.enabled).count();
        }
        Ok(())
    }

    fn official_pass(&mut self, lane: &mut Lane, at: usize, reuses: bool) {
        let official = &mut self.officials[at];
        let mut enabled = 0;
        let started = Instant::now();
        for (identity, traits) in self.identities.iter().zip(&self.traits) {
            let identifier = black_box(&identity.identifier);
            let result = if reuses {
                official.evaluate_reusing(identifier, traits)
            } else {
                official.evaluate(identifier, traits)
            };
            enabled += result.flags.values().filter(|flag| flag.enabled).count();
        }
        lane.samples[at].push(started.elapsed().as_secs_f64() / IDENTITIES as f64);
        lane.enabled[at] = enabled;
    }

    /// From a document's text to something that can evaluate.
    pub fn compilation(&mut self) -> Result<Vec<Row>, String> {
        let mut own = Lane::new("own");
        let mut cloned = Lane::new(official::NAME);
        let mut others: Vec<Lane> = self.foreign.iter().map(|one| Lane::new(one.name())).collect();
        for _ in 0..ROUNDS {
            for (at, profile) in Profile::ALL.into_iter().enumerate() {
                let text = black_box(&self.texts[at]);
                let started = Instant::now();
                let engine = compile(text)?;
                own.samples[at].push(started.elapsed().as_secs_f64());
                drop(black_box(engine));
                let started = Instant::now();
                let official = Official::from_text(text).map_err(|error| error.to_string())?;
                cloned.samples[at].push(started.elapsed().as_secs_f64());
                drop(black_box(official));
                for (one, lane) in self.foreign.iter_mut().zip(&mut others) {
                    lane.samples[at].push(one.load(profile, &self.files)?.seconds);
                }
            }
        }
        let peers: Vec<Lane> = std::iter::once(cloned).chain(others).collect();
        let mut rows = rows("parse and compile", &own, &peers, "ms", 1e3);
        for row in rows.iter_mut().filter(|row| row.name.contains("/large/")) {
            row.goal = Some(15.0);
        }
        Ok(rows)
    }
}

fn compile(text: &str) -> Result<Engine, String> {
    Engine::from_text(text, Dialect::Sdk11_1).map_err(|error| error.to_string())
}

/// Whether the engines did the same work. The reference must; of the others it is said.
fn agreement(own: &Lane, peers: &[Lane]) -> Result<(), String> {
    for (at, profile) in Profile::ALL.into_iter().enumerate() {
        for peer in peers.iter().filter(|peer| peer.enabled[at] != own.enabled[at]) {
            let (name, theirs, ours) = (&peer.name, peer.enabled[at], own.enabled[at]);
            let text = format!(
                "{}: {name} finds {theirs} flags enabled, not {ours}",
                profile.name()
            );
            if name.starts_with("Python") {
                return Err(text);
            }
            println!("note: {text}");
        }
    }
    Ok(())
}

fn rows(topic: &str, own: &Lane, peers: &[Lane], unit: &'static str, scale: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, profile) in Profile::ALL.into_iter().enumerate() {
        for peer in peers {
            let name = format!("{topic}/{}/beside {}", profile.name(), peer.name);
            let row = Row::of(name, &own.samples[at].scaled(scale), unit);
            rows.push(row.beside(&peer.name, &peer.samples[at].scaled(scale)));
        }
    }
    rows
}

/// A peer's median of reading and compiling a whole document, out of the rows about that.
pub fn median_of_full_compilation(rows: &[Row], profile: Profile, peer: &str) -> Option<f64> {
    let of_profile = format!("/{}/", profile.name());
    let row = rows
        .iter()
        .find(|row| row.name.contains(&of_profile) && row.peer.as_deref() == Some(peer))?;
    row.peer_value
}
