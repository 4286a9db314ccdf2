//! The rate governor in virtual time, beside the best possible schedule and beside a service at rest: the same runs that
//! the provider's tests hold against bounds.

use tokio::runtime::Builder;

use crate::rows::Row;
use model::rush::{self, Measured};
use model::service::{EDGEFLAGS, HOSTED, Kind, SELF_HOSTED};

#[path = "../../../src-tauri/crates/provider/tests/governor/model/mod.rs"]
mod model;

/// Most that a run may take, of the best schedule's time.
const LONGER: f64 = 1.1;

/// Most that an interactive request may take, of its time where there is nothing in the background.
const SLOWER: f64 = 2.0;

/// 5,000 background requests against each service, with somebody who goes on clicking; and two installations with one
/// token.
pub fn rows() -> Result<Vec<Row>, String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for kind in [EDGEFLAGS, HOSTED, SELF_HOSTED] {
        rows.extend(of_run(kind, &runtime.block_on(rush::run(kind))));
    }
    for (kind, least) in [(EDGEFLAGS, 0.45), (HOSTED, 0.35), (SELF_HOSTED, 0.2)] {
        let shares = runtime.block_on(rush::share(kind, model::limiter::MINUTE * 20));
        let larger = 1.0 - shares.smaller();
        let name = format!("governor/{}/two with one token, the larger share", kind.name);
        rows.push(limited(
            Row::lower(name, larger * 100.0, "%"),
            (1.0 - least) * 100.0,
        ));
    }
    Ok(rows)
}

fn of_run(kind: Kind, run: &Measured) -> Vec<Row> {
    let row =
        |what: &str, value: f64, unit| Row::lower(format!("governor/{}/{what}", kind.name), value, unit);
    let best = run.best.as_secs_f64();
    let took = row("5,000 background requests", run.took.as_secs_f64(), "s");
    let click = |what, share| {
        let idle = run.idle.percentile(share);
        let row = row(what, run.clicks.percentile(share), "ms").beside_value("at rest", idle);
        limited(row, idle * SLOWER)
    };
    vec![
        limited(
            took.beside_value("the best possible schedule", best),
            best * LONGER,
        ),
        limited(
            row(
                "refusals after the first lesson",
                run.refused_later(kind) as f64,
                "answers",
            ),
            0.0,
        ),
        limited(
            row("refusals", run.refused.len() as f64, "answers"),
            // A service that tells its limit, or documents it, never has to refuse; those on their way with the
            // one that teaches an unknown limit are refused with it.
            if kind.base == SELF_HOSTED.base { 4.0 } else { 0.0 },
        ),
        limited(
            row(
                "reserve taken by the background",
                run.reserve_taken(kind) * 100.0,
                "%",
            ),
            0.0,
        ),
        click("interactive, p50", 0.5),
        click("interactive, p99", 0.99),
    ]
}

fn limited(mut row: Row, limit: f64) -> Row {
    row.limit = Some(limit);
    row
}
