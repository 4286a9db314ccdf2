//! Runs that are going on, by name, and how one is stopped.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use halyard_engine::{Chunk, ChunkSource, Control, ReadError};

use crate::{BatchProgress, Console, ConsoleError};

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// How long a cancelled run may take to end what it is at. What it has counted
/// by then is its result; a run that takes longer is cut off without one.
const LAST_CHUNK: Duration = Duration::from_millis(70);

/// The runs that are going on.
pub(crate) type Jobs = HashMap<String, Arc<Job>>;

/// A run, seen from outside.
#[derive(Debug, Default)]
pub(crate) struct Job {
    ending: AtomicBool,
    pub(crate) control: Control,
}

impl Job {
    /// Somebody asked to stop it.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

/// Chunks until somebody asks to stop: the run then ends as if there were no
/// more, and has counted what it has seen.
pub(super) struct UntilStopped<'a, S> {
    pub(super) chunks: S,
    pub(super) job: &'a Job,
}

impl<S: ChunkSource> ChunkSource for UntilStopped<'_, S> {
    fn next_chunk(&mut self, control: &Control) -> Result<Option<Arc<Chunk>>, ReadError> {
        if self.job.is_ending() {
            return Ok(None);
        }
        self.chunks.next_chunk(control)
    }
}

/// A run under way, which is no longer known by its name once this is dropped.
/// Dropped before its end, as when nobody waits for it any more, it is stopped.
pub(crate) struct UnderWay {
    console: Console,
    name: String,
    pub(crate) job: Arc<Job>,
}

impl UnderWay {
    /// [`ConsoleError::Input`] on `job` where a run of this name is going on.
    pub(super) fn begin(console: &Console, name: &str) -> Result<UnderWay, ConsoleError> {
        if console.volatile().jobs.contains_key(name) {
            return Err(ConsoleError::Input {
                field: "job",
                sentence: "This run is still going on.".into(),
            });
        }
        Ok(UnderWay::take_over(console, name))
    }

    /// Stops a run of this name that is going on: what it was asked is not
    /// wanted any more.
    pub(crate) fn take_over(console: &Console, name: &str) -> UnderWay {
        let job = Arc::new(Job::default());
        let before = console.volatile().jobs.insert(name.to_owned(), job.clone());
        if let Some(before) = before {
            before.control.cancel();
        }
        UnderWay {
            console: console.clone(),
            name: name.to_owned(),
            job,
        }
    }

    /// Waits for work on a run, telling its progress meanwhile.
    pub(super) async fn wait<T>(
        &self,
        total: u64,
        progress: impl Fn(BatchProgress),
        work: impl Future<Output = T>,
    ) -> T {
        let tell = || {
            let done = self.job.control.rows_done().min(total);
            progress(BatchProgress { done, total });
        };
        let mut tick = tokio::time::interval(TELL_EVERY);
        tokio::pin!(work);
        let ended = loop {
            tokio::select! {
                ended = &mut work => break ended,
                _ = tick.tick() => tell(),
            }
        };
        tell();
        ended
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.job.control.cancel();
        let mut volatile = self.console.volatile();
        // One that took over goes on under the name.
        let is_own = |job: &Arc<Job>| Arc::ptr_eq(job, &self.job);
        if volatile.jobs.get(&self.name).is_some_and(is_own) {
            volatile.jobs.remove(&self.name);
        }
    }
}

impl Console {
    /// Stops a run within a tenth of a second. One that is not going on is no
    /// error.
    pub fn cancel_batch(&self, job: &str) {
        let Some(job) = self.volatile().jobs.get(job).cloned() else {
            return;
        };
        job.ending.store(true, Ordering::Relaxed);
        // A thread of its own, because this may be called from anywhere.
        let cut_off = move || {
            std::thread::sleep(LAST_CHUNK);
            job.control.cancel();
        };
        if std::thread::Builder::new().spawn(cut_off).is_err() {
            tracing::warn!("a cancelled run is left to end by itself");
        }
    }
}
