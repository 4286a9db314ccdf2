//! Definitions in a snapshot's document.
