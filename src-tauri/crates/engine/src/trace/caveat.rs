//! Where a server may answer differently although this evaluation is exact.

use crate::engine::Engine;
use crate::trace::FlagTrace;

/// Why a server may answer differently from an evaluation of the document. The first three concern every flag of an
/// environment, the rest single ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Caveat {
    /// The server also knows traits of its own, which no document shows and which win over traits of the same name.
    SystemTraits,
    /// The environment keeps identity overrides out of its document, so there may be overrides that this evaluation
    /// does not see.
    LocalOverridesDisabled,
    /// The server hashes the identity's database id instead of its key, so that splits and variants may fall
    /// differently. Of the environment, and of each flag that rests on such a bucket.
    BucketMayDiffer,
    /// The environment hides flags that are off, so remote answers leave this one out.
    HiddenWhenDisabled,
    /// Only server-side keys receive this flag.
    ServerOnly,
    /// The identity's own override decides a flag with variants. The document cannot say which variant the override
    /// pins or how it weighs them; the server knows and may answer with one.
    PinnedOptions,
}

pub(super) fn of_environment(engine: &Engine) -> Vec<Caveat> {
    let remote = engine.remote();
    let mut caveats = vec![Caveat::SystemTraits];
    if !remote.local_identity_overrides {
        caveats.push(Caveat::LocalOverridesDisabled);
    }
    if !remote.composite_key_hashing {
        caveats.push(Caveat::BucketMayDiffer);
    }
    caveats
}

pub(super) fn of_flag(flag: &FlagTrace<'_>) -> Vec<Caveat> {
    let remote = &flag.trace().engine.remote;
    let mut caveats = Vec::new();
    if !remote.composite_key_hashing && flag.rests_on_identity_bucket() {
        caveats.push(Caveat::BucketMayDiffer);
    }
    if remote.hide_disabled && flag.result().is_some_and(|result| !result.enabled) {
        caveats.push(Caveat::HiddenWhenDisabled);
    }
    if remote.server_only_flags.iter().any(|name| name == flag.name()) {
        caveats.push(Caveat::ServerOnly);
    }
    if flag.overrides_variants() {
        caveats.push(Caveat::PinnedOptions);
    }
    caveats
}
