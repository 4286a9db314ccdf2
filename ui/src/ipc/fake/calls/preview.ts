/** What one identity gets and why: evaluation, comparison, personas, findings. */
import type { AtView } from "../../bindings";
import type { Host } from "../../host";
import { comparisonOf, surfacesOf } from "../compare";
import { flagIn, placeOf } from "../edits";
import { gone, unreachable } from "../errors";
import { evaluate } from "../evaluate";
import { findingsOf } from "../findings";
import type { FakeHistory } from "../history/history";
import { impactOf } from "../impact";
import { FakePersonas } from "../personas";
import { traceOf } from "../trace";
import type { Stage } from "./stage";

/** The calls of the Preview page. */
export function previewCalls(stage: Stage, history: FakeHistory) {
  const { world, now } = stage;
  /** An environment as it is asked for: now, or at a moment. */
  function spotAt({ connection, environment, moment }: AtView) {
    placeOf(world, connection, environment);
    return history.spot({ connection, environment, moment });
  }

  return {
    async preview(request) {
      await stage.begin("preview", request);
      const { connection, environment } = spotAt(request);
      return structuredClone(evaluate(connection, environment, request, now()));
    },

    async trace(request, flag) {
      await stage.begin("trace", request, flag);
      const { connection, environment } = spotAt(request);
      return structuredClone(traceOf(connection, environment, flagIn(environment, flag), request));
    },

    async surfaces(connection) {
      await stage.begin("surfaces", connection);
      return surfacesOf(stage.connection(connection));
    },

    async compare(request) {
      await stage.begin("compare", request);
      const asked = request.preview;
      const { connection, environment } = placeOf(world, asked.connection, asked.environment);
      if (environment.offline) throw unreachable(connection.address);
      return structuredClone(comparisonOf(connection, environment, asked, request.surface, now()));
    },

    async findings(at) {
      await stage.begin("findings", at);
      return findingsOf(spotAt(at).connection);
    },

    async impact(request) {
      await stage.begin("impact", request);
      const then = history.weighedThen(request, request.edits.length);
      return structuredClone(impactOf(spotAt(request), request, then));
    },
  } satisfies Partial<Host>;
}

/** The calls about whom to preview: personas, and the identities the service knows. */
export function identityCalls(stage: Stage) {
  const personas = new FakePersonas();

  return {
    async personas(connection) {
      await stage.begin("personas", connection);
      return structuredClone(personas.of(stage.connection(connection)));
    },

    async savePersona(connection, persona) {
      await stage.begin("savePersona", connection, persona);
      return structuredClone(personas.save(stage.connection(connection), persona));
    },

    async deletePersona(connection, id) {
      await stage.begin("deletePersona", connection, id);
      personas.delete(stage.connection(connection), id);
      return null;
    },

    async findIdentities(connection, environment, search) {
      await stage.begin("findIdentities", connection, environment, search);
      const place = placeOf(stage.world, connection, environment);
      if (place.connection.service === "edge_flags") return [];
      const wanted = search.toLowerCase();
      return place.connection.people
        .filter((each) => `${each.identifier} ${each.alias ?? ""}`.toLowerCase().includes(wanted))
        .map(({ id, identifier, alias }) => ({ id, identifier, alias }));
    },

    async identityTraits(connection, environment, identity) {
      await stage.begin("identityTraits", connection, environment, identity);
      const { people } = placeOf(stage.world, connection, environment).connection;
      const found = people.find((each) => each.id === identity.id);
      if (!found) throw gone("The identity");
      return structuredClone(found.traits);
    },
  } satisfies Partial<Host>;
}
