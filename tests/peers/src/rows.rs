//! The report: rows of measured values, each beside a peer where there is one.

use serde::Serialize;

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Times, instructions, bytes.
    Lower,
    /// Rates.
    Higher,
}

/// A measured value. Everything but the first four fields may be absent.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `topic/profile/what`, never twice in a report.
    pub name: String,
    /// The median, in `unit`.
    pub value: f64,
    /// `us`, `ms`, `s`, `instructions`, `MB`, `MiB`, `%`, `answers`.
    pub unit: &'static str,
    /// Which way is good.
    pub better: Better,
    /// What was measured beside it, in the same run and unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The peer's median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_value: Option<f64>,
    /// How many times the peer's value is this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Lowest and highest sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<[f64; 2]>,
    /// The peer's lowest and highest sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_spread: Option<[f64; 2]>,
    /// Seconds of processor time behind the value, all threads together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<f64>,
    /// What the value should reach on an idle machine; printed, never failing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<f64>,
    /// What the value must not exceed; missing it fails the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// What the ratio must not fall below; missing it fails the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_ratio: Option<f64>,
}

impl Row {
    /// A value of which less is better.
    pub fn lower(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            better: Better::Lower,
            peer: None,
            peer_value: None,
            ratio: None,
            spread: None,
            peer_spread: None,
            processor: None,
            goal: None,
            limit: None,
            least_ratio: None,
        }
    }

    /// The median of samples, with their spread.
    pub fn of(name: impl Into<String>, samples: &Samples, unit: &'static str) -> Self {
        let mut row = Self::lower(name, samples.median(), unit);
        row.spread = Some(samples.spread());
        row
    }

    /// The same row beside a peer's samples.
    #[must_use]
    pub fn beside(mut self, peer: &str, samples: &Samples) -> Self {
        self.peer_spread = Some(samples.spread());
        self.beside_value(peer, samples.median())
    }

    /// The same row beside a peer's single value.
    #[must_use]
    pub fn beside_value(mut self, peer: &str, value: f64) -> Self {
        self.peer = Some(peer.to_owned());
        self.peer_value = Some(value);
        self.ratio = Some(value / self.value);
        self
    }

    /// The same row with a goal.
    #[must_use]
    pub fn towards(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
        self
    }

    /// What a gate of this row says, where it has one and misses it.
    pub fn missed(&self) -> Option<String> {
        let over = self.limit.filter(|limit| self.value > *limit);
        let under = self
            .least_ratio
            .filter(|least| self.ratio.is_none_or(|ratio| ratio < *least));
        match (over, under) {
            (Some(limit), _) => Some(format!(
                "{}: {:.0} {} exceed {limit}",
                self.name, self.value, self.unit
            )),
            (_, Some(least)) => {
                let ratio = self.ratio.unwrap_or(0.0);
                Some(format!(
                    "{}: {ratio:.0} times under the peer, at least {least} are asked for",
                    self.name
                ))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:<76} {} {}", self.name, short(self.value), self.unit)?;
        if let Some([low, high]) = self.spread {
            write!(out, " ({} to {})", short(low), short(high))?;
        }
        if let (Some(value), Some(ratio)) = (self.peer_value, self.ratio) {
            write!(out, "; peer {}, {} times", short(value), short(ratio))?;
        }
        if let Some(seconds) = self.processor {
            write!(out, "; {} s of processor time", short(seconds))?;
        }
        if let Some(limit) = self.limit {
            write!(out, "; limit {}", short(limit))?;
        }
        if let Some(least) = self.least_ratio {
            write!(out, "; at least {least} times")?;
        }
        if let Some(goal) = self.goal {
            let word = if self.value <= goal {
                "reached"
            } else {
                "not reached"
            };
            write!(out, "; goal {} {word}", short(goal))?;
        }
        Ok(())
    }
}

/// Three digits or so, whatever the size.
fn short(value: f64) -> String {
    match value {
        _ if value >= 100_000.0 => format!("{value:.3e}"),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Measurements of one thing.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds a measurement.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle one, 0 if there is none.
    pub fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(0.0)
    }

    /// The lowest and the highest.
    pub fn spread(&self) -> [f64; 2] {
        [
            self.0.first().copied().unwrap_or(0.0),
            self.0.last().copied().unwrap_or(0.0),
        ]
    }

    /// The same measurements in another unit.
    #[must_use]
    pub fn scaled(&self, by: f64) -> Self {
        Self(self.0.iter().map(|value| value * by).collect())
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut samples = Self::default();
        values.into_iter().for_each(|value| samples.push(value));
        samples
    }
}
