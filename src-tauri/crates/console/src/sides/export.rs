//! A comparison as JSON, to be kept and processed. The shape is documented in
//! `docs/compare.md`: members are only added.

use halyard_model::{Aspect, Fields, Presence, SameCounts, Service, SideDifference, Subject, Unmapped};
use serde::Serialize;

use super::{SideFacts, SidesFacts};

#[derive(Serialize)]
struct Written<'w> {
    kind: &'static str,
    version: u32,
    a: WrittenSide<'w>,
    b: WrittenSide<'w>,
    counts: Counts,
    same: SameCounts,
    differences: Vec<WrittenDifference<'w>>,
    unmapped: &'w [Unmapped],
}

#[derive(Serialize)]
struct WrittenSide<'w> {
    service: Service,
    connection: &'w str,
    project: &'w str,
    environment: &'w str,
    /// Milliseconds since the Unix epoch.
    as_of: Option<i64>,
    moment: Option<&'w str>,
    damaged: Vec<&'w str>,
}

#[derive(Serialize)]
struct Counts {
    changed: usize,
    only_a: usize,
    only_b: usize,
}

#[derive(Serialize)]
struct WrittenDifference<'w> {
    id: &'w str,
    aspect: Aspect,
    presence: Presence,
    #[serde(flatten)]
    subject: &'w Subject,
    name: String,
    field: String,
    segment_name: Option<&'w str>,
    a: &'w Fields,
    b: &'w Fields,
    can_be_taken_over: bool,
    needs: &'w [String],
}

/// A comparison as JSON text with an end of line.
pub fn sides_json(facts: &SidesFacts) -> String {
    let sides = &facts.sides;
    let written = Written {
        kind: "halyard comparison",
        version: 1,
        a: side(&facts.a),
        b: side(&facts.b),
        counts: Counts {
            changed: sides.count_of(Presence::Changed),
            only_a: sides.count_of(Presence::OnlyA),
            only_b: sides.count_of(Presence::OnlyB),
        },
        same: sides.same,
        differences: sides
            .differences
            .iter()
            .map(|one| difference(facts, one))
            .collect(),
        unmapped: &sides.unmapped,
    };
    // Our own types have names for keys, so nothing fails.
    let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
    text.push('\n');
    text
}

fn side(facts: &SideFacts) -> WrittenSide<'_> {
    let fetched = facts
        .environment
        .snapshot
        .as_ref()
        .map(|snapshot| snapshot.fetched_at);
    let seen = facts.moment.as_ref().map(|moment| moment.first_seen);
    WrittenSide {
        service: facts.connection.endpoint.service(),
        connection: &facts.connection.name,
        project: &facts.connection.project.name,
        environment: &facts.environment.environment.name,
        as_of: seen.or(fetched).map(|at| at.0),
        moment: facts
            .moment
            .as_ref()
            .map(|moment| moment.name.as_deref().unwrap_or("")),
        damaged: facts.damaged.iter().map(|part| part.what.as_str()).collect(),
    }
}

fn difference<'w>(facts: &SidesFacts, one: &'w SideDifference) -> WrittenDifference<'w> {
    WrittenDifference {
        id: &one.id,
        aspect: one.aspect,
        presence: one.presence,
        subject: &one.subject,
        name: facts.sides.name(&one.subject),
        field: one.field.to_string(),
        segment_name: one.segment.as_deref(),
        a: &one.a,
        b: &one.b,
        can_be_taken_over: one.blocked.is_none() && facts.refused.is_none(),
        needs: &one.needs,
    }
}
