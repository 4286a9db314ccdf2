//! Who brings something in, and the room to remove it again.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use crate::{MirrorError, Result};

/// Beside the mirror; held by the process that brings something in, and not
/// empty until that has come to its end.
const FILE: &str = "mirror.importing";

/// Kept free, so that on a full disk there is room to remove what came in: the
/// write-ahead log of SQLite's usual thousand pages, and as much to fold it into
/// the file.
const ROOM: usize = 8 * 1024 * 1024;

/// Zeros are written in pieces of this size.
const PIECE: usize = 1 << 16;

/// The right to bring something in. It ends with the process, however that ends.
pub(super) struct Claim(File);

impl Claim {
    /// [`MirrorError::Busy`] where somebody else has it.
    pub(super) fn stake(directory: &Path) -> Result<Claim> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(FILE))?;
        let claim = Claim(file);
        match claim.0.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MirrorError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        if let Err(error) = claim.fill() {
            claim.0.set_len(0)?;
            return Err(error.into());
        }
        Ok(claim)
    }

    /// The claim of somebody who did not come to the end of it, and is gone.
    pub(super) fn left_behind(directory: &Path) -> Result<Option<Claim>> {
        let file = match File::options().write(true).open(directory.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if file.metadata()?.len() == 0 || file.try_lock().is_err() {
            return Ok(None);
        }
        let claim = Claim(file);
        claim.make_room()?;
        Ok(Some(claim))
    }

    /// What was brought in is to be removed now.
    pub(super) fn make_room(&self) -> Result<()> {
        // Not empty: whoever comes after a kill must see that something is left.
        Ok(self.0.set_len(1)?)
    }

    /// Nothing unfinished is left.
    pub(super) fn give_up(self) -> Result<()> {
        Ok(self.0.set_len(0)?)
    }

    fn fill(&self) -> io::Result<()> {
        let zeros = [0_u8; PIECE];
        let mut file = &self.0;
        for _ in 0..ROOM / PIECE {
            file.write_all(&zeros)?;
        }
        file.sync_all()
    }
}
