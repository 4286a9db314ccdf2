//! Personas and cohorts.

use halyard_console::{
    CohortChoice, CohortFile, CohortFormat, CohortId, Persona, PersonaId, PersonaInput, RangeValues,
    TraitRange,
};

use super::{
    large_count,
    traits::{identity_in, trait_out, typed_value, value_out},
};
use crate::{error::WireError, view::*};

/// A saved persona.
pub fn persona(persona: Persona) -> PersonaView {
    PersonaView {
        id: persona.id.0,
        name: persona.name,
        identifier: persona.identity.identifier,
        traits: persona
            .identity
            .traits
            .into_iter()
            .filter_map(trait_out)
            .collect(),
    }
}

/// A persona as typed, inwards. Errors name the field.
pub fn persona_in(persona: PersonaView) -> Result<PersonaInput, WireError> {
    Ok(PersonaInput {
        identity: identity_in(&persona.identifier, &persona.traits)?,
        id: (!persona.id.is_empty()).then_some(PersonaId(persona.id)),
        name: persona.name,
    })
}

/// A file that was read.
pub fn file(file: CohortFile) -> CohortFileView {
    CohortFileView {
        id: file.id.0,
        name: file.name,
        format: match file.format {
            CohortFormat::Csv => "CSV",
            CohortFormat::Json => "JSON",
            CohortFormat::JsonLines => "JSON lines",
        }
        .into(),
        identities: large_count(file.identities),
        traits: file.traits,
        identifier_from: file.identifier_from,
        broken: large_count(file.broken),
        broken_lines: file.broken_lines.iter().map(ToString::to_string).collect(),
        duplicates: large_count(file.duplicates),
    }
}

/// Whom to evaluate, inwards. Errors name the trait's field.
pub fn choice_in(choice: CohortChoiceView) -> Result<CohortChoice, WireError> {
    Ok(match choice {
        CohortChoiceView::File { id } => CohortChoice::File(CohortId(id)),
        CohortChoiceView::Personas => CohortChoice::Personas,
        CohortChoiceView::Overridden => CohortChoice::Overridden,
        CohortChoiceView::Generated { count, seed, ranges } => {
            if count == 0 {
                return Err(WireError::input("count", "Make up at least one identity."));
            }
            CohortChoice::Generated {
                count: count.into(),
                seed: seed.into(),
                ranges: ranges.into_iter().map(range_in).collect::<Result<_, _>>()?,
            }
        }
    })
}

fn range_in(range: TraitRangeView) -> Result<TraitRange, WireError> {
    let field = format!("range:{}", range.name);
    let name = range.name.trim();
    if name.is_empty() {
        return Err(WireError::input(&field, "Give the trait a name."));
    }
    if range.absent_percent > 100 {
        return Err(WireError::input(&field, "A share is from 0 to 100 percent."));
    }
    Ok(TraitRange {
        name: name.to_owned(),
        absent_percent: range.absent_percent,
        values: values_in(range.range, &field)?,
    })
}

fn values_in(range: RangeKindView, field: &str) -> Result<RangeValues, WireError> {
    match range {
        RangeKindView::OneOf { values, .. } if values.is_empty() => {
            Err(WireError::input(field, "Give at least one value."))
        }
        RangeKindView::OneOf { value_kind, values } => {
            let typed = values.iter().map(|text| typed_value(value_kind, text, field));
            Ok(RangeValues::OneOf(typed.collect::<Result<_, _>>()?))
        }
        RangeKindView::Whole { from, to } if from > to => {
            Err(WireError::input(field, "The smallest comes before the largest."))
        }
        RangeKindView::Whole { from, to } => Ok(RangeValues::Whole {
            from: from.into(),
            to: to.into(),
        }),
        RangeKindView::Boolean { true_percent } if true_percent > 100 => {
            Err(WireError::input(field, "A share is from 0 to 100 percent."))
        }
        RangeKindView::Boolean { true_percent } => Ok(RangeValues::Boolean { true_percent }),
    }
}

/// A suggested range.
pub fn range(range: TraitRange) -> TraitRangeView {
    TraitRangeView {
        name: range.name,
        absent_percent: range.absent_percent,
        range: match range.values {
            RangeValues::OneOf(values) => {
                let typed: Vec<(TraitKindView, String)> = values.iter().filter_map(value_out).collect();
                let first = typed.first().map_or(TraitKindView::Text, |(kind, _)| *kind);
                // The window knows one kind a list; text holds them all.
                let same = typed.iter().all(|(kind, _)| *kind == first);
                RangeKindView::OneOf {
                    value_kind: if same { first } else { TraitKindView::Text },
                    values: typed.into_iter().map(|(_, text)| text).collect(),
                }
            }
            RangeValues::Whole { from, to } => RangeKindView::Whole {
                from: clamped(from),
                to: clamped(to),
            },
            RangeValues::Boolean { true_percent } => RangeKindView::Boolean { true_percent },
        },
    }
}

fn clamped(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one_of(value_kind: TraitKindView, values: &[&str]) -> RangeKindView {
        RangeKindView::OneOf {
            value_kind,
            values: values.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn given(name: &str, range: RangeKindView, absent_percent: u32) -> CohortChoiceView {
        CohortChoiceView::Generated {
            count: 10,
            seed: 1,
            ranges: vec![TraitRangeView {
                name: name.into(),
                range,
                absent_percent,
            }],
        }
    }

    #[test]
    fn what_cannot_be_made_up_names_its_field() {
        let whole = |from, to| RangeKindView::Whole { from, to };
        let cases = [
            (given(" ", whole(1, 2), 0), "range: ", "Give the trait a name."),
            (
                given("age", whole(2, 1), 0),
                "range:age",
                "The smallest comes before the largest.",
            ),
            (
                given("age", whole(1, 2), 101),
                "range:age",
                "A share is from 0 to 100 percent.",
            ),
            (
                given("age", one_of(TraitKindView::Number, &["x"]), 0),
                "range:age",
                "This is not a number. Write it like 7 or 418.5.",
            ),
            (
                given("age", one_of(TraitKindView::Text, &[]), 0),
                "range:age",
                "Give at least one value.",
            ),
            (
                CohortChoiceView::Generated {
                    count: 0,
                    seed: 1,
                    ranges: Vec::new(),
                },
                "count",
                "Make up at least one identity.",
            ),
        ];
        for (choice, field, sentence) in cases {
            let error = choice_in(choice).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field));
            assert_eq!(error.sentence, sentence);
        }
    }

    #[test]
    fn a_suggested_range_can_be_given_back() {
        let suggested = TraitRange {
            name: "plan".into(),
            values: RangeValues::OneOf(vec![json!(7), json!(8.5)]),
            absent_percent: 10,
        };
        let shown = range(suggested.clone());
        assert_eq!(shown.range, one_of(TraitKindView::Number, &["7", "8.5"]));
        assert_eq!(range_in(shown).unwrap(), suggested);
    }
}
