//! Halyard's binary.

fn main() {}
