//! Fields of a request's body, with the server's sentences for what is wrong with them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome2};
use super::rows::{Environment, Feature, Project};
use super::store::Store;
use super::value::stripped;

/// A body that is a JSON object.
pub(crate) type Fields = Map<String, Value>;

/// The 400 that names one field.
pub(crate) fn wrong(field: &str, sentence: &str) -> Answer {
    let mut body = Map::new();
    body.insert(field.to_owned(), json!([sentence]));
    Answer::bad(Value::Object(body))
}

/// A truth value, if it is there.
pub(crate) fn flag(fields: &Fields, name: &str) -> Outcome2<Option<bool>> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Some(false)),
        Some(Value::Number(number)) if number.as_i64() == Some(1) => Ok(Some(true)),
        Some(Value::Number(number)) if number.as_i64() == Some(0) => Ok(Some(false)),
        Some(Value::Null) => Err(wrong(name, "This field may not be null.")),
        Some(_) => Err(wrong(name, "Must be a valid boolean.")),
    }
}

/// A whole number, if it is there and not null.
pub(crate) fn number(fields: &Fields, name: &str) -> Outcome2<Option<u64>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.is_u64() => Ok(number.as_u64()),
        Some(Value::String(text)) if text.parse::<u64>().is_ok() => Ok(text.parse().ok()),
        Some(_) => Err(wrong(name, "A valid integer is required.")),
    }
}

/// A number that has to be there.
pub(crate) fn required_number(fields: &Fields, name: &str) -> Outcome2<u64> {
    number(fields, name)?.ok_or_else(|| wrong(name, "This field is required."))
}

/// Text without the blanks around it, if it is there and not null.
pub(crate) fn text<'a>(fields: &'a Fields, name: &str) -> Outcome2<Option<&'a str>> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(stripped(text))),
        Some(_) => Err(wrong(name, "Not a valid string.")),
    }
}

/// Refuses text of more than so many characters.
pub(crate) fn no_longer(name: &str, text: &str, most: usize) -> Outcome2<()> {
    if text.chars().count() <= most {
        return Ok(());
    }
    let sentence = format!("Ensure this field has no more than {most} characters.");
    Err(wrong(name, &sentence))
}

/// Text that has to be there and say something, without the blanks around it.
pub(crate) fn required_text<'a>(fields: &'a Fields, name: &str) -> Outcome2<&'a str> {
    match fields.get(name) {
        None => Err(wrong(name, "This field is required.")),
        Some(Value::Null) => Err(wrong(name, "This field may not be null.")),
        Some(Value::String(text)) if stripped(text).is_empty() => {
            Err(wrong(name, "This field may not be blank."))
        }
        Some(Value::String(text)) => Ok(stripped(text)),
        Some(_) => Err(wrong(name, "Not a valid string.")),
    }
}

/// A moment, if it is there and not null.
pub(crate) fn moment(fields: &Fields, name: &str) -> Outcome2<Option<Timestamp>> {
    let Some(text) = text(fields, name)? else {
        return Ok(None);
    };
    let parsed = text.parse::<Timestamp>().map_err(|_| {
        wrong(
            name,
            "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
        )
    })?;
    Ok(Some(parsed))
}

/// The environment whose client-side key stands in the path of a nested route.
pub(crate) fn environment<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Environment> {
    store
        .environment_by_key(call.text(0))
        .ok_or_else(Answer::forbidden)
}

/// The environment whose number stands in the path of a nested route.
pub(crate) fn environment_by_id<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Environment> {
    store
        .environments
        .get(&call.id(0))
        .ok_or_else(|| Answer::no_match("Environment"))
}

/// The project whose number stands in the path of a nested route.
pub(crate) fn project<'a>(store: &'a Store, call: &Call) -> Outcome2<&'a Project> {
    store.projects.get(&call.id(0)).ok_or_else(Answer::forbidden)
}

/// The feature in the path, within the project of the environment.
pub(crate) fn feature_of<'a>(
    store: &'a Store,
    environment: &Environment,
    feature: u64,
) -> Outcome2<&'a Feature> {
    store
        .features
        .get(&feature)
        .filter(|feature| feature.project == environment.project)
        .ok_or_else(|| Answer::no_match("Feature"))
}

/// Refuses a direct write where the environment keeps versions.
pub(crate) fn refuse_versioned(environment: &Environment) -> Outcome2<()> {
    if environment.versioned {
        return Err(Answer::detail(
            400,
            "This environment uses v2 feature versioning. Use the environment feature version endpoint instead.",
        ));
    }
    Ok(())
}
