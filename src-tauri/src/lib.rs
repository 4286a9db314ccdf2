//! The shell: opens the window and answers its commands. Alone knows Tauri.
//!
//! It puts the console's nouns into the shapes and sentences of the window and
//! holds no rule of its own.

pub mod app;
pub mod bindings;
pub mod commands;
mod convert;
pub mod error;
pub mod events;
pub mod view;
mod words;
