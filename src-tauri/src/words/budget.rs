//! Rate budgets in words.

use halyard_console::{BudgetClass, Known};

/// What the requests of a class are made to, for people.
pub fn surface_of(class: BudgetClass) -> &'static str {
    match class {
        BudgetClass::Admin => "Admin API",
        BudgetClass::FlagsApi => "Flags API",
        BudgetClass::EdgeProxy => "Edge Proxy",
        BudgetClass::Management => "Management",
        BudgetClass::Evaluation => "Evaluation",
        BudgetClass::StatusFeed => "Status feed",
    }
}

/// What the status bar calls a budget.
pub fn budget_name(class: BudgetClass) -> &'static str {
    match class {
        BudgetClass::Admin => "Admin",
        other => surface_of(other),
    }
}

/// Why a budget takes no requests for now.
pub const PAUSED: &str = "The service answered 429, too many requests, and asked for a pause.";

/// How the numbers of a budget are known.
pub fn known(known: Known) -> &'static str {
    match known {
        Known::Told => "As the service says with every answer.",
        Known::Counted => {
            "Counted here against the documented limit. Other programs that use this key are not seen."
        }
        Known::Learned => "Learned from a refusal. Other programs that use this key are not seen.",
        Known::Unknown => "The service names no limit, so Halyard asks gently.",
    }
}
