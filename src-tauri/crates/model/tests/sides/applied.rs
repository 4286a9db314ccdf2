//! What staged changes come to once they are carried out, by the rules of
//! edits and as the services keep things.

use std::collections::BTreeMap;

use halyard_model::{
    Contents, FieldPath, FlagDefinition, FlagKey, Promotion, SegmentKey, Service, Subject, SubjectState,
    Variant, changed, problems,
};

use serde_json::Value;

/// Contents after a promotion, and what became of names that were to be made.
pub struct Applied {
    pub contents: Contents,
    segments: BTreeMap<String, String>,
    options: BTreeMap<(FlagKey, String), String>,
}

/// Carries a promotion out, edit by edit.
pub fn apply(b: &Contents, promotion: &Promotion) -> Applied {
    let mut applied = Applied {
        contents: b.clone(),
        segments: BTreeMap::new(),
        options: BTreeMap::new(),
    };
    for (subject, changes) in &promotion.edits {
        let held = applied.contents.subjects.get(subject).cloned();
        let deletes = changes.get(&FieldPath::Existence) == Some(&None);
        assert!(held.is_some() || !deletes, "{subject:?} goes and is not there");
        let wish = changed(subject, held.as_ref(), changes).unwrap();
        assert_eq!(problems(subject, wish.as_ref()), [], "{subject:?}: {changes:?}");
        if b.service == Service::Flagsmith {
            for value in changes.values().flatten() {
                assert!(
                    !matches!(value, Value::Number(number) if number.is_f64()),
                    "{subject:?}: {value}"
                );
            }
        }
        match wish {
            None => applied.delete(subject),
            Some(wish) => applied.put(subject, wish),
        }
    }
    applied
}

impl Applied {
    /// The place of something with the names that it has by now.
    pub fn renamed(&self, subject: &Subject, field: &FieldPath) -> (Subject, FieldPath) {
        let segment = |id: &str| self.segments.get(id).cloned().unwrap_or_else(|| id.to_owned());
        let subject = match subject {
            Subject::Segment { segment: key } => Subject::Segment {
                segment: SegmentKey(segment(&key.0)),
            },
            other => other.clone(),
        };
        let field = match field {
            FieldPath::Override(id) => FieldPath::Override(segment(id)),
            other => other.clone(),
        };
        (subject, field)
    }

    fn delete(&mut self, subject: &Subject) {
        self.contents.subjects.remove(subject);
        match subject {
            Subject::Flag { flag } => {
                self.contents
                    .subjects
                    .retain(|other, _| other.flag() != Some(flag));
            }
            Subject::Segment { segment } => {
                self.contents.segments.remove(segment);
                for state in self.contents.subjects.values_mut() {
                    if let SubjectState::FlagState(state) = state {
                        state.segment_overrides.retain(|own| own.segment_id != segment.0);
                    }
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, subject: &Subject, wish: SubjectState) {
        match (subject, wish) {
            (Subject::Segment { segment }, SubjectState::Segment(definition)) => {
                let key = match segment.name_to_be() {
                    Some(name) if self.contents.service == Service::Flagsmith => {
                        let id = SegmentKey(format!("9{}", self.contents.segments.len() + 1000));
                        assert_eq!(name.trim(), definition.name.trim());
                        id
                    }
                    Some(name) => SegmentKey(name.to_owned()),
                    None => segment.clone(),
                };
                self.segments.insert(segment.0.clone(), key.0.clone());
                self.contents
                    .segments
                    .insert(key.clone(), definition.name.clone());
                let made = Subject::Segment { segment: key };
                self.contents
                    .subjects
                    .insert(made, SubjectState::Segment(definition));
            }
            (Subject::Flag { flag }, SubjectState::Flag(mut definition)) => {
                self.number(flag, &mut definition.options);
                self.keep_options(flag, &definition);
                let state = Subject::state_of(flag);
                let first = definition.first_state();
                self.contents
                    .subjects
                    .entry(state)
                    .or_insert_with(|| SubjectState::FlagState(first));
                self.contents
                    .subjects
                    .insert(subject.clone(), SubjectState::Flag(definition));
            }
            (Subject::FlagState { flag }, SubjectState::FlagState(mut state)) => {
                self.number(flag, &mut state.variants);
                for own in &mut state.segment_overrides {
                    if let Some(made) = self.segments.get(&own.segment_id) {
                        own.segment_id.clone_from(made);
                    }
                    let key = SegmentKey(own.segment_id.clone());
                    assert!(
                        key.name_to_be().is_none(),
                        "an override for {key:?}, which is not made"
                    );
                    self.number(flag, &mut own.variants);
                }
                self.contents
                    .subjects
                    .insert(subject.clone(), SubjectState::FlagState(state));
            }
            (Subject::IdentityOverride { flag, .. }, SubjectState::IdentityOverride(mut own)) => {
                assert!(self.contents.subjects.contains_key(&Subject::state_of(flag)));
                self.number(flag, &mut own.variants);
                self.contents
                    .subjects
                    .insert(subject.clone(), SubjectState::IdentityOverride(own));
            }
            (subject, wish) => {
                self.contents.subjects.insert(subject.clone(), wish);
            }
        }
    }

    /// Gives options that are made their identifiers.
    fn number(&mut self, flag: &FlagKey, options: &mut [Variant]) {
        for option in options.iter_mut().filter(|option| option.id.starts_with("new:")) {
            let next = format!("8{}", self.options.len() + 1000);
            let made = self
                .options
                .entry((flag.clone(), option.id.clone()))
                .or_insert(next);
            option.id.clone_from(made);
        }
    }

    /// Shares are of options that are there; new ones begin with none.
    fn keep_options(&mut self, flag: &FlagKey, definition: &FlagDefinition) {
        for (subject, state) in &mut self.contents.subjects {
            if subject.flag() != Some(flag) {
                continue;
            }
            let shares: Vec<&mut Vec<Variant>> = match state {
                SubjectState::FlagState(state) => {
                    let own = state.segment_overrides.iter_mut().map(|own| &mut own.variants);
                    std::iter::once(&mut state.variants).chain(own).collect()
                }
                SubjectState::IdentityOverride(own) => vec![&mut own.variants],
                _ => continue,
            };
            for shares in shares {
                shares.retain_mut(|share| {
                    let option = definition.options.iter().find(|option| option.id == share.id);
                    if let Some(option) = option {
                        share.key.clone_from(&option.key);
                        share.value.clone_from(&option.value);
                    }
                    option.is_some()
                });
            }
        }
    }
}
