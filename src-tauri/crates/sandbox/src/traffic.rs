//! Which connections are open and which requests are under way, so that a test can wait until nothing is.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{oneshot, watch},
};

/// Counts what clients do; clones share one account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    counts: watch::Sender<Counts>,
    doors: Arc<Mutex<Doors>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
}

#[derive(Debug, Default)]
struct Doors {
    addresses: Vec<SocketAddr>,
    /// Connections of our own, which nobody serves, by the address they come from.
    knocks: HashMap<SocketAddr, oneshot::Sender<()>>,
}

/// What is counted while it lasts.
#[derive(Debug)]
pub(crate) struct Counted {
    traffic: Traffic,
    what: fn(&mut Counts) -> &mut usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.traffic.counts.send_modify(|counts| {
            let count = (self.what)(counts);
            *count = count.saturating_sub(1);
        });
    }
}

impl Traffic {
    /// Counts the connections of a listener from now on.
    pub(crate) fn watch(&self, listener: &TcpListener) {
        if let Ok(address) = listener.local_addr() {
            self.lock().addresses.push(address);
        }
    }

    /// Counts a connection that was accepted; nothing where it is a knock of our own.
    pub(crate) fn connection(&self, from: SocketAddr) -> Option<Counted> {
        let knock = self.lock().knocks.remove(&from);
        match knock {
            Some(heard) => {
                // Whoever knocked may have gone.
                let _ = heard.send(());
                None
            }
            None => Some(self.count(|counts| &mut counts.connections)),
        }
    }

    /// Counts a request from its head's arrival on, whether or not its client still waits, or one that is
    /// to be carried out later.
    pub(crate) fn request(&self) -> Counted {
        self.count(|counts| &mut counts.requests)
    }

    fn count(&self, what: fn(&mut Counts) -> &mut usize) -> Counted {
        self.counts.send_modify(|counts| *what(counts) += 1);
        Counted {
            traffic: self.clone(),
            what,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits until every connection that was made before this call has ended, and every request with it.
    ///
    /// A connection that the system has made and nobody has accepted yet is counted nowhere. Listeners
    /// accept in order of arrival, so a knock that has been heard says that all before it are counted.
    pub(crate) async fn rest(&self) {
        let addresses = self.lock().addresses.clone();
        for address in addresses {
            if let Err(error) = self.knock(address).await {
                tracing::warn!(%error, "a listener could not be knocked at");
            }
        }
        let mut counts = self.counts.subscribe();
        // The sender lives as long as this account.
        let _ = counts.wait_for(|counts| *counts == Counts::default()).await;
    }

    async fn knock(&self, address: SocketAddr) -> std::io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let (heard, hearing) = oneshot::channel();
        self.lock().knocks.insert(socket.local_addr()?, heard);
        let connection = socket.connect(address).await?;
        // Nobody answers any more where the listener has ended.
        let _ = hearing.await;
        drop(connection);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Doors> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
