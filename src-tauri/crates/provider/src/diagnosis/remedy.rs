//! What a button does about a failure.

use halyard_model::{FlagsmithAuth, Timestamp};

/// What a button does about a failure. The shell knows every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Asks for the key again.
    TypeKeyAgain,
    /// Changes the kind of key of the connection.
    ChooseKeyKind {
        /// To this kind.
        kind: FlagsmithAuth,
    },
    /// Changes the base address of the connection.
    CorrectAddress {
        /// To this base address.
        to: String,
    },
    /// Opens the connection's settings.
    EditConnection,
    /// Asks for a certificate to accept.
    AddCertificate,
    /// Counts down, and then tries again.
    WaitUntil(Timestamp),
    /// Does the same once more.
    TryAgain,
    /// Reads the environment anew.
    Refresh,
    /// Runs the connection doctor.
    RunDoctor,
    /// Shows the requests of the last minutes.
    ShowRequests,
    /// Opens the provider's status page.
    OpenStatusPage,
    /// Opens the service's own dashboard.
    OpenDashboard,
    /// Copies a configuration for the Edge Proxy with this environment's keys.
    CopyProxyConfig,
    /// Shows both states and asks which one holds.
    ResolveConflict,
    /// Shows how much of the provider's limits is used.
    ShowLimits,
}

impl Remedy {
    /// Its name, for records and the documentation.
    pub fn id(&self) -> &'static str {
        match self {
            Remedy::TypeKeyAgain => "type-key-again",
            Remedy::ChooseKeyKind { .. } => "choose-key-kind",
            Remedy::CorrectAddress { .. } => "correct-address",
            Remedy::EditConnection => "edit-connection",
            Remedy::AddCertificate => "add-certificate",
            Remedy::WaitUntil(_) => "wait-until",
            Remedy::TryAgain => "try-again",
            Remedy::Refresh => "refresh",
            Remedy::RunDoctor => "run-doctor",
            Remedy::ShowRequests => "show-requests",
            Remedy::OpenStatusPage => "open-status-page",
            Remedy::OpenDashboard => "open-dashboard",
            Remedy::CopyProxyConfig => "copy-proxy-config",
            Remedy::ResolveConflict => "resolve-conflict",
            Remedy::ShowLimits => "show-limits",
        }
    }
}
