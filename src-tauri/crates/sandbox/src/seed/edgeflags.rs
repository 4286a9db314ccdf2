//! The Acme Store as EdgeFlags holds it.
