//! The committed bindings of the UI are those the commands make.

use std::{env, fs, path::Path};

/// Regenerates the bindings and compares. `make bindings` sets
/// `HALYARD_WRITE_BINDINGS` to keep the new ones.
#[test]
fn the_committed_bindings_are_up_to_date() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/ipc/bindings.ts");
    let scratch = tempfile::tempdir().unwrap();
    let fresh = scratch.path().join("bindings.ts");
    halyard_app::bindings::builder()
        .export(specta_typescript::Typescript::default(), &fresh)
        .unwrap();
    let fresh = fs::read_to_string(fresh).unwrap();
    if env::var_os("HALYARD_WRITE_BINDINGS").is_some() {
        fs::write(&committed, fresh).unwrap();
        return;
    }
    let committed = fs::read_to_string(&committed).unwrap_or_default();
    assert!(
        committed == fresh,
        "ui/src/ipc/bindings.ts is out of date: run `make bindings` and commit it"
    );
}
