//! Chunks handed out to threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::cohort::{Chunk, ChunkSource, ReadError};

use super::control::{Control, Stopped};

/// Works through all chunks of a source on several threads; what each of them gathered.
///
/// Each thread takes its next chunk itself, so no more than one chunk for each thread is in memory, and reading goes on
/// beside evaluating.
pub(super) fn run<S, W>(
    source: &mut S,
    control: &Control,
    start: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, &Chunk) -> Result<(), Stopped> + Sync,
) -> Result<Vec<W>, ReadError>
where
    S: ChunkSource + Send + ?Sized,
    W: Send,
{
    let source = Mutex::new(source);
    let gathered = Mutex::new(Vec::new());
    let failure = Mutex::new(None);
    let worker = || {
        let mut worker = start();
        let outcome = loop {
            let next = locked(&source).next_chunk(control);
            let worked = match next {
                Ok(None) => break Ok(()),
                Ok(Some(chunk)) => work(&mut worker, &chunk).map_err(|Stopped| ReadError::Stopped),
                Err(error) => Err(error),
            };
            if worked.is_err() {
                break worked;
            }
        };
        match outcome {
            Ok(()) => locked(&gathered).push(worker),
            Err(error) => {
                locked(&failure).get_or_insert(error);
                // Whatever one thread ran into ends the others too.
                control.cancel();
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..control.threads() {
            // A thread that cannot be had is done without.
            if thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        worker();
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(gathered.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
