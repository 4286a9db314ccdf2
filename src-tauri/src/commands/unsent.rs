//! Commands on what is typed and not sent.

use halyard_console::Unsent;
use halyard_model::ConnectionId;
use tauri::State;

use crate::{app::Halyard, error::WireError, view::UnsentView};

/// Everything that is typed and not sent.
#[tauri::command]
#[specta::specta]
pub async fn unsent(app: State<'_, Halyard>) -> Result<Vec<UnsentView>, WireError> {
    let unsent = app.console.unsent().await?;
    let views = unsent.into_iter().map(|one| UnsentView {
        connection: one.connection.0,
        subject: one.subject,
        record: one.record,
    });
    Ok(views.collect())
}

/// Keeps what is typed about a subject, or forgets it where there is no record.
#[tauri::command]
#[specta::specta]
pub async fn keep_unsent(
    app: State<'_, Halyard>,
    connection: String,
    subject: String,
    record: Option<String>,
) -> Result<(), WireError> {
    let connection = ConnectionId(connection);
    match record {
        Some(record) => {
            let unsent = Unsent {
                connection,
                subject,
                record,
            };
            app.console.keep_unsent(&unsent).await?;
        }
        None => app.console.drop_unsent(&connection, &subject).await?,
    }
    Ok(())
}
