//! Reading identities from files.

mod error;

pub use error::ReadError;
