//! The shell: opens the window and answers its commands. Alone knows Tauri.

pub mod bindings;
pub mod commands;
pub mod error;
pub mod events;
pub mod view;
