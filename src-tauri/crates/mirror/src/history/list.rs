//! The lists that parts are in.

use halyard_model::TouchedKind;

/// A list of parts. Their order in it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum List {
    /// The document without its lists; one part.
    Envelope,
    /// Flagsmith: the states of the flags.
    States,
    /// Flagsmith: the segments of the project.
    Segments,
    /// Flagsmith: the overrides of the segment with this key.
    Overrides(String),
    /// Flagsmith: the identities with overrides.
    Identities,
    /// Another array at the top of the document, by its name.
    Top(String),
    /// The flags as the console has them.
    FlagRecords,
    /// The segments as the console has them.
    SegmentRecords,
}

/// How many kinds of list there are.
pub(super) const KINDS: usize = 8;

impl List {
    /// The list that a member at the top of a document is.
    pub(super) fn top(name: &str) -> List {
        match name {
            "feature_states" => List::States,
            "identity_overrides" => List::Identities,
            other => List::Top(other.to_owned()),
        }
    }

    /// As a column has it.
    pub(super) fn written(&self) -> String {
        match self {
            List::Envelope => "e".into(),
            List::States => "f".into(),
            List::Segments => "s".into(),
            List::Overrides(segment) => format!("o/{segment}"),
            List::Identities => "i".into(),
            List::Top(name) => format!("t/{name}"),
            List::FlagRecords => "F".into(),
            List::SegmentRecords => "S".into(),
        }
    }

    /// What a column says; nothing for what no list is called.
    pub(super) fn read(written: &str) -> Option<List> {
        Some(match written {
            "e" => List::Envelope,
            "f" => List::States,
            "s" => List::Segments,
            "i" => List::Identities,
            "F" => List::FlagRecords,
            "S" => List::SegmentRecords,
            _ => match written.split_once('/')? {
                ("o", segment) => List::Overrides(segment.to_owned()),
                ("t", name) => List::Top(name.to_owned()),
                _ => return None,
            },
        })
    }

    /// Its kind's number, below [`KINDS`].
    pub(super) fn kind(&self) -> usize {
        match self {
            List::Envelope => 0,
            List::States => 1,
            List::Segments => 2,
            List::Overrides(_) => 3,
            List::Identities => 4,
            List::Top(_) => 5,
            List::FlagRecords => 6,
            List::SegmentRecords => 7,
        }
    }

    /// What the lists of a kind are, for people.
    pub(super) fn kind_name(kind: usize) -> &'static str {
        match kind {
            0 => "the settings of the environment",
            1 => "the list of the flags' states",
            2 => "the list of the segments' rules",
            3 => "the lists of the segments' overrides",
            4 => "the list of the identities",
            5 => "the lists of the document",
            6 => "the list of the flags",
            _ => "the list of the segments",
        }
    }

    /// What one part of it is, for people.
    pub(super) fn part_name(&self, key: &str, label: Option<&str>) -> String {
        let called = label.unwrap_or(key);
        match self {
            List::Envelope => "the settings of the environment".into(),
            List::Overrides(segment) => format!("flag {key} for segment {segment}"),
            List::Top(list) if self.touched() == TouchedKind::Environment => format!("{called} of {list}"),
            _ => match self.touched() {
                TouchedKind::Flag => format!("flag {called}"),
                TouchedKind::Segment => format!("segment {called}"),
                TouchedKind::Identity => format!("identity {called}"),
                TouchedKind::Config => format!("config {called}"),
                TouchedKind::Environment => called.to_owned(),
            },
        }
    }

    /// What a difference in it touches.
    pub(super) fn touched(&self) -> TouchedKind {
        match self {
            List::States | List::Overrides(_) | List::FlagRecords => TouchedKind::Flag,
            List::Segments | List::SegmentRecords => TouchedKind::Segment,
            List::Identities => TouchedKind::Identity,
            List::Envelope => TouchedKind::Environment,
            List::Top(name) => match name.as_str() {
                "flags" => TouchedKind::Flag,
                "configs" => TouchedKind::Config,
                "segments" => TouchedKind::Segment,
                _ => TouchedKind::Environment,
            },
        }
    }

    /// Whether its parts go by a number, and have a name beside it.
    pub(super) fn is_labelled(&self) -> bool {
        self.touched() == TouchedKind::Segment
    }
}
