//! The loop behind what is done now and then.

use std::{future::Future, time::Duration};

use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::ConsoleError;

/// Asks once a second what is due and does each of it as a task of its own, so
/// that one which hangs holds up no other. Until cancelled; what still runs
/// then is dropped.
pub(super) async fn each_second<T, Due, Done>(
    cancel: CancellationToken,
    due: impl Fn() -> Due,
    act: impl Fn(T) -> Done,
) where
    Due: Future<Output = Result<Vec<T>, ConsoleError>>,
    Done: Future<Output = ()> + Send + 'static,
{
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = JoinSet::new();
    loop {
        let asked = async {
            tick.tick().await;
            due().await
        };
        let asked = tokio::select! {
            () = cancel.cancelled() => return,
            Some(_) = running.join_next() => continue,
            asked = asked => asked,
        };
        match asked {
            Ok(all) => {
                for one in all {
                    running.spawn(act(one));
                }
            }
            Err(error) => tracing::warn!(
                error = error.for_log(),
                "what is due could not be read from the mirror"
            ),
        }
    }
}
