//! What is wrong with a change, before anything of it is written.

use super::{Manner, Part, StateChange, WholeFlag, WriteFailure};
use crate::flagsmith::store::Store;
use crate::flagsmith::value::StoredValue;

impl Store {
    pub(super) fn check_change(
        &self,
        environment: u64,
        feature: u64,
        change: &WholeFlag,
    ) -> Result<(), WriteFailure> {
        let multivariate = self
            .features
            .get(&feature)
            .is_some_and(|feature| feature.multivariate);
        if let Some(default) = &change.default {
            self.check_state(feature, Part::Default, default, change.manner)?;
            if change.manner == Manner::Replace && multivariate && default.variants.is_none() {
                return Err(WriteFailure::Variants {
                    part: Part::Default,
                    sentence: NOT_ALL,
                });
            }
        }
        for (position, row) in change.rows().iter().enumerate() {
            let part = Part::Override(position);
            if !self.segments.contains_key(&row.segment) {
                return Err(WriteFailure::UnknownSegment(part));
            }
            self.check_state(feature, part, &row.state, change.manner)?;
        }
        if change.manner == Manner::Older {
            return Ok(());
        }
        let mut segments: Vec<u64> = change.rows().iter().map(|row| row.segment).collect();
        segments.sort_unstable();
        if let Some(twice) = segments.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(WriteFailure::DuplicateSegment(twice[0]));
        }
        if change.overrides.is_none() || change.writes_nothing() {
            return Ok(());
        }
        match self.shared_priority(environment, feature, change) {
            Some(priority) => Err(WriteFailure::DuplicatePriority(priority)),
            None => Ok(()),
        }
    }

    /// The first priority that two overrides would share after a change, be it through the change or since long.
    fn shared_priority(&self, environment: u64, feature: u64, change: &WholeFlag) -> Option<u64> {
        let mut links: Vec<(u64, u64)> = self
            .links_of(environment, feature)
            .iter()
            .map(|link| (link.segment, link.priority))
            .collect();
        let kept = |segment: u64| change.rows().iter().any(|row| row.segment == segment);
        let replaces = change.manner == Manner::Replace;
        while let Some(place) = links
            .iter()
            .position(|(segment, _)| change.removed.contains(segment) || (replaces && !kept(*segment)))
        {
            let (_, gone) = links.remove(place);
            for (_, priority) in links.iter_mut().filter(|(_, priority)| *priority > gone) {
                *priority -= 1;
            }
        }
        for (position, row) in change.rows().iter().enumerate() {
            let place = u64::try_from(position).unwrap_or(u64::MAX);
            match links.iter_mut().find(|(segment, _)| *segment == row.segment) {
                Some((_, priority)) => *priority = row.priority.unwrap_or(*priority),
                None => links.push((row.segment, row.priority.unwrap_or(place))),
            }
        }
        let mut priorities: Vec<u64> = links.into_iter().map(|(_, priority)| priority).collect();
        priorities.sort_unstable();
        let shared = priorities.windows(2).find(|pair| pair[0] == pair[1]);
        shared.map(|pair| pair[0])
    }

    fn check_state(
        &self,
        feature: u64,
        part: Part,
        change: &StateChange,
        manner: Manner,
    ) -> Result<(), WriteFailure> {
        if let Some(value) = &change.value {
            let written = StoredValue::empty().write_tagged(value);
            written.map_err(|why| WriteFailure::Value { part, why })?;
        }
        let Some(variants) = &change.variants else {
            return Ok(());
        };
        let wrong = |sentence| Err(WriteFailure::Variants { part, sentence });
        let feature = self.features.get(&feature);
        let options = feature.map_or(&[][..], |feature| feature.options.as_slice());
        if manner != Manner::Older && !feature.is_some_and(|feature| feature.multivariate) {
            return wrong("Feature is not multivariate.");
        }
        if !variants
            .iter()
            .all(|(id, _)| options.iter().any(|option| option.id == *id))
        {
            return wrong("Variant not found.");
        }
        if !options
            .iter()
            .all(|option| variants.iter().any(|(id, _)| *id == option.id))
        {
            return wrong(NOT_ALL);
        }
        if variants.iter().map(|(_, weight)| weight).sum::<f64>() > 100.0 {
            return wrong("Total weight must not exceed 100.");
        }
        Ok(())
    }
}

const NOT_ALL: &str = "Must include all feature's variants.";
