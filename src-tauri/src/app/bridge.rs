//! From the console's events to the window's.

use std::time::Duration;

use halyard_console::{Console, Event};
use tauri::AppHandle;
use tauri_specta::Event as _;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::notices;
use crate::events::{Changed, ChangedTag, RefreshProgress};

/// Events that arrive within this time are told together: a refresh makes
/// several at once, and the window would ask again for each.
const GATHER: Duration = Duration::from_millis(40);

/// Tells the window what the console tells, until cancelled.
pub async fn forward(console: Console, app: AppHandle, cancel: CancellationToken) {
    let mut events = console.events();
    loop {
        let first = tokio::select! {
            () = cancel.cancelled() => return,
            event = events.recv() => event,
        };
        let mut tags = Vec::new();
        match first {
            Ok(event) => take(event, &app, &mut tags),
            Err(RecvError::Lagged(_)) => everything(&console, &mut tags).await,
            Err(RecvError::Closed) => return,
        }
        gather(&mut events, &app, &mut tags).await;
        if !tags.is_empty() {
            // A window that is closing hears nothing, which is right.
            let _unheard = Changed { tags }.emit(&app);
        }
    }
}

async fn gather(events: &mut Receiver<Event>, app: &AppHandle, tags: &mut Vec<ChangedTag>) {
    let end = tokio::time::Instant::now() + GATHER;
    while let Ok(Ok(event)) = tokio::time::timeout_at(end, events.recv()).await {
        take(event, app, tags);
    }
}

fn take(event: Event, app: &AppHandle, tags: &mut Vec<ChangedTag>) {
    let tag = match event {
        Event::App => ChangedTag::App,
        Event::Environment {
            connection,
            environment,
        } => ChangedTag::Environment {
            connection: connection.0,
            environment: environment.0,
        },
        Event::Status { connection } => ChangedTag::Status {
            connection: connection.0,
        },
        Event::Changes { connection } => ChangedTag::Changes {
            connection: connection.0,
        },
        Event::Timeline { connection } => ChangedTag::Timeline {
            connection: connection.0,
        },
        Event::Activity => ChangedTag::Activity,
        Event::Health { connection } => ChangedTag::Health {
            connection: connection.0,
        },
        Event::Notice(notice) => {
            notices::show(app, &notice);
            return;
        }
        Event::Progress {
            connection,
            environment,
            what,
            done,
            total,
        } => {
            let progress = RefreshProgress {
                connection: connection.0,
                environment: environment.0,
                what: what.map(str::to_owned),
                done,
                total,
            };
            let _unheard = progress.emit(app);
            return;
        }
    };
    if !tags.contains(&tag) {
        tags.push(tag);
    }
}

/// After missed events: all answers may be out of date.
async fn everything(console: &Console, tags: &mut Vec<ChangedTag>) {
    tags.push(ChangedTag::App);
    tags.push(ChangedTag::Activity);
    for connection in console.connections().await.unwrap_or_default() {
        tags.push(ChangedTag::Status {
            connection: connection.id.0.clone(),
        });
        tags.push(ChangedTag::Health {
            connection: connection.id.0.clone(),
        });
        tags.push(ChangedTag::Changes {
            connection: connection.id.0.clone(),
        });
        tags.push(ChangedTag::Timeline {
            connection: connection.id.0.clone(),
        });
        for facts in console.environments(&connection.id).await.unwrap_or_default() {
            let (connection, environment) = (connection.id.0.clone(), facts.environment.key.0);
            tags.push(ChangedTag::Environment {
                connection,
                environment,
            });
        }
    }
}
