//! What runs under the instruction counter: one profile, one engine, so many evaluations.

use std::hint::black_box;

use halyard_engine::{Dialect, Engine};

use crate::official::{Official, traits_of};
use crate::people;
use crate::profile::Profile;

/// Different identities that the evaluations go round.
pub const IDENTITIES: usize = 64;

/// Which engine, and how it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// This project's.
    Own,
    /// The official crate as its SDK calls it.
    Cloned,
    /// The official crate with its context kept.
    Reused,
}

impl Contender {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Cloned, Self::Reused];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Cloned => "cloned",
            Self::Reused => "reused",
        }
    }

    /// The contender of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contender| contender.name() == name)
    }
}

/// Evaluates all flags of so many identities, and gives a number that rests on all of them, so that none can be left
/// out.
pub fn run(profile: Profile, contender: Contender, evaluations: usize) -> Result<usize, String> {
    let identities: Vec<_> = (0..IDENTITIES).map(people::identity).collect();
    let text = profile.document().to_string();
    let mut enabled = 0;
    if contender == Contender::Own {
        let engine = Engine::from_text(&text, Dialect::Sdk11_1).map_err(|error| error.to_string())?;
        let mut scratch = engine.scratch();
        for number in 0..evaluations {
            let identity = black_box(&identities[number % IDENTITIES]);
            let outcomes = engine
                .decide(identity, &mut scratch)
                .map_err(|error| error.to_string())?;
            enabled += black_box(outcomes).len();
        }
        return Ok(enabled);
    }
    let mut official = Official::from_text(&text).map_err(|error| error.to_string())?;
    let traits = identities
        .iter()
        .map(traits_of)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    for number in 0..evaluations {
        let (identity, traits) = (&identities[number % IDENTITIES], &traits[number % IDENTITIES]);
        let result = match contender {
            Contender::Reused => official.evaluate_reusing(black_box(&identity.identifier), traits),
            _ => official.evaluate(black_box(&identity.identifier), traits),
        };
        enabled += result.flags.values().filter(|flag| flag.enabled).count();
    }
    Ok(enabled)
}
