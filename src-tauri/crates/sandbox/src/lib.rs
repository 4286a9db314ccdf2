//! A loopback server that speaks Flagsmith, an Edge Proxy and EdgeFlags, for the demo and for tests.

pub mod edge_proxy;
pub mod edgeflags;
pub mod flagsmith;
mod maya;
mod seed;

pub use maya::MayaEdit;
pub use seed::Seed;
