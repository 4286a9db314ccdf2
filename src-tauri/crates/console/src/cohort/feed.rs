//! Bytes on their way from whoever has a file to the thread that reads it.

use std::{
    io::{self, BufRead, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc;

/// How many portions wait to be read; whoever brings more waits, too.
const WAITING: usize = 4;

/// The end into which bytes go. A file whose feed is dropped without
/// [`Feed::end`] was given up.
#[derive(Debug)]
pub(super) struct Feed {
    portions: mpsc::Sender<Vec<u8>>,
    is_whole: Arc<AtomicBool>,
}

/// The end out of which a thread reads.
#[derive(Debug)]
pub(super) struct Outlet {
    portions: mpsc::Receiver<Vec<u8>>,
    is_whole: Arc<AtomicBool>,
    portion: Vec<u8>,
    at: usize,
}

/// A feed and its outlet.
pub(super) fn feed() -> (Feed, Outlet) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let is_whole = Arc::new(AtomicBool::new(false));
    let outlet = Outlet {
        portions: receiver,
        is_whole: is_whole.clone(),
        portion: Vec::new(),
        at: 0,
    };
    let feed = Feed {
        portions: sender,
        is_whole,
    };
    (feed, outlet)
}

impl Feed {
    /// Where portions go. Sending fails once nobody reads any more.
    pub(super) fn sender(&self) -> mpsc::Sender<Vec<u8>> {
        self.portions.clone()
    }

    /// There are no more bytes.
    pub(super) fn end(self) {
        self.is_whole.store(true, Ordering::Release);
    }
}

impl BufRead for Outlet {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.portion.len() {
            match self.portions.blocking_recv() {
                Some(portion) => (self.portion, self.at) = (portion, 0),
                None if self.is_whole.load(Ordering::Acquire) => return Ok(&[]),
                None => return Err(io::Error::other("given up")),
            }
        }
        Ok(self.portion.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl Read for Outlet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
