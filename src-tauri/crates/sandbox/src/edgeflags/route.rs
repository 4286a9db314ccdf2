//! Which path means what, and what it asks of a token.

use percent_encoding::percent_decode_str;

use super::{kind::Kind, limits::Class, tokens::permission};

/// A path of the service, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Docs,
    OpenApi,
    List(Kind),
    One(Kind, String),
    Override(Kind, String, String),
    Evaluate,
    Project,
    Environments,
    Environment(String),
    Tokens,
    Token(String),
    Audit,
}

impl Route {
    /// Reads a path; nothing where the service has no such resource.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let parts: Vec<String> = path
            .trim_start_matches('/')
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["health"] => Some(Self::Health),
            ["docs"] => Some(Self::Docs),
            ["openapi.json"] => Some(Self::OpenApi),
            ["api", "v1", rest @ ..] => Self::parse_resource(rest),
            _ => None,
        }
    }

    fn parse_resource(parts: &[&str]) -> Option<Self> {
        match *parts {
            ["evaluate"] => Some(Self::Evaluate),
            ["project"] => Some(Self::Project),
            ["project", "environments"] => Some(Self::Environments),
            ["project", "environments", name] => Some(Self::Environment(name.to_owned())),
            ["tokens"] => Some(Self::Tokens),
            ["tokens", id] => Some(Self::Token(id.to_owned())),
            ["audit"] => Some(Self::Audit),
            [plural] => Kind::from_plural(plural).map(Self::List),
            [plural, key] => Kind::from_plural(plural).map(|kind| Self::One(kind, key.to_owned())),
            [plural, key, "environments", environment] => match Kind::from_plural(plural)? {
                Kind::Segment => None,
                kind => Some(Self::Override(kind, key.to_owned(), environment.to_owned())),
            },
            _ => None,
        }
    }

    /// The verbs the resource knows.
    pub(super) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Health | Self::Docs | Self::OpenApi | Self::Audit => &["GET"],
            Self::List(_) | Self::Environments | Self::Tokens => &["GET", "POST"],
            Self::One(..) => &["GET", "PUT", "DELETE"],
            Self::Override(..) => &["PUT", "DELETE"],
            Self::Evaluate => &["POST"],
            Self::Project => &["GET", "PUT"],
            Self::Environment(_) | Self::Token(_) => &["DELETE"],
        }
    }

    /// Whether the resource asks for no token.
    pub(super) fn is_public(&self) -> bool {
        matches!(self, Self::Health | Self::Docs | Self::OpenApi)
    }

    /// Which budget a request draws on.
    pub(super) fn class(&self, method: &str) -> Class {
        match self {
            Self::Evaluate => Class::Evaluation,
            Self::One(Kind::Flag, _) if method == "GET" => Class::Evaluation,
            _ => Class::Management,
        }
    }

    /// The permission a request needs; nothing where any token will do.
    pub(super) fn permission(&self, method: &str) -> Option<&'static str> {
        let reads = method == "GET";
        match self {
            Self::Health | Self::Docs | Self::OpenApi => None,
            Self::List(kind) | Self::One(kind, _) if reads => Some(kind.read_permission()),
            Self::List(kind) | Self::One(kind, _) | Self::Override(kind, ..) => Some(kind.write_permission()),
            Self::Evaluate => Some(permission::READ_FLAGS),
            Self::Project | Self::Environments if reads => None,
            Self::Project | Self::Environments | Self::Environment(_) => Some(permission::ADMIN),
            Self::Tokens | Self::Token(_) | Self::Audit => Some(permission::ADMIN),
        }
    }
}
