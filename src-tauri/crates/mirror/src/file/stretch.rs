//! Reading as many moments as are written at once.

use super::{FileReader, Result};
use crate::{OpenedMoment, STRETCH_BYTES, STRETCH_MOMENTS};

impl FileReader {
    /// The next moments, the oldest first, put together: as many as
    /// [`Import::add`](crate::Import::add) should be given at once. None after
    /// the last one, once the end was found to be right.
    pub fn next_stretch(&mut self) -> Result<Vec<OpenedMoment>> {
        let mut stretch = Vec::new();
        let mut bytes = 0;
        while stretch.len() < STRETCH_MOMENTS && bytes < STRETCH_BYTES {
            let Some(found) = self.next_moment()? else {
                break;
            };
            bytes += found.bytes;
            stretch.push(self.open_moment(&found)?);
        }
        Ok(stretch)
    }
}
