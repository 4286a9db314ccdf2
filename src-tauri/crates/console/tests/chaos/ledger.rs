//! What was promised about each edit, beside what the service carried out.

use std::collections::{BTreeMap, BTreeSet};

use halyard_sandbox::Exchange;

use crate::bench::{Bench, Path, Place};

/// Faults under which a request is not carried out.
const NOT_CARRIED_OUT: [&str; 5] = ["throttle", "server_error", "refuse", "huge_body", "answer"];

#[derive(Default)]
pub struct Ledger {
    confirmed: BTreeSet<String>,
    not_done: BTreeSet<String>,
    refused: BTreeMap<String, String>,
    conflicted: BTreeSet<String>,
    /// How often each marker was carried out, and by which drafts where drafts carry it.
    carried_out: BTreeMap<String, u32>,
    drafts: BTreeMap<String, String>,
    requests: u64,
    struck: u64,
}

impl Ledger {
    pub fn confirmed(&mut self, marker: &str) {
        self.confirmed.insert(marker.to_owned());
    }

    pub fn not_done(&mut self, marker: &str) {
        self.not_done.insert(marker.to_owned());
    }

    pub fn refused(&mut self, marker: &str, why: String) {
        self.refused.insert(marker.to_owned(), why);
    }

    pub fn conflicted(&mut self, marker: &str) {
        self.conflicted.insert(marker.to_owned());
    }

    /// Enters what the service was asked since the last time.
    pub fn read(&mut self, bench: &Bench) {
        for exchange in bench.sandbox.journal() {
            self.requests += 1;
            self.struck += u64::from(!exchange.faults.is_empty());
            let spared = exchange
                .faults
                .iter()
                .any(|fault| NOT_CARRIED_OUT.contains(fault));
            let refused = exchange.status.is_some_and(|status| (400..500).contains(&status));
            if exchange.method == "GET" || spared || refused {
                continue;
            }
            self.enter(bench.path, &exchange);
        }
        bench.sandbox.clear_journal();
    }

    fn enter(&mut self, path: Path, exchange: &Exchange) {
        let marker = marker_in(&exchange.body);
        match (path, marker) {
            // A draft reaches nobody; publishing it does.
            (Path::FlagsmithV2, Some(marker)) if exchange.target.contains("/versions/") => {
                if exchange.body.contains("publish_immediately") {
                    *self.carried_out.entry(marker).or_default() += 1;
                } else {
                    self.drafts.insert(flag_of(&exchange.target), marker);
                }
            }
            (Path::FlagsmithV2, _) if exchange.target.contains("/publish/") => {
                // Publishing the same draft again changes nothing.
                if let Some(marker) = self.drafts.remove(&flag_of(&exchange.target)) {
                    *self.carried_out.entry(marker).or_default() += 1;
                }
            }
            (_, Some(marker)) => *self.carried_out.entry(marker).or_default() += 1,
            (_, None) => {}
        }
    }

    /// Holds every promise against what was carried out.
    pub async fn check(&mut self, bench: &Bench, place: &Place) {
        let times = |marker: &String| self.carried_out.get(marker).copied().unwrap_or_default();
        for (marker, times) in &self.carried_out {
            assert!(*times <= 1, "{marker} was made {times} times");
        }
        for marker in &self.confirmed {
            assert_eq!(times(marker), 1, "{marker} was confirmed");
        }
        for (marker, why) in &self.refused {
            assert_eq!(
                times(marker),
                0,
                "{marker} was said to have changed nothing: {why}"
            );
        }
        bench.refresh(place).await.unwrap();
        let open = bench.mirror.open_edits(Some(&place.connection)).await.unwrap();
        assert_eq!(open, [], "edits are still open");
        assert!(self.confirmed.len() > self.conflicted.len(), "most edits arrive");
    }
}

impl std::fmt::Display for Ledger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} requests of which {} met a fault; edits: {} confirmed, {} surely not made, {} refused, {} in conflict",
            self.requests,
            self.struck,
            self.confirmed.len(),
            self.not_done.len(),
            self.refused.len(),
            self.conflicted.len()
        )
    }
}

fn marker_in(body: &str) -> Option<String> {
    let start = body.find("edit-")?;
    let end = body[start + 5..].find('-')? + start + 6;
    Some(body[start..end].to_owned())
}

/// The flag that a version belongs to: the newest draft of one flag is the one that is published.
fn flag_of(target: &str) -> String {
    let flag = target.split_once("/versions/").map_or("", |(flag, _)| flag);
    flag.to_owned()
}
