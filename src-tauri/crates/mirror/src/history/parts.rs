//! A snapshot taken apart, and put together again.
//!
//! The document is normalised first: no white space between its tokens, no
//! `identity_uuid` in its identity overrides, which Flagsmith draws anew on
//! every request; everything else letter for letter. Then each array of
//! objects at its top, the `segments` of its `project` and the
//! `feature_states` of those are cut into their elements, and an empty array
//! is left where they were. What has another shape stays in one piece.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use halyard_model::{Flag, Snapshot, Timestamp};
use serde_json::value::RawValue;

use super::list::List;
use super::scan::{Member, elements, members, minified};
use crate::Result;
use crate::record::encode;

const RANDOM_MEMBER: &str = "\"identity_uuid\"";
const OVERRIDES: &str = "\"identity_overrides\"";
const STAMP: &str = "\"updated_at\"";
const PROJECT: &str = "\"project\"";
const SEGMENTS: &str = "\"segments\"";
const NESTED_STATES: &str = "\"feature_states\"";

/// One part of a snapshot.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) list: Arc<List>,
    pub(super) key: Cow<'a, str>,
    /// Which one it is of those with its key in its list, from 0.
    pub(super) occurrence: u32,
    /// What people call it, where that is not the key.
    pub(super) label: Option<Cow<'a, str>>,
    /// What came with it and is no content.
    pub(super) aside: Option<String>,
    pub(super) text: Cow<'a, str>,
}

/// A document without what is random in it.
pub(super) fn normalised(document: &str) -> Cow<'_, str> {
    if serde_json::from_str::<&RawValue>(document).is_err() {
        return Cow::Borrowed(document);
    }
    let text = minified(document).map_or(Cow::Borrowed(document), Cow::Owned);
    let cuts = random_members(&text);
    if cuts.is_empty() {
        return text;
    }
    Cow::Owned(without(&text, &(0..text.len()), &cuts))
}

/// Where the random members are, each with a comma beside it.
fn random_members(text: &str) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    for list in members(text, &(0..text.len())) {
        if &text[list.name] != OVERRIDES {
            continue;
        }
        for element in elements(text, &list.value).unwrap_or_default() {
            let all = members(text, &element);
            let mut kept_before = false;
            for (index, member) in all.iter().enumerate() {
                if &text[member.name.clone()] != RANDOM_MEMBER {
                    kept_before = true;
                } else if kept_before {
                    cuts.push(member.name.start - 1..member.value.end);
                } else {
                    let end = member.value.end + usize::from(index + 1 < all.len());
                    cuts.push(member.name.start..end);
                }
            }
        }
    }
    cuts
}

/// A range of a text without some ranges in it, which follow on each other.
fn without(text: &str, whole: &Range<usize>, cuts: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(whole.len());
    let mut from = whole.start;
    for cut in cuts {
        kept.push_str(&text[from..cut.start]);
        from = cut.end;
    }
    kept.push_str(&text[from..whole.end]);
    kept
}

/// A document in parts, and the text of its `updated_at`, which is no content.
pub(super) struct Split<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) stamp: Option<String>,
}

/// Takes a normalised document apart.
pub(super) fn split(document: &str) -> Split<'_> {
    Splitter {
        document,
        parts: Vec::new(),
        cuts: Vec::new(),
    }
    .split()
}

struct Splitter<'a> {
    document: &'a str,
    parts: Vec<Part<'a>>,
    /// What is cut out of the envelope.
    cuts: Vec<Range<usize>>,
}

impl<'a> Splitter<'a> {
    fn split(mut self) -> Split<'a> {
        let whole = 0..self.document.len();
        let mut stamp = None;
        let valid = serde_json::from_str::<&RawValue>(self.document).is_ok();
        let top = if valid {
            members(self.document, &whole)
        } else {
            Vec::new()
        };
        if !repeats(self.document, &top) {
            for member in &top {
                let name = &self.document[member.name.clone()];
                if name == STAMP && self.document[member.value.clone()].starts_with('"') {
                    stamp = Some(self.document[member.value.clone()].to_owned());
                    self.cuts.push(member.value.clone());
                } else if name == PROJECT {
                    self.split_project(&member.value);
                } else {
                    self.split_list(List::top(unquoted(name)), &member.value);
                }
            }
        }
        let envelope = if self.cuts.is_empty() {
            Cow::Borrowed(self.document)
        } else {
            Cow::Owned(self.envelope(&whole))
        };
        self.parts.push(Part {
            list: Arc::new(List::Envelope),
            key: Cow::Borrowed(""),
            occurrence: 0,
            label: None,
            aside: None,
            text: envelope,
        });
        Split {
            parts: self.parts,
            stamp,
        }
    }

    /// The document with empty arrays and `null` where something was cut out.
    fn envelope(&self, whole: &Range<usize>) -> String {
        let mut text = String::new();
        let mut from = whole.start;
        for cut in &self.cuts {
            text.push_str(&self.document[from..cut.start]);
            if self.document.as_bytes().get(cut.start) == Some(&b'"') {
                text.push_str("null");
            }
            from = cut.end;
        }
        text.push_str(&self.document[from..whole.end]);
        text
    }

    fn split_project(&mut self, project: &Range<usize>) {
        let inside = members(self.document, project);
        if repeats(self.document, &inside) {
            return;
        }
        for member in inside {
            if &self.document[member.name] == SEGMENTS {
                self.split_list(List::Segments, &member.value);
            }
        }
    }

    /// Cuts an array of objects into its elements.
    fn split_list(&mut self, list: List, array: &Range<usize>) {
        let Some(found) = objects(self.document, array) else {
            return;
        };
        self.cuts.push(array.start + 1..array.end - 1);
        let of_segments = list == List::Segments;
        let list = Arc::new(list);
        let mut counts = HashMap::new();
        for element in found {
            let inside = members(self.document, &element);
            let key = key_of(self.document, &list, &inside);
            let occurrence = count(&mut counts, &key);
            let mut text = Cow::Borrowed(&self.document[element.clone()]);
            // A segment that is there twice keeps its overrides: they would
            // not know which one they belong to.
            let cut = (of_segments && occurrence == 0)
                .then(|| self.split_overrides(&key, &inside))
                .flatten();
            if let Some(cut) = cut {
                text = Cow::Owned(without(self.document, &element, &[cut]));
            }
            self.parts.push(Part {
                label: label_of(self.document, &list, &inside),
                list: list.clone(),
                key,
                occurrence,
                aside: None,
                text,
            });
        }
    }

    fn split_overrides(&mut self, segment: &str, inside: &[Member]) -> Option<Range<usize>> {
        if repeats(self.document, inside) {
            return None;
        }
        let states = inside
            .iter()
            .find(|member| &self.document[member.name.clone()] == NESTED_STATES)?;
        let found = objects(self.document, &states.value)?;
        let list = Arc::new(List::Overrides(segment.to_owned()));
        let mut counts = HashMap::new();
        for element in found {
            let key = key_of(self.document, &list, &members(self.document, &element));
            self.parts.push(Part {
                list: list.clone(),
                occurrence: count(&mut counts, &key),
                key,
                label: None,
                aside: None,
                text: Cow::Borrowed(&self.document[element]),
            });
        }
        Some(states.value.start + 1..states.value.end - 1)
    }
}

/// Whether a name is there twice.
fn repeats(text: &str, members: &[Member]) -> bool {
    let mut names: Vec<_> = members.iter().map(|member| &text[member.name.clone()]).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// The elements of a filled array, where all of them are objects.
fn objects(text: &str, array: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let found = elements(text, array)?;
    let all = found
        .iter()
        .all(|element| text.as_bytes().get(element.start) == Some(&b'{'));
    (all && !found.is_empty()).then_some(found)
}

fn count(counts: &mut HashMap<String, u32>, key: &str) -> u32 {
    let next = counts.entry(key.to_owned()).or_default();
    let occurrence = *next;
    *next += 1;
    occurrence
}

/// What an element is called: the name of its feature, or one of the members
/// that services use for it; nothing where there is none.
fn key_of<'a>(text: &'a str, list: &List, inside: &[Member]) -> Cow<'a, str> {
    let feature = inside
        .iter()
        .find(|member| &text[member.name.clone()] == "\"feature\"")
        .and_then(|feature| scalar(text, &members(text, &feature.value), "\"name\""));
    if let Some(name) = feature {
        return name;
    }
    let names: &[&str] = match list {
        List::Segments => &["\"id\"", "\"name\""],
        List::Identities => &["\"identifier\""],
        _ => &["\"key\"", "\"identifier\"", "\"name\"", "\"id\""],
    };
    names
        .iter()
        .find_map(|name| scalar(text, inside, name))
        .unwrap_or_default()
}

fn label_of<'a>(text: &'a str, list: &List, inside: &[Member]) -> Option<Cow<'a, str>> {
    list.is_labelled()
        .then(|| scalar(text, inside, "\"name\""))
        .flatten()
}

fn scalar<'a>(text: &'a str, inside: &[Member], name: &str) -> Option<Cow<'a, str>> {
    let member = inside.iter().find(|member| &text[member.name.clone()] == name)?;
    let value = &text[member.value.clone()];
    match value.as_bytes().first()? {
        b'{' | b'[' | b'n' => None,
        b'"' => Some(text_of(value)),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// A name as it is written, without its quotes.
fn unquoted(name: &str) -> &str {
    name.get(1..name.len().saturating_sub(1)).unwrap_or_default()
}

/// What a JSON text says.
fn text_of(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') && raw.len() >= 2 {
        return Cow::Borrowed(&raw[1..raw.len() - 1]);
    }
    serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// The records of flags and segments as parts.
pub(super) fn records(snapshot: &Snapshot) -> Result<Vec<Part<'_>>> {
    let mut parts = Vec::with_capacity(snapshot.flags.len() + snapshot.segments.len());
    let list = Arc::new(List::FlagRecords);
    let mut counts = HashMap::new();
    for flag in &snapshot.flags {
        let key = Cow::Borrowed(flag.key.0.as_str());
        let mut content = flag.clone();
        let aside = Aside::take_from(&mut content);
        parts.push(Part {
            list: list.clone(),
            occurrence: count(&mut counts, &key),
            key,
            label: None,
            aside: aside.written()?,
            text: Cow::Owned(encode(&content)?),
        });
    }
    let list = Arc::new(List::SegmentRecords);
    let mut counts = HashMap::new();
    for segment in &snapshot.segments {
        let key = Cow::Borrowed(segment.remote_id.as_str());
        parts.push(Part {
            list: list.clone(),
            occurrence: count(&mut counts, &key),
            key,
            label: Some(Cow::Borrowed(&segment.name)),
            aside: None,
            text: Cow::Owned(encode(segment)?),
        });
    }
    Ok(parts)
}

/// What the record of a flag says that is no content of it: another value of
/// these alone makes no moment, and they are what they were when the content
/// was first seen.
pub(super) struct Aside {
    updated_at: Option<Timestamp>,
    identity_overrides: Option<u32>,
}

impl Aside {
    fn take_from(flag: &mut Flag) -> Aside {
        Aside {
            updated_at: flag.state.updated_at.take(),
            identity_overrides: flag.identity_overrides.take(),
        }
    }

    fn written(&self) -> Result<Option<String>> {
        match (self.updated_at, self.identity_overrides) {
            (None, None) => Ok(None),
            both => Ok(Some(encode(&both)?)),
        }
    }

    /// Puts back what was written.
    pub(super) fn put_into(flag: &mut Flag, written: &str) -> Result<()> {
        (flag.state.updated_at, flag.identity_overrides) = serde_json::from_str(written)?;
        Ok(())
    }
}

/// Puts a document together: the envelope, and the texts of each list in
/// their order.
pub(super) fn join(envelope: &str, stamp: Option<&str>, lists: &Lists) -> String {
    let mut document = String::new();
    let mut from = 0;
    for hole in holes(envelope, stamp.is_some()) {
        document.push_str(&envelope[from..hole.at.start]);
        match &hole.list {
            Some(list) => fill(&mut document, list, lists),
            None => document.push_str(stamp.unwrap_or("null")),
        }
        from = hole.at.end;
    }
    document.push_str(&envelope[from..]);
    document
}

/// Where something was cut out of an envelope: a list, or the stamp.
struct Hole {
    at: Range<usize>,
    list: Option<List>,
}

fn holes(envelope: &str, stamped: bool) -> Vec<Hole> {
    let mut found = Vec::new();
    let hole = |value: &Range<usize>, list| Hole {
        at: value.start + 1..value.end - 1,
        list: Some(list),
    };
    for member in members(envelope, &(0..envelope.len())) {
        let (name, value) = (&envelope[member.name], &envelope[member.value.clone()]);
        if name == PROJECT {
            let inside = members(envelope, &member.value).into_iter();
            found.extend(
                inside
                    .filter(|inside| {
                        &envelope[inside.name.clone()] == SEGMENTS && &envelope[inside.value.clone()] == "[]"
                    })
                    .map(|inside| hole(&inside.value, List::Segments)),
            );
        } else if value == "[]" {
            found.push(hole(&member.value, List::top(unquoted(name))));
        } else if stamped && name == STAMP && value == "null" {
            found.push(Hole {
                at: member.value,
                list: None,
            });
        }
    }
    found
}

/// An envelope with nothing but these lists in it, in place of one that is lost.
pub(super) fn makeshift(lists: &Lists) -> String {
    let mut top: Vec<String> = lists
        .keys()
        .filter_map(|list| match list {
            List::States => Some("\"feature_states\":[]".to_owned()),
            List::Identities => Some("\"identity_overrides\":[]".to_owned()),
            List::Segments => Some("\"project\":{\"segments\":[]}".to_owned()),
            List::Top(name) => Some(format!("\"{name}\":[]")),
            _ => None,
        })
        .collect();
    top.sort_unstable();
    format!("{{{}}}", top.join(","))
}

/// The parts of each list in their order.
pub(super) type Lists = HashMap<List, Vec<Piece>>;

/// One element of a list.
pub(super) struct Piece {
    pub(super) key: String,
    pub(super) occurrence: u32,
    pub(super) text: String,
}

fn fill(document: &mut String, list: &List, lists: &Lists) {
    for (index, piece) in lists.get(list).into_iter().flatten().enumerate() {
        if index > 0 {
            document.push(',');
        }
        match hole_for_overrides(list, piece, lists) {
            Some((at, overrides)) => {
                document.push_str(&piece.text[..at]);
                fill(document, &overrides, lists);
                document.push_str(&piece.text[at..]);
            }
            None => document.push_str(&piece.text),
        }
    }
}

fn hole_for_overrides(list: &List, piece: &Piece, lists: &Lists) -> Option<(usize, List)> {
    if *list != List::Segments || piece.occurrence > 0 {
        return None;
    }
    let overrides = List::Overrides(piece.key.clone());
    lists.get(&overrides)?;
    let found = members(&piece.text, &(0..piece.text.len()));
    let hole = found.into_iter().find(|member| {
        &piece.text[member.name.clone()] == NESTED_STATES && &piece.text[member.value.clone()] == "[]"
    })?;
    Some((hole.value.start + 1, overrides))
}
