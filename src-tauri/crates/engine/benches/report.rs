//! Measures evaluation on two generated environments and writes
//! `target/bench/report.json`: an array of rows
//! `{"name", "value", "unit", "better", "spread"}`.
//!
//! Times depend on the machine and on what else it does; the load average is
//! printed beside them. Compare rows of one run.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints what it measured"
)]

use std::{fs, hint::black_box, path::Path, time::Instant};

use halyard_engine::{Dialect, Engine, Identity};
use serde_json::{Value, json};

/// Samples of each measurement; the median is reported.
const SAMPLES: usize = 31;

/// What an environment of a size is made of.
struct Shape {
    name: &'static str,
    flags: usize,
    segments: usize,
    conditions: usize,
    overrides_per_segment: usize,
    multivariate: usize,
}

const SHAPES: [Shape; 2] = [
    Shape {
        name: "bench",
        flags: 50,
        segments: 15,
        conditions: 15,
        overrides_per_segment: 50,
        multivariate: 10,
    },
    Shape {
        name: "large",
        flags: 400,
        segments: 400,
        conditions: 4,
        overrides_per_segment: 12,
        multivariate: 40,
    },
];

fn main() {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".into());
    println!("load average before: {}", load.trim());
    let mut rows = Vec::new();
    for shape in &SHAPES {
        let document = document(shape);
        let text = document.to_string();
        println!("{}: {} bytes", shape.name, text.len());
        rows.push(row(shape, "parse and compile", "ms", 1e3, 1, || {
            let document: Value = serde_json::from_str(&text).unwrap();
            black_box(Engine::from_document(&document, Dialect::Server10_2).unwrap());
        }));
        let engine = Engine::from_document(&document, Dialect::Server10_2).unwrap();
        let identities: Vec<Identity> = (0..64).map(identity).collect();
        rows.push(row(
            shape,
            "evaluate all flags of one identity",
            "us",
            1e6,
            identities.len(),
            || {
                for identity in &identities {
                    let evaluation = engine.evaluate(identity).unwrap();
                    black_box(evaluation.flags().filter(|flag| flag.enabled).count());
                }
            },
        ));
        rows.push(row(
            shape,
            "explain one flag",
            "us",
            1e6,
            identities.len(),
            || {
                for identity in &identities {
                    black_box(engine.explain(identity, "flag_0").unwrap());
                }
            },
        ));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/bench");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("report.json"),
        serde_json::to_string_pretty(&rows).unwrap(),
    )
    .unwrap();
    println!("written: target/bench/report.json");
}

/// Times `work`, which does `per_sample` pieces of it each time.
fn row(shape: &Shape, what: &str, unit: &str, scale: f64, per_sample: usize, work: impl Fn()) -> Value {
    work();
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64() * scale / per_sample as f64
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    let (low, median, high) = (samples[0], samples[SAMPLES / 2], samples[SAMPLES * 9 / 10]);
    let name = format!("engine/{}/{what}", shape.name);
    println!("{name}: {median:.2} {unit} (from {low:.2}, nine of ten under {high:.2})");
    json!({"name": name, "value": median, "unit": unit, "better": "lower", "spread": [low, high]})
}

fn identity(number: usize) -> Identity {
    let mut identity = Identity::new(format!("user_{number}"));
    for slot in 0..15 {
        identity
            .traits
            .insert(format!("trait_{slot}"), json!((slot * 7 + number) % 40));
    }
    identity
}

fn document(shape: &Shape) -> Value {
    let flags: Vec<Value> = (0..shape.flags)
        .map(|flag| state(shape, flag, 1 + flag))
        .collect();
    let segments: Vec<Value> = (0..shape.segments)
        .map(|segment| {
            let overrides: Vec<Value> = (0..shape.overrides_per_segment)
                .map(|nth| {
                    let flag = (segment * 13 + nth) % shape.flags;
                    let mut state = state(shape, flag, 10_000 + segment * 500 + nth);
                    state["feature_segment"] = json!({"priority": segment});
                    state
                })
                .collect();
            json!({"id": segment + 1, "name": format!("segment_{segment}"), "feature_states": overrides,
                   "rules": [{"type": "ALL", "rules": [], "conditions": conditions(shape, segment)}]})
        })
        .collect();
    json!({"id": 1, "api_key": "env", "name": "Production", "feature_states": flags, "identity_overrides": [],
           "project": {"id": 1, "name": "Generated", "segments": segments}})
}

fn conditions(shape: &Shape, segment: usize) -> Vec<Value> {
    (0..shape.conditions)
        .map(|nth| {
            let (operator, value) = match nth % 4 {
                0 => ("GREATER_THAN_INCLUSIVE", "0".to_owned()),
                1 => ("NOT_EQUAL", format!("{}", 100 + segment)),
                2 => ("LESS_THAN", format!("{}", 38 + segment % 5)),
                _ => ("IN", (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(",")),
            };
            json!({"operator": operator, "property_": format!("trait_{}", nth % 15), "value": value})
        })
        .collect()
}

fn state(shape: &Shape, flag: usize, seed: usize) -> Value {
    let options: Vec<Value> = (0..if flag < shape.multivariate { 2 } else { 0 })
        .map(|option| {
            json!({"id": flag * 10 + option, "percentage_allocation": 30.0, "mv_fs_value_uuid": format!("00000000-0000-4000-8000-{:012}", seed * 10 + option),
                   "multivariate_feature_option": {"id": option, "key": format!("option_{option}"), "value": format!("option {option}")}})
        })
        .collect();
    json!({"feature": {"id": flag + 1, "name": format!("flag_{flag}"), "type": "STANDARD"}, "enabled": !seed.is_multiple_of(3),
           "django_id": seed, "featurestate_uuid": format!("00000000-0000-4000-8000-{seed:012}"),
           "feature_state_value": format!("value {seed}"), "multivariate_feature_state_values": options})
}
