/** Segments, identities, configs, and any subject as its fields. */
import type {
  FieldView,
  IdentityDetailView,
  IdentityOverrideView,
  SegmentRowView,
  SegmentUseView,
  SubjectFieldsView,
  SubjectView,
} from "../../bindings";
import type { Host } from "../../host";
import { flagToBegin, pinned } from "../changes/flag-fields";
import { segmentToBegin } from "../changes/other-fields";
import { fieldsOf, nameOf, revisionOf, type Spot } from "../changes/subjects";
import { openEditOf } from "../changes/views";
import { badgeOf, flagIn, placeOf } from "../edits";
import { gone, unreachable } from "../errors";
import { edgeOperators, type FakeSegment, flagsmithOperators, linesOf } from "../segments";
import { freshnessView } from "../views";
import { weightViews } from "../weights";
import type { Stage } from "./stage";

/** The calls about what else is edited. */
export function subjectCalls(stage: Stage) {
  const { world, now } = stage;

  return {
    async subjectFields(connection, environment, subject) {
      await stage.begin("subjectFields", connection, environment, subject);
      return structuredClone(subjectView(placeOf(world, connection, environment), subject));
    },

    async identityOverrides(connection, environment, flag) {
      await stage.begin("identityOverrides", connection, environment, flag);
      const spot = placeOf(world, connection, environment);
      const { identities } = flagIn(spot.environment, flag);
      return structuredClone([...identities.keys()].sort().map((identity) => ownOf(spot, flag, identity)));
    },

    async segments(connection, environment) {
      await stage.begin("segments", connection, environment);
      const spot = placeOf(world, connection, environment);
      const flagsmith = spot.connection.service === "flagsmith";
      const rows = [...spot.connection.segments.values()].map((segment) => segmentRow(spot, segment));
      return structuredClone({
        segments: rows.sort((one, other) => one.name.localeCompare(other.name)),
        operators: flagsmith ? flagsmithOperators : edgeOperators,
        nested: flagsmith,
        freshness: freshnessView(spot.environment, now()),
      });
    },

    async segmentDetail(connection, environment, segment) {
      await stage.begin("segmentDetail", connection, environment, segment);
      const spot = placeOf(world, connection, environment);
      const found = spot.connection.segments.get(segment);
      if (!found) throw gone("The segment");
      const uses = usesOf(spot, found);
      const everywhere = "A change holds in every environment at once.";
      return structuredClone({
        row: segmentRow(spot, found),
        rules: found.rules,
        uses,
        revision: revisionOf(spot, { kind: "segment", segment }),
        precondition: preconditionOf(spot, { kind: "segment", segment }),
        notes: uses.length === 0 ? [] : [everywhere],
      });
    },

    async identityDetail(connection, environment, identity) {
      await stage.begin("identityDetail", connection, environment, identity);
      return structuredClone(identityView(placeOf(world, connection, environment), identity, now()));
    },

    async configs(connection, environment) {
      await stage.begin("configs", connection, environment);
      const spot = placeOf(world, connection, environment);
      const all = [...spot.connection.configs].map(([key, { value, environments }]) => {
        const subject: SubjectView = { kind: "config", key };
        const revision = revisionOf(spot, subject);
        return {
          key,
          value: environments.get(environment) ?? value,
          own: environments.has(environment),
          base: value,
          environments: [...environments].map(([name, own]) => ({ environment: name, value: own })),
          version: `version ${revision.split("@")[1] ?? "1"}`,
          revision,
          edit: badgeOf(spot, subject),
        };
      });
      const configs = all.sort((one, other) => one.key.localeCompare(other.key));
      return structuredClone({ configs, freshness: freshnessView(spot.environment, now()) });
    },
  } satisfies Partial<Host>;
}

function subjectView(spot: Spot, subject: SubjectView): SubjectFieldsView {
  const fields = [...fieldsOf(spot, subject).values()];
  const open = openEditOf(spot, subject);
  return {
    subject,
    name: nameOf(spot, subject),
    exists: fields.length > 0,
    fields: fields.length > 0 ? fields : fieldsToBegin(spot, subject),
    revision: revisionOf(spot, subject),
    staged: open?.staged ? open.edit.id : null,
    edit: badgeOf(spot, subject),
    precondition: preconditionOf(spot, subject),
    read_only: spot.environment.readOnly,
  };
}

function fieldsToBegin(spot: Spot, subject: SubjectView): FieldView[] {
  switch (subject.kind) {
    case "flag":
      return flagToBegin();
    case "segment":
      return segmentToBegin(subject.segment.replace(/^new:/, ""), spot.connection.service === "flagsmith");
    case "identity_override":
      return [...fieldsOf(spot, { kind: "flag_state", flag: subject.flag }).values()].filter(({ field }) =>
        ["enabled", "value", "weights"].includes(field),
      );
    case "config":
      return [
        {
          field: "value",
          label: "Value",
          note: "Everywhere else",
          value: { kind: "absent", text: "No value" },
        },
      ];
    default:
      return [];
  }
}

function preconditionOf({ connection, environment }: Spot, subject: SubjectView): string {
  const versions =
    connection.service === "edge_flags" || (subject.kind === "flag_state" && environment.versioned);
  return versions
    ? "Written only if the version shown is still the latest. Otherwise you decide."
    : "Read again just before it is written. A change in the same instant cannot be excluded.";
}

function segmentRow(spot: Spot, segment: FakeSegment): SegmentRowView {
  const { id, name, description, rules } = segment;
  const uses = [...spot.environment.flags.values()].filter(({ overrides }) =>
    overrides.some((override) => override.segment === name),
  ).length;
  return {
    id,
    name,
    description,
    lines: linesOf(rules),
    uses,
    edit: badgeOf(spot, { kind: "segment", segment: id }),
  };
}

function usesOf({ connection }: Spot, { name }: FakeSegment): SegmentUseView[] {
  return connection.environments.flatMap((environment) =>
    [...environment.flags.values()].flatMap((flag) => {
      const own = flag.overrides.find(({ segment }) => segment === name);
      if (!own) return [];
      return [
        {
          environment: environment.name,
          mark: environment.mark,
          name: flag.seed.key,
          enabled: own.enabled,
          value: { kind: flag.value.kind, text: own.value },
        },
      ];
    }),
  );
}

function ownOf(spot: Spot, key: string, identity: string): IdentityOverrideView {
  const flag = flagIn(spot.environment, key);
  const own = flag.identities.get(identity);
  const subject: SubjectView = { kind: "identity_override", flag: key, identity };
  return {
    identity,
    flag: key,
    enabled: own?.enabled ?? flag.enabled,
    value: { kind: flag.value.kind, text: own?.value ?? flag.value.text },
    weights: own ? pinned(flag, own.value) : weightViews(flag, flag.options),
    revision: revisionOf(spot, subject),
    edit: badgeOf(spot, subject),
  };
}

function identityView(spot: Spot, identity: string, now: number): IdentityDetailView {
  const person = spot.connection.people.find((each) => each.identifier === identity);
  const own = [...spot.environment.flags.values()].filter(({ identities }) => identities.has(identity));
  const offline = spot.environment.offline;
  return {
    identity,
    known: person !== undefined || own.length > 0,
    traits: offline
      ? []
      : (person?.traits ?? []).map(({ name, kind, text }) => ({ name, value: { kind, text } })),
    traits_revision: revisionOf(spot, { kind: "traits", identity }),
    traits_failure: offline ? unreachable(spot.connection.address).wire.sentence : null,
    traits_read_at: now,
    overrides: own.map(({ seed }) => ownOf(spot, seed.key, identity)),
    notes: ["Identity overrides bypass change requests."],
  };
}
