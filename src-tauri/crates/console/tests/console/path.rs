//! The ways in which flags are written, and what they are called where.

use halyard_model::Service;
use halyard_sandbox::{Fault, Surface};

/// The three ways in which flags are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    FlagsmithV1,
    FlagsmithV2,
    EdgeFlags,
}

impl Path {
    pub const ALL: [Path; 3] = [Path::FlagsmithV1, Path::FlagsmithV2, Path::EdgeFlags];

    pub fn service(self) -> Service {
        match self {
            Path::FlagsmithV1 | Path::FlagsmithV2 => Service::Flagsmith,
            Path::EdgeFlags => Service::EdgeFlags,
        }
    }

    pub fn surface(self) -> Surface {
        match self.service() {
            Service::Flagsmith => Surface::Flagsmith,
            Service::EdgeFlags => Surface::EdgeFlags,
        }
    }

    /// An unprotected environment whose writes go this way.
    pub fn environment(self) -> &'static str {
        match self {
            Path::FlagsmithV1 => "Development",
            Path::FlagsmithV2 => "Staging",
            Path::EdgeFlags => "staging",
        }
    }

    pub fn protected(self) -> &'static str {
        match self {
            Path::FlagsmithV1 | Path::FlagsmithV2 => "Production",
            Path::EdgeFlags => "production",
        }
    }

    /// The request that makes a write real.
    pub fn write(self, fault: Fault) -> Fault {
        let fault = fault.on(self.surface());
        match self {
            Path::FlagsmithV1 => fault.method("PATCH").path("/features/"),
            Path::FlagsmithV2 => fault.method("POST").path("/publish/"),
            Path::EdgeFlags => fault.method("PUT").path("/flags/"),
        }
    }

    /// The only requests of a refresh that come last.
    pub fn last_of_refresh(self, fault: Fault) -> Fault {
        let fault = fault.on(self.surface()).method("GET");
        match self {
            Path::FlagsmithV1 | Path::FlagsmithV2 => fault.path("/document/"),
            Path::EdgeFlags => fault.path("/segments"),
        }
    }
}
