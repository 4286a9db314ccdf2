//! Who is spoken to.

use crate::BudgetClass;

/// Who is spoken to, for the sentences of failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Service {
    #[default]
    Flagsmith,
    FlagsApi,
    EdgeProxy,
    EdgeFlags,
    StatusFeed,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Flagsmith => "Flagsmith",
            Service::FlagsApi => "The Flags API",
            Service::EdgeProxy => "The Edge Proxy",
            Service::EdgeFlags => "EdgeFlags",
            Service::StatusFeed => "The status page",
        }
    }

    /// Whether flags are evaluated there with an environment's key.
    pub(crate) fn evaluates(self) -> bool {
        matches!(self, Service::FlagsApi | Service::EdgeProxy)
    }

    /// What its requests count against, where the service has one budget.
    pub(super) fn class(self) -> BudgetClass {
        match self {
            Service::Flagsmith => BudgetClass::Admin,
            Service::FlagsApi => BudgetClass::FlagsApi,
            Service::EdgeProxy => BudgetClass::EdgeProxy,
            Service::EdgeFlags => BudgetClass::Management,
            Service::StatusFeed => BudgetClass::StatusFeed,
        }
    }
}
