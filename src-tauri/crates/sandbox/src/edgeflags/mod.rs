//! EdgeFlags' routes.
