//! The compiled form laid out for walking: what an evaluation reads stands side by side.

use crate::engine::Engine;
use crate::plan::Plan;

/// Segments and overrides, list after list. Made anew whenever one of them changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    segments: Vec<SegmentWalk>,
    conditions: Vec<u32>,
    flags: Vec<FlagWalk>,
    steps: Vec<Step>,
}

/// How a segment is walked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentWalk {
    pub(crate) way: SegmentWay,
    from: u32,
    until: u32,
}

/// What a segment's list of conditions is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentWay {
    /// All must hold.
    All,
    /// At least one must hold.
    Any,
    /// None may hold.
    None,
    /// Matches nobody.
    Nobody,
    /// There is no list; the rules are walked as written.
    Rules,
}

/// How a flag is walked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlagWalk {
    from: u32,
    until: u32,
    /// The number of the default's first outcome.
    pub(crate) first: u32,
    pub(crate) has_variants: bool,
    pub(crate) has_null_priority: bool,
}

/// An override in short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) segment: u32,
    /// The number of its state's first outcome.
    pub(crate) first: u32,
    pub(crate) has_variants: bool,
}

impl Layout {
    pub(crate) fn of(engine: &Engine) -> Self {
        let mut layout = Self::default();
        for segment in &engine.segments {
            let from = layout.conditions.len() as u32;
            let way = match &segment.plan {
                Plan::All(conditions) => layout.note(SegmentWay::All, conditions),
                Plan::Any(conditions) => layout.note(SegmentWay::Any, conditions),
                Plan::None(conditions) => layout.note(SegmentWay::None, conditions),
                Plan::Nobody => SegmentWay::Nobody,
                Plan::Rules => SegmentWay::Rules,
            };
            let until = layout.conditions.len() as u32;
            layout.segments.push(SegmentWalk { way, from, until });
        }
        for feature in &engine.features {
            let from = layout.steps.len() as u32;
            layout.steps.extend(feature.overrides.iter().map(|one| Step {
                segment: one.segment,
                first: one.state.first,
                has_variants: !one.state.variants.is_empty(),
            }));
            layout.flags.push(FlagWalk {
                from,
                until: layout.steps.len() as u32,
                first: feature.default.first,
                has_variants: !feature.default.variants.is_empty(),
                has_null_priority: feature.has_null_priority,
            });
        }
        layout
    }

    fn note(&mut self, way: SegmentWay, conditions: &[u32]) -> SegmentWay {
        self.conditions.extend_from_slice(conditions);
        way
    }

    /// A segment's way and its conditions.
    #[inline(always)]
    pub(crate) fn segment(&self, index: u32) -> (SegmentWay, &[u32]) {
        let walk = &self.segments[index as usize];
        (
            walk.way,
            &self.conditions[walk.from as usize..walk.until as usize],
        )
    }

    /// A flag and its overrides, strongest first.
    #[inline(always)]
    pub(crate) fn flag(&self, index: u32) -> (&FlagWalk, &[Step]) {
        let walk = &self.flags[index as usize];
        (walk, &self.steps[walk.from as usize..walk.until as usize])
    }
}
