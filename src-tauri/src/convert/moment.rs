//! Moments of the history.

use halyard_model::MomentId;

use crate::error::WireError;

/// A moment's name, inwards.
pub fn id_in(id: &str) -> Result<MomentId, WireError> {
    let number = id.parse().map_err(|_| WireError::gone("the snapshot"))?;
    Ok(MomentId(number))
}

/// The same where there may be none, which is now.
pub fn at_in(id: Option<&str>) -> Result<Option<MomentId>, WireError> {
    id.map(id_in).transpose()
}
