//! Commands on connections, keys and what is remembered.

use halyard_console::{
    AuthKind, ConnectInput, Credential, DraftId, Lock, Notices, Place, SaveDraft, Theme,
    secret::KeyStoreState,
};
use halyard_model::{ConnectionId, EnvironmentKey};
use tauri::State;

use crate::{
    app::Halyard,
    convert::{
        connection::{
            choices, connection as connection_view, draft, keep_key_in, key_store, service_in, theme,
            theme_in,
        },
        health, warning,
    },
    error::WireError,
    view::*,
    words,
};

/// The frame: connections, keychain, notices.
#[tauri::command]
#[specta::specta]
pub async fn app(app: State<'_, Halyard>) -> Result<AppView, WireError> {
    frame(&app).await
}

/// The frame; without its key it is an empty one that says so.
pub async fn frame(app: &Halyard) -> Result<AppView, WireError> {
    if let Some(lock) = app.console.lock() {
        return Ok(locked_frame(app, &lock));
    }
    let settings = app.console.settings().await?;
    let mut connections = Vec::new();
    for known in app.console.connections().await? {
        connections.push(one(app, &known.id).await?);
    }
    Ok(AppView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        connections,
        key_store: key_store(&app.console.key_store().await),
        notices: app.notices(),
        last_place: settings.place.map(|place| PlaceView {
            connection: place.connection.0,
            environment: place.environment.0,
        }),
        theme: theme(settings.theme),
        waiting_file: app.files.waiting(),
        locked: None,
        desktop_notices: settings.notices == Notices::On,
    })
}

/// Nothing in it is asked of the keychain, which may be waiting for a person.
fn locked_frame(app: &Halyard, lock: &Lock) -> AppView {
    let store = match lock {
        Lock::KeyStore(error) => KeyStoreState::Failing(error.clone()),
        Lock::Waiting | Lock::KeyMissing { .. } | Lock::KeyWrong { .. } => KeyStoreState::Ready,
    };
    AppView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        connections: Vec::new(),
        key_store: key_store(&store),
        notices: app.notices(),
        last_place: None,
        theme: theme(Theme::default()),
        waiting_file: None,
        locked: Some(words::encryption::locked(lock)),
        desktop_notices: true,
    }
}

/// Starts the sandbox inside the app and connects to both of its services.
#[tauri::command]
#[specta::specta]
pub async fn start_demo(app: State<'_, Halyard>) -> Result<Vec<ConnectionView>, WireError> {
    let mut connections = Vec::new();
    for id in app.start_demo().await? {
        connections.push(one(&app, &id).await?);
    }
    Ok(connections)
}

/// Checks an address and a key, and lists what they open. The only call that
/// carries a key; nothing is saved.
#[tauri::command]
#[specta::specta]
pub async fn connect(app: State<'_, Halyard>, request: ConnectRequest) -> Result<DraftView, WireError> {
    let input = ConnectInput {
        service: service_in(request.service),
        address: request.address,
        credential: Credential::new(&request.key),
        auth: match request.key_kind {
            KeyKindView::OrganisationKey => AuthKind::OrganisationKey,
            KeyKindView::UserToken => AuthKind::UserToken,
            KeyKindView::AccessToken => AuthKind::AccessToken,
        },
        connection: request.connection.map(ConnectionId),
    };
    Ok(draft(&app.console.connect(input).await?))
}

/// Lists the environments of a project of a draft.
#[tauri::command]
#[specta::specta]
pub async fn draft_environments(
    app: State<'_, Halyard>,
    draft: String,
    project: String,
) -> Result<Vec<EnvironmentChoiceView>, WireError> {
    Ok(choices(
        &app.console.draft_environments(&DraftId(draft), &project).await?,
    ))
}

/// Saves a draft as a connection and its key in the keychain.
#[tauri::command]
#[specta::specta]
pub async fn save_connection(
    app: State<'_, Halyard>,
    request: SaveConnectionRequest,
) -> Result<ConnectionView, WireError> {
    let choice = SaveDraft {
        draft: DraftId(request.draft),
        project: request.project,
        environments: request.environments,
        flags_address: request.flags_address,
        edge_proxies: request.edge_proxies,
        keep: keep_key_in(request.keep_key),
    };
    let id = app.console.save_draft(choice).await?;
    one(&app, &id).await
}

/// Saves a draft's key for the connection it was typed again for.
#[tauri::command]
#[specta::specta]
pub async fn save_key(
    app: State<'_, Halyard>,
    draft: String,
    keep_key: KeepKeyView,
) -> Result<ConnectionView, WireError> {
    let id = app
        .console
        .save_key(&DraftId(draft), keep_key_in(keep_key))
        .await?;
    one(&app, &id).await
}

/// Gives a draft up and forgets its key.
#[tauri::command]
#[specta::specta]
pub async fn discard_draft(app: State<'_, Halyard>, draft: String) -> Result<(), WireError> {
    app.console.discard_draft(&DraftId(draft));
    Ok(())
}

/// Removes a connection, its key and everything mirrored of it.
#[tauri::command]
#[specta::specta]
pub async fn forget_connection(app: State<'_, Halyard>, connection: String) -> Result<(), WireError> {
    Ok(app.console.forget_connection(&ConnectionId(connection)).await?)
}

/// Tries the keychain again.
#[tauri::command]
#[specta::specta]
pub async fn retry_key_store(app: State<'_, Halyard>) -> Result<KeyStoreView, WireError> {
    Ok(key_store(&app.console.probe_key_store().await))
}

/// Remembers light or dark.
#[tauri::command]
#[specta::specta]
pub async fn set_theme(app: State<'_, Halyard>, theme: ThemeView) -> Result<(), WireError> {
    Ok(app.console.set_theme(theme_in(theme)).await?)
}

/// Switches on or off that the desktop tells of trouble in protected
/// environments.
#[tauri::command]
#[specta::specta]
pub async fn set_notices(app: State<'_, Halyard>, on: bool) -> Result<(), WireError> {
    let notices = if on { Notices::On } else { Notices::Off };
    Ok(app.console.set_notices(notices).await?)
}

/// Remembers where the user is.
#[tauri::command]
#[specta::specta]
pub async fn remember_place(app: State<'_, Halyard>, place: PlaceView) -> Result<(), WireError> {
    let place = Place {
        connection: ConnectionId(place.connection),
        environment: EnvironmentKey(place.environment),
    };
    Ok(app.console.remember_place(place).await?)
}

async fn one(app: &Halyard, id: &ConnectionId) -> Result<ConnectionView, WireError> {
    let connection = app.console.connection(id).await?;
    let key = app.console.key_home(id).await;
    let environments = app.console.environments(id).await?;
    let mut view = connection_view(&connection, key, &environments);
    for (shown, facts) in view.environments.iter_mut().zip(&environments) {
        let gravest = app.console.gravest_surface(id, &facts.environment.key).await?;
        shown.warning =
            gravest.and_then(|one| warning::surface(&health::surface(&one, &connection, &shown.name)));
    }
    Ok(view)
}
