//! From the clients to the mirror: requests are handed over without waiting
//! and written down together.

use std::{
    collections::HashSet,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use halyard_mirror::Mirror;
use halyard_model::ConnectionId;
use halyard_provider::{Credential, Exchange, Governor, HttpSettings, Observer};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::Instant,
};

use super::{kept::to_keep, redact::redact};
use crate::{Event, state::Inner};

/// How many requests may wait to be written down. Beyond that they are counted
/// and dropped: a request never waits for its record.
const ROOM: usize = 4_096;

/// How many are written down together at most.
const TOGETHER: usize = 512;

/// How long the writer waits for more: one write to the disk for all of them.
const GATHER: Duration = Duration::from_millis(250);

/// The shortest time between two [`Event::Activity`].
const BETWEEN_EVENTS: Duration = Duration::from_secs(1);

/// What the clients and the console share about requests.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Decides who may send when; the same one in all clients.
    pub governor: Governor,
    /// Where the recorder's requests arrive; `None`: nothing is recorded.
    pub intake: Option<ActivityIntake>,
    /// How status feeds are read; `None`: they are not.
    pub status_feeds: Option<HttpSettings>,
}

enum Message {
    Exchanged(Box<Exchange>),
    BudgetChanged(ConnectionId),
    /// Answered when everything before it is written down.
    Written(oneshot::Sender<()>),
}

/// Takes requests from the clients; goes into
/// [`HttpSettings::observer`](halyard_provider::HttpSettings).
#[derive(Debug)]
pub struct ActivityRecorder {
    sender: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
}

/// The other end of an [`ActivityRecorder`]; goes into [`Traffic::intake`].
#[derive(Debug)]
pub struct ActivityIntake {
    receiver: mpsc::Receiver<Message>,
    sender: mpsc::WeakSender<Message>,
    lost: Arc<AtomicU64>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An exchange that was not looked at a second time is not shown.
        formatter.write_str("Message")
    }
}

impl ActivityRecorder {
    /// A recorder and where its requests arrive.
    pub fn new() -> (Arc<ActivityRecorder>, ActivityIntake) {
        let (sender, receiver) = mpsc::channel(ROOM);
        let lost = Arc::<AtomicU64>::default();
        let intake = ActivityIntake {
            receiver,
            sender: sender.downgrade(),
            lost: lost.clone(),
        };
        (Arc::new(ActivityRecorder { sender, lost }), intake)
    }
}

impl Observer for ActivityRecorder {
    fn exchanged(&self, exchange: Exchange) {
        let sent = self.sender.try_send(Message::Exchanged(Box::new(exchange)));
        if sent.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn budget_changed(&self, account: Option<&ConnectionId>) {
        if let Some(account) = account {
            // One that finds no room is made up for by the next.
            let _unheard = self.sender.try_send(Message::BudgetChanged(account.clone()));
        }
    }
}

/// The console's end: asks the writer to finish, and knows what was lost.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    sender: Option<mpsc::WeakSender<Message>>,
    lost: Arc<AtomicU64>,
}

impl Activity {
    /// Begins to write down what arrives, until no recorder is left. `inner`
    /// is where the keys are known that must not be written down.
    pub(crate) fn begin(
        intake: Option<ActivityIntake>,
        mirror: Mirror,
        events: broadcast::Sender<Event>,
        inner: Weak<Inner>,
    ) -> Activity {
        let (Some(intake), Ok(runtime)) = (intake, tokio::runtime::Handle::try_current()) else {
            return Activity::default();
        };
        let writer = Writer {
            mirror,
            events,
            inner,
            lost: intake.lost.clone(),
        };
        runtime.spawn(writer.run(intake.receiver));
        Activity {
            sender: Some(intake.sender),
            lost: intake.lost,
        }
    }

    /// Waits until everything that has arrived is written down.
    pub(crate) async fn written(&self) {
        let Some(sender) = self.sender.as_ref().and_then(mpsc::WeakSender::upgrade) else {
            return;
        };
        let (done, written) = oneshot::channel();
        if sender.send(Message::Written(done)).await.is_ok() {
            // A writer that ended has written what it could.
            let _ended = written.await;
        }
    }

    /// How many requests found no room or could not be written.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

struct Writer {
    mirror: Mirror,
    events: broadcast::Sender<Event>,
    inner: Weak<Inner>,
    lost: Arc<AtomicU64>,
}

/// When to tell that requests were made.
#[derive(Debug, Default)]
struct Telling {
    told_at: Option<Instant>,
    untold: bool,
}

impl Telling {
    /// Something was written down that nobody was told of.
    fn written(&mut self) {
        self.untold = true;
    }

    /// When to tell, where there is something to tell: at once, or when
    /// [`BETWEEN_EVENTS`] have passed since the last time.
    fn due_at(&self, now: Instant) -> Option<Instant> {
        let earliest = self.told_at.map_or(now, |at| at + BETWEEN_EVENTS);
        self.untold.then_some(earliest)
    }

    /// Whether to tell now; it counts as told then.
    fn take(&mut self, now: Instant) -> bool {
        let due = self.due_at(now).is_some_and(|at| at <= now);
        if due {
            self.told_at = Some(now);
            self.untold = false;
        }
        due
    }
}

/// What arrived within one [`GATHER`].
#[derive(Default)]
struct Batch {
    exchanges: Vec<Exchange>,
    budgets: HashSet<ConnectionId>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn take(&mut self, message: Message) {
        match message {
            Message::Exchanged(exchange) => self.exchanges.push(*exchange),
            Message::BudgetChanged(account) => {
                self.budgets.insert(account);
            }
            Message::Written(done) => self.waiting.push(done),
        }
    }

    fn is_due(&self) -> bool {
        !self.waiting.is_empty() || self.exchanges.len() >= TOGETHER
    }
}

impl Writer {
    async fn run(self, mut messages: mpsc::Receiver<Message>) {
        let mut telling = Telling::default();
        loop {
            let first = match telling.due_at(Instant::now()) {
                // The last rows are told also when nothing follows them.
                Some(due) => tokio::time::timeout_at(due, messages.recv()).await.ok(),
                None => Some(messages.recv().await),
            };
            match first {
                Some(Some(first)) => {
                    let batch = gather(first, &mut messages).await;
                    if !batch.exchanges.is_empty() {
                        telling.written();
                    }
                    self.write(batch).await;
                }
                Some(None) => return,
                None => {}
            }
            if telling.take(Instant::now()) {
                let _unheard = self.events.send(Event::Activity);
            }
        }
    }

    async fn write(&self, batch: Batch) {
        if !batch.exchanges.is_empty() {
            let count = batch.exchanges.len();
            let rows: Vec<_> = batch
                .exchanges
                .into_iter()
                .map(|mut exchange| {
                    let keys = self.keys(exchange.account.as_ref());
                    redact(&mut exchange, &keys);
                    to_keep(exchange)
                })
                .collect();
            if let Err(error) = self.mirror.record_exchanges(&rows).await {
                self.lost
                    .fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
                tracing::warn!(%error, count, "requests could not be written down");
            }
        }
        for connection in batch.budgets {
            let _unheard = self.events.send(Event::Status { connection });
        }
        for done in batch.waiting {
            let _gone = done.send(());
        }
    }

    /// The keys known without asking anybody: of the connection, and of those
    /// that are being made.
    fn keys(&self, account: Option<&ConnectionId>) -> Vec<Credential> {
        self.inner
            .upgrade()
            .map(|inner| inner.keys_in_memory(account))
            .unwrap_or_default()
    }
}

/// Waits a little for what comes together.
async fn gather(first: Message, messages: &mut mpsc::Receiver<Message>) -> Batch {
    let mut batch = Batch::default();
    batch.take(first);
    let end = Instant::now() + GATHER;
    while !batch.is_due() {
        match tokio::time::timeout_at(end, messages.recv()).await {
            Ok(Some(message)) => batch.take(message),
            Ok(None) | Err(_) => break,
        }
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_told_at_most_once_a_second_and_of_the_last_too() {
        let begun = Instant::now();
        let after = |millis| begun + Duration::from_millis(millis);
        let mut telling = Telling::default();
        assert!(!telling.take(begun), "there is nothing to tell");
        let mut told = Vec::new();
        for millis in (0..=2_500).step_by(100) {
            telling.written();
            if telling.take(after(millis)) {
                told.push(millis);
            }
        }
        assert_eq!(told, [0, 1_000, 2_000]);
        assert_eq!(telling.due_at(after(2_600)), Some(after(3_000)));
        assert!(telling.take(after(3_000)));
        assert_eq!(telling.due_at(after(3_100)), None);
    }
}
