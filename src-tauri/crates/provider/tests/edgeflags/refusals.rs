//! Refusals, and what keeps a write from being sent.
