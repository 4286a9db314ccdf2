//! The official Rust engine, called as its SDK calls it.

use flagsmith_flag_engine::engine::get_evaluation_result;
use flagsmith_flag_engine::engine_eval::context::{EngineEvaluationContext, IdentityContext};
use flagsmith_flag_engine::engine_eval::{
    EvaluationResult, add_identity_to_context, environment_to_context, remove_identity_from_context,
};
use flagsmith_flag_engine::environments::Environment;
use flagsmith_flag_engine::identities::Trait;
use flagsmith_flag_engine::types::FlagsmithValue;
use halyard_engine::Identity;

/// What reports call it.
pub const NAME: &str = "flagsmith-flag-engine 0.7.0";

/// An environment, mapped to the form this engine evaluates.
pub struct Official {
    context: EngineEvaluationContext,
}

impl Official {
    /// Reads and maps a document. Fails on documents that the crate cannot read.
    pub fn from_text(document: &str) -> Result<Self, serde_json::Error> {
        let environment: Environment = serde_json::from_str(document)?;
        Ok(Self {
            context: environment_to_context(environment),
        })
    }

    /// What the SDK does for an identity: it clones the context, adds the identity, and evaluates.
    pub fn evaluate(&self, identifier: &str, traits: &[Trait]) -> EvaluationResult {
        get_evaluation_result(&add_identity_to_context(&self.context, identifier, traits))
    }

    /// The least that a caller who keeps the context can do: it swaps the identity, and evaluates.
    pub fn evaluate_reusing(&mut self, identifier: &str, traits: &[Trait]) -> EvaluationResult {
        self.context.identity = Some(IdentityContext {
            identifier: identifier.to_owned(),
            key: format!("{}_{identifier}", self.context.environment.key),
            traits: traits
                .iter()
                .map(|one| (one.trait_key.clone(), one.trait_value.clone()))
                .collect(),
        });
        get_evaluation_result(&self.context)
    }

    /// What the SDK does without an identity: of the segments it keeps those that read the environment or flags only.
    pub fn evaluate_anonymous(&self) -> EvaluationResult {
        get_evaluation_result(&remove_identity_from_context(&self.context))
    }

    /// The context with an identity that may have a key of its own, for comparisons.
    pub fn evaluate_keyed(&self, identity: &Identity, traits: &[Trait]) -> EvaluationResult {
        let mut context = add_identity_to_context(&self.context, &identity.identifier, traits);
        if let (Some(of_context), Some(key)) = (
            &mut context.identity,
            identity.key.as_ref().filter(|key| !key.is_empty()),
        ) {
            of_context.key.clone_from(key);
        }
        get_evaluation_result(&context)
    }
}

/// An identity's traits as the crate takes them. Lists and objects, which it has no form for, are an error.
pub fn traits_of(identity: &Identity) -> Result<Vec<Trait>, serde_json::Error> {
    identity
        .traits
        .iter()
        .map(|(name, value)| {
            Ok(Trait {
                trait_key: name.clone(),
                trait_value: serde_json::from_value::<FlagsmithValue>(value.clone())?,
            })
        })
        .collect()
}
