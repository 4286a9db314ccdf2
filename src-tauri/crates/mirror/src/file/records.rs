//! The lines of a file.

use std::borrow::Cow;

use halyard_model::{
    Author, Environment, EnvironmentKey, Protection, Service, Timestamp, Touched, TouchedCounts,
};
use serde::{Deserialize, Serialize};

use super::{FileError, FileHeader, Kept, Result, clean_name, limits};

/// What each line begins with.
pub(super) mod kind {
    pub(in crate::file) const HEADER: &str = "header";
    pub(in crate::file) const PART: &str = "part";
    pub(in crate::file) const LIST: &str = "list";
    pub(in crate::file) const MOMENT: &str = "moment";
    pub(in crate::file) const END: &str = "end";
}

/// Any line, as far as its kind.
#[derive(Deserialize)]
pub(super) struct Kind<'a> {
    #[serde(borrow)]
    pub(super) record: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HeaderRecord {
    pub(super) record: String,
    made_at: Timestamp,
    made_by: String,
    service: Service,
    connection: String,
    organisation: Option<String>,
    project: String,
    environment: EnvironmentRecord,
    moments: u64,
    identities: Kept,
    authors: Kept,
}

#[derive(Serialize, Deserialize)]
struct EnvironmentRecord {
    key: String,
    name: String,
    versioned: bool,
    requires_change_requests: bool,
    edge_identities: bool,
}

/// A text, once.
#[derive(Serialize, Deserialize)]
pub(super) struct PartRecord<'a> {
    #[serde(borrow)]
    pub(super) record: Cow<'a, str>,
    pub(super) id: u32,
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
}

/// Texts that follow each other, once.
#[derive(Serialize, Deserialize)]
pub(super) struct ListRecord<'a> {
    #[serde(borrow)]
    pub(super) record: Cow<'a, str>,
    pub(super) id: u32,
    pub(super) of: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct MomentRecord {
    pub(super) record: String,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) before: Option<Timestamp>,
    pub(super) document_updated_at: Option<Timestamp>,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) pinned: bool,
    #[serde(default)]
    pub(super) touched: Vec<Touched>,
    #[serde(default)]
    pub(super) counts: TouchedCounts,
    #[serde(default)]
    pub(super) authors: Vec<Author>,
    pub(super) flag_count: u32,
    pub(super) segment_count: u32,
    pub(super) document: Vec<u32>,
    pub(super) flags: Vec<u32>,
    pub(super) segments: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct EndRecord<'a> {
    #[serde(borrow)]
    pub(super) record: Cow<'a, str>,
    pub(super) moments: u64,
    pub(super) parts: u64,
    #[serde(borrow)]
    pub(super) digest: Cow<'a, str>,
}

impl HeaderRecord {
    pub(super) fn of(header: &FileHeader) -> HeaderRecord {
        let environment = &header.environment;
        HeaderRecord {
            record: kind::HEADER.into(),
            made_at: header.made_at,
            made_by: header.made_by.clone(),
            service: header.service,
            connection: header.connection.clone(),
            organisation: header.organisation.clone(),
            project: header.project.clone(),
            environment: EnvironmentRecord {
                key: environment.key.0.clone(),
                name: environment.name.clone(),
                versioned: environment.versioned,
                requires_change_requests: environment.requires_change_requests,
                edge_identities: environment.edge_identities,
            },
            moments: header.moments,
            identities: header.identities,
            authors: header.authors,
        }
    }

    /// What it says, fit to be shown.
    pub(super) fn read(self) -> Result<FileHeader> {
        if self.moments == 0 || self.moments > limits::MOMENTS {
            return Err(FileError::too_large(format!(
                "it says that it holds {} moments; a file holds 1 to {}",
                self.moments,
                limits::MOMENTS
            )));
        }
        check_time(self.made_at, "the time it was made at")?;
        let environment = self.environment;
        if environment.key.is_empty() || clean_name(&environment.key) != environment.key {
            return Err(FileError::impossible("the environment's key is none"));
        }
        Ok(FileHeader {
            made_at: self.made_at,
            made_by: clean_name(&self.made_by),
            service: self.service,
            connection: clean_name(&self.connection),
            organisation: self.organisation.map(|name| clean_name(&name)),
            project: clean_name(&self.project),
            environment: Environment {
                key: EnvironmentKey(environment.key),
                remote_id: String::new(),
                name: clean_name(&environment.name),
                versioned: environment.versioned,
                requires_change_requests: environment.requires_change_requests,
                edge_identities: environment.edge_identities,
                protection: Protection::ReadOnly,
            },
            moments: self.moments,
            identities: self.identities,
            authors: self.authors,
        })
    }
}

/// Whether a time is one at which Halyard can have looked.
pub(super) fn check_time(at: Timestamp, what: &str) -> Result<()> {
    if limits::TIMES.contains(&at.0) {
        return Ok(());
    }
    Err(FileError::impossible(format!("{what} is absurd")))
}
