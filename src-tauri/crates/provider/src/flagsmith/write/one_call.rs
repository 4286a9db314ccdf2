//! The experimental route that writes a whole flag in one transaction.

use halyard_model::{FlagValue, SegmentOverride, Variant};
use reqwest::Method;
use serde_json::{Map, Value, json};
use url::Url;

use super::said::About;
use super::state::{Delta, number};
use crate::flagsmith::wire::typed_text;

/// The one call that carries a change.
pub(super) struct Call {
    pub(super) method: Method,
    /// Below the flag's own address.
    pub(super) path: Vec<String>,
    pub(super) body: Value,
    pub(super) about: About,
}

/// The base of the route, where the admin base has the usual form.
pub(super) fn base(call: &crate::http::Call<'_>) -> Option<Url> {
    let mut url = call.base().clone();
    let path = url.path().strip_suffix("api/v1/")?.to_owned();
    url.set_path(&format!("{path}api/__future__/"));
    Some(url)
}

/// The call, where the route can say what is wished for.
///
/// It cannot take a value away, cannot leave an override of a flag with
/// options without weights, and wants the weights of all options. `PATCH`
/// changes what it names and keeps the rest. Removing overrides beside other
/// changes takes `PUT`, which replaces the overrides as a whole: still one
/// transaction, though what somebody changed in another override within the
/// gap is replaced as well.
pub(super) fn call_for(delta: &Delta<'_>) -> Option<Call> {
    let only_removes = !delta.default() && delta.added.is_empty() && delta.changed.is_empty();
    if let ([id], true) = (delta.removed.as_slice(), only_removes && !delta.order) {
        return Some(Call {
            method: Method::DELETE,
            path: vec!["segment-overrides".into(), (*id).to_owned()],
            body: Value::Null,
            about: About::Override((*id).to_owned()),
        });
    }
    let method = if delta.removed.is_empty() {
        Method::PATCH
    } else {
        Method::PUT
    };
    let mut body = Map::new();
    if delta.default() {
        body.insert("environment_default".into(), default(delta, &method)?);
    }
    let mut sent = Vec::new();
    let mut rows = Vec::new();
    // Priorities are unique only where all of them are given.
    let renumbered = delta.order || !delta.added.is_empty() || method == Method::PUT;
    for (place, own) in delta.wish.segment_overrides.iter().enumerate() {
        let Some(mut row) = override_row(delta, own, &method)? else {
            if renumbered {
                sent.push(own.segment_id.clone());
                rows.push(json!({"segment": {"id": number(&own.segment_id)}, "priority": place}));
            }
            continue;
        };
        row.insert("segment".into(), json!({"id": number(&own.segment_id)}));
        if renumbered {
            row.insert("priority".into(), json!(place));
        }
        sent.push(own.segment_id.clone());
        rows.push(Value::Object(row));
    }
    if !rows.is_empty() || method == Method::PUT {
        body.insert("segment_overrides".into(), Value::Array(rows));
    }
    Some(Call {
        method,
        path: Vec::new(),
        body: Value::Object(body),
        about: About::Whole(sent),
    })
}

/// The default state; `None` where the route cannot say it.
fn default(delta: &Delta<'_>, method: &Method) -> Option<Value> {
    let whole = *method == Method::PUT;
    let mut row = Map::new();
    if whole || delta.enabled {
        row.insert("enabled".into(), Value::Bool(delta.wish.enabled));
    }
    if whole || delta.value {
        row.insert("value".into(), value(&delta.wish.value)?);
    }
    if delta.weights || whole && delta.has_options() {
        row.insert("variants".into(), variants(delta, &delta.wish.variants)?);
    }
    Some(Value::Object(row))
}

/// What is said of an override, `Some(None)` where nothing is; `None` where
/// the route cannot say it.
fn override_row(
    delta: &Delta<'_>,
    own: &SegmentOverride,
    method: &Method,
) -> Option<Option<Map<String, Value>>> {
    let is_new = delta.added.iter().any(|added| added.segment_id == own.segment_id);
    let changed = delta
        .changed
        .iter()
        .find(|changed| changed.wish.segment_id == own.segment_id);
    let whole = is_new || *method == Method::PUT;
    if !whole && changed.is_none() {
        return Some(None);
    }
    let mut row = Map::new();
    if whole || changed.is_some_and(|changed| changed.enabled) {
        row.insert("enabled".into(), Value::Bool(own.enabled));
    }
    if whole || changed.is_some_and(|changed| changed.value) {
        row.insert("value".into(), value(&own.value)?);
    }
    if changed.is_some_and(|changed| changed.weights) || whole && delta.has_options() {
        row.insert("variants".into(), variants(delta, &own.variants)?);
    }
    Some(Some(row))
}

/// The route shows a value that was taken away as `null` and refuses to be
/// given one.
fn value(value: &FlagValue) -> Option<Value> {
    (!value.0.is_null()).then(|| typed_text(value))
}

/// The weights of all options.
fn variants(delta: &Delta<'_>, wished: &[Variant]) -> Option<Value> {
    let all = wished.len() == delta.wish.variants.len()
        && delta
            .wish
            .variants
            .iter()
            .all(|option| wished.iter().any(|variant| variant.id == option.id));
    if !all || wished.is_empty() {
        return None;
    }
    let rows = wished
        .iter()
        .map(|variant| json!({"id": number(&variant.id), "weight": variant.weight}));
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use halyard_model::FlagState;

    fn own(id: &str, text: Value) -> SegmentOverride {
        SegmentOverride {
            segment_id: id.into(),
            segment_name: String::new(),
            priority: None,
            enabled: true,
            value: FlagValue(text),
            variants: Vec::new(),
        }
    }

    fn state(text: Value, overrides: &[SegmentOverride]) -> FlagState {
        let mut state = FlagState::plain(true, FlagValue(text));
        state.segment_overrides = overrides.to_vec();
        state
    }

    /// What is sent, as `METHOD path body`; nothing where the route cannot.
    fn sent(base: &FlagState, wish: &FlagState) -> Option<String> {
        let call = call_for(&Delta::between(base, wish))?;
        Some(format!("{} {} {}", call.method, call.path.join("/"), call.body))
    }

    #[test]
    fn only_what_changes_is_sent() {
        let (a, b) = (own("1", json!("a")), own("2", json!("b")));
        let both = state(json!("on"), &[a.clone(), b.clone()]);
        for (wish, expected) in [
            (
                state(json!(25), &[a.clone(), b.clone()]),
                r#"PATCH  {"environment_default":{"value":{"type":"integer","value":"25"}}}"#,
            ),
            (
                state(json!("on"), &[own("1", json!(true)), b.clone()]),
                r#"PATCH  {"segment_overrides":[{"value":{"type":"boolean","value":"true"},"segment":{"id":1}}]}"#,
            ),
            (
                state(json!("on"), &[b.clone(), a]),
                r#"PATCH  {"segment_overrides":[{"segment":{"id":2},"priority":0},{"segment":{"id":1},"priority":1}]}"#,
            ),
            (
                state(json!("on"), std::slice::from_ref(&b)),
                "DELETE segment-overrides/1 null",
            ),
            (state(json!("on"), &[]), r#"PUT  {"segment_overrides":[]}"#),
            (
                state(json!("off"), &[b]),
                r#"PUT  {"environment_default":{"enabled":true,"value":{"type":"string","value":"off"}},"segment_overrides":[{"enabled":true,"value":{"type":"string","value":"b"},"segment":{"id":2},"priority":0}]}"#,
            ),
        ] {
            assert_eq!(sent(&both, &wish).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_the_route_cannot_say_is_left_to_the_others() {
        let a = own("1", json!("a"));
        let base = state(json!("on"), std::slice::from_ref(&a));
        for wish in [
            state(json!(null), std::slice::from_ref(&a)),
            state(json!("on"), &[own("1", json!(null))]),
            state(json!("on"), &[a.clone(), own("2", json!(null))]),
            state(json!("off"), &[own("2", json!(null))]),
        ] {
            assert_eq!(sent(&base, &wish), None, "{wish:?}");
        }
        let option = |weight| Variant {
            id: "9".into(),
            key: None,
            value: FlagValue(json!("red")),
            weight,
        };
        let mut multi = base;
        multi.variants = vec![option(10.0)];
        let mut more = multi.clone();
        more.segment_overrides.push(own("2", json!("b")));
        assert_eq!(sent(&multi, &more), None, "an override without weights");
        let mut weights = multi.clone();
        weights.variants = vec![option(20.0)];
        assert_eq!(
            sent(&multi, &weights).as_deref(),
            Some(r#"PATCH  {"environment_default":{"variants":[{"id":9,"weight":20.0}]}}"#)
        );
    }
}
