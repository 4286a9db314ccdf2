//! The three kinds of definition that a project holds.

use super::tokens::permission;

/// A kind of definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Config,
    Segment,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Flag, Self::Config, Self::Segment];

    /// The word used for one in answers and in the audit log.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Config => "config",
            Self::Segment => "segment",
        }
    }

    /// The word at the start of a sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Flag => "Flag",
            Self::Config => "Config",
            Self::Segment => "Segment",
        }
    }

    /// The path segment and the list's member.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Flag => "flags",
            Self::Config => "configs",
            Self::Segment => "segments",
        }
    }

    pub(super) fn from_plural(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural() == text)
    }

    /// Reading segments needs the permission for flags: the service names none of their own.
    pub(super) fn read_permission(self) -> &'static str {
        match self {
            Self::Flag | Self::Segment => permission::READ_FLAGS,
            Self::Config => permission::READ_CONFIGS,
        }
    }

    pub(super) fn write_permission(self) -> &'static str {
        match self {
            Self::Flag | Self::Segment => permission::WRITE_FLAGS,
            Self::Config => permission::WRITE_CONFIGS,
        }
    }

    /// How long a client may keep an answer about this kind, in seconds.
    pub(super) fn list_max_age(self) -> u32 {
        match self {
            Self::Flag | Self::Segment => 30,
            Self::Config => 60,
        }
    }
}
