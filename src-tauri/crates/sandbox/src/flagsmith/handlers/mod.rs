//! The handlers, one file an area.

pub(super) mod account;
pub(super) mod edge_identities;
pub(super) mod environments;
pub(super) mod experiments;
pub(super) mod features;
pub(super) mod featurestates;
pub(super) mod future;
pub(super) mod identities;
pub(super) mod options;
pub(super) mod overrides;
pub(super) mod projects;
pub(super) mod sdk;
pub(super) mod segments;
pub(super) mod tags;
pub(super) mod versions;
mod weights;
