//! What happens while somebody types: the document is compiled again after one edit, and one identity is traced.

use std::hint::black_box;
use std::time::Instant;

use halyard_engine::{Dialect, Engine, Revision};
use serde_json::json;

use crate::contest::median_of_full_compilation;
use crate::crowd::narrowed;
use crate::official;
use crate::people;
use crate::profile::Profile;
use crate::rows::{Row, Samples};
use crate::workload::IDENTITIES;

/// Samples of each.
const SAMPLES: usize = 31;

/// Recompilation after one edit, and the full trace of one identity, on the large profile.
pub fn rows(compilation: &[Row]) -> Result<Vec<Row>, String> {
    let document = Profile::Large.document();
    let engine =
        Engine::from_text(&document.to_string(), Dialect::Sdk11_1).map_err(|error| error.to_string())?;
    let mut flag = document["feature_states"][7].clone();
    flag["feature_state_value"] = json!("edited");
    let segment = narrowed(&document);
    let identity = &document["identity_overrides"][3];
    let edits = [
        ("a flag's default", Revision::Flag(&flag)),
        ("a segment", Revision::Segment(&segment)),
        ("an identity's overrides", Revision::Identity(identity)),
    ];
    let mut rows = Vec::new();
    for (what, edit) in edits {
        let samples = timed(1e3, || {
            engine
                .revised(&[edit])
                .map(drop)
                .map_err(|error| error.to_string())
        })?;
        let mut row =
            Row::of(format!("recompile/large/after an edit to {what}"), &samples, "ms").towards(2.0);
        // The crate has no way but to read and map everything again.
        if let Some(value) = median_of_full_compilation(compilation, Profile::Large, official::NAME) {
            row = row.beside_value(official::NAME, value);
        }
        rows.push(row);
    }
    let mut number = 0;
    let samples = timed(1e3, || {
        number += 1;
        let identity = people::identity(number % IDENTITIES);
        let trace = engine.trace(&identity);
        let candidates: usize = trace.flags().map(|flag| flag.candidates().len()).sum();
        let decisive: usize = trace.segments().map(|segment| segment.decisive().len()).sum();
        black_box((candidates, decisive, trace.conditions().len()));
        Ok(())
    })?;
    rows.push(
        Row::of(
            "trace/large/every flag, segment and condition of one identity",
            &samples,
            "ms",
        )
        .towards(1.0),
    );
    Ok(rows)
}

fn timed(scale: f64, mut work: impl FnMut() -> Result<(), String>) -> Result<Samples, String> {
    work()?;
    let mut samples = Samples::default();
    for _ in 0..SAMPLES {
        let started = Instant::now();
        work()?;
        samples.push(started.elapsed().as_secs_f64() * scale);
    }
    Ok(samples)
}
