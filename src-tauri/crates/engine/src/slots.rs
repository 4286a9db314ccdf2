//! Trait names, numbered.

use std::sync::Arc;

/// The names of all traits that conditions read. Numbers stay when names are added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    names: Vec<Arc<str>>,
    /// Numbers in the order of the names.
    sorted: Vec<u32>,
}

impl Slots {
    /// The number of a name, given to it if it has none.
    pub(crate) fn add(&mut self, name: &str) -> u32 {
        match self.place(name) {
            Ok(place) => self.sorted[place],
            Err(place) => {
                let slot = self.names.len() as u32;
                self.names.push(name.into());
                self.sorted.insert(place, slot);
                slot
            }
        }
    }

    /// The number of a name.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.place(name).ok().map(|place| self.sorted[place])
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.sorted.binary_search_by(|slot| self.name(*slot).cmp(name))
    }

    pub(crate) fn name(&self, slot: u32) -> &str {
        &self.names[slot as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Names in order of first use.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Names with their numbers, by name.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (&str, u32)> {
        self.sorted.iter().map(|slot| (self.name(*slot), *slot))
    }
}
