//! Runs over many identities. They happen in a process of their own, whose peak of memory is that of the run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use halyard_engine::{
    Cohort, CohortBuilder, Control, Dialect, Engine, Reason, Revision, distribution, impact,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::people;
use crate::profile::Profile;

/// Identities of the large runs.
pub const MANY: usize = 1_000_000;

/// Identities that an edit to one flag is weighed on while somebody types.
pub const SOME: usize = 100_000;

/// Runs of each kind.
const RUNS: usize = 3;

/// How long runs took, in seconds.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Runs {
    /// By the clock.
    pub clock: Vec<f64>,
    /// Of processor time, all threads together; on a busy machine this says more.
    pub processor: Vec<f64>,
}

impl Runs {
    fn time<T>(&mut self, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let (started, used) = (Instant::now(), processor_seconds());
        let done = work()?;
        self.clock.push(started.elapsed().as_secs_f64());
        self.processor.push(processor_seconds() - used);
        Ok(done)
    }
}

/// What the child process measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Measured {
    /// All flags of the bench profile for [`MANY`] identities.
    pub distribution: Runs,
    /// The same before and after an edit to a segment that overrides every flag.
    pub impact: Runs,
    /// An edit to the default of one flag of the large profile, compiled and weighed on [`SOME`] identities.
    pub flag_edit: Runs,
    /// Seconds from the wish to stop until a run over [`MANY`] has stopped.
    pub cancel: Vec<f64>,
    /// Peak of the memory of it all, cohort included, in MiB.
    pub peak: f64,
}

/// So many identities in columns.
fn cohort(count: usize) -> Cohort {
    let mut builder = CohortBuilder::new();
    for number in 0..count {
        builder.push(&people::identity(number));
    }
    builder.finish()
}

/// Measures everything; run as the child.
pub fn measure() -> Result<Measured, String> {
    let mut measured = Measured::default();
    many(&mut measured)?;
    some(&mut measured)?;
    measured.peak = peak_memory();
    Ok(measured)
}

fn many(measured: &mut Measured) -> Result<(), String> {
    let document = Profile::Bench.document();
    let before = engine(&document)?;
    let after = before
        .revised(&[Revision::Segment(&narrowed(&document))])
        .map_err(|error| error.to_string())?;
    let cohort = cohort(MANY);
    for _ in 0..RUNS {
        measured.distribution.time(|| {
            let found = distribution(&before, &cohort, &Control::new());
            found.map(black_box).map_err(|error| error.to_string())
        })?;
        let found = measured.impact.time(|| {
            impact(&before, &after, &cohort, &[], &Control::new()).map_err(|error| error.to_string())
        })?;
        if found.changed == 0 || found.untouched > 0 {
            return Err("the edit was to reach every flag and to change some identity".to_owned());
        }
        measured.cancel.push(cancelled(&before, &after, &cohort));
    }
    Ok(())
}

/// Seconds that a run goes on after it was cancelled.
fn cancelled(before: &Engine, after: &Engine, cohort: &Cohort) -> f64 {
    let control = Control::new();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| impact(before, after, cohort, &[], &control).is_err());
        std::thread::sleep(Duration::from_millis(150));
        let started = Instant::now();
        control.cancel();
        let stopped = run.join().unwrap_or(false);
        if stopped {
            started.elapsed().as_secs_f64()
        } else {
            f64::INFINITY
        }
    })
}

fn some(measured: &mut Measured) -> Result<(), String> {
    let document = Profile::Large.document();
    let before = engine(&document)?;
    let cohort = cohort(SOME);
    let (name, mut flag) = default_that_counts(&before, &document)?;
    flag["enabled"] = json!(flag["enabled"] == false);
    for _ in 0..RUNS {
        let found = measured.flag_edit.time(|| {
            let after = before
                .revised(&[Revision::Flag(&flag)])
                .map_err(|error| error.to_string())?;
            impact(&before, &after, &cohort, &[&name], &Control::new()).map_err(|error| error.to_string())
        })?;
        if found.changed == 0 || found.surprises().next().is_some() {
            return Err("the edit was to change one flag for some identity".to_owned());
        }
    }
    Ok(())
}

/// The default of a flag that segments override too, and that somebody gets nevertheless.
fn default_that_counts(engine: &Engine, document: &Value) -> Result<(String, Value), String> {
    for number in 0..64 {
        let identity = people::identity(number);
        let evaluation = engine.evaluate(&identity).map_err(|error| error.to_string())?;
        let place = evaluation.flags().position(|flag| flag.reason == Reason::Default);
        if let Some(flag) = place.and_then(|place| document["feature_states"].get(place)) {
            let name = flag["feature"]["name"].as_str().unwrap_or_default().to_owned();
            return Ok((name, flag.clone()));
        }
    }
    Err("no flag of the large profile comes out as its default".to_owned())
}

/// The first segment of a document with one more condition, which some identities meet.
pub fn narrowed(document: &Value) -> Value {
    let mut segment = document["project"]["segments"][0].clone();
    let condition = json!({ "operator": "IN", "property_": "plan", "value": "growth,scale" });
    let rule = if segment["rules"][0]["conditions"]
        .as_array()
        .is_some_and(Vec::is_empty)
    {
        &mut segment["rules"][0]["rules"][0]
    } else {
        &mut segment["rules"][0]
    };
    if let Some(conditions) = rule["conditions"].as_array_mut() {
        conditions.push(condition);
    }
    segment
}

fn engine(document: &Value) -> Result<Engine, String> {
    Engine::from_text(&document.to_string(), Dialect::Sdk11_1).map_err(|error| error.to_string())
}

/// Processor time of this process so far; 0 where the system does not say.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // User and system time, fields 14 and 15 of the line, in hundredths.
    fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// The most memory this process has had, in MiB; 0 where the system does not say.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}
