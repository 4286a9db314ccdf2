/** A server that answers for itself: it knows the stored traits, and leaves out what a client may not see. */
import type {
  ComparisonView,
  DifferenceView,
  PreviewRequest,
  PreviewRowView,
  SurfaceChoiceView,
  SurfaceView,
} from "../bindings";
import { failure } from "./errors";
import { evaluate } from "./evaluate";
import { people } from "./people";
import type { FakeConnection, FakeEnvironment } from "./world";

/** The servers of a connection. */
export function surfacesOf(connection: FakeConnection): SurfaceChoiceView[] {
  if (connection.service !== "flagsmith") return [];
  return [
    { surface: { surface: "flags_api" }, label: "Flags API, edge.api.flagsmith.com" },
    {
      surface: { surface: "edge_proxy", address: "https://flags.acme.example" },
      label: "Edge Proxy, flags.acme.example",
    },
  ];
}

/** What a server says about the identity of a preview. An Edge Proxy is a little behind here. */
export function comparisonOf(
  connection: FakeConnection,
  environment: FakeEnvironment,
  request: PreviewRequest,
  surface: SurfaceView,
  now: number,
): ComparisonView {
  const { rows: mine, failure: breaks } = evaluate(connection, environment, request, now);
  if (breaks !== null) throw failure("service", "The server answered 500.", { cause: breaks });
  const stored = people.find((person) => person.identifier === request.identifier)?.traits ?? [];
  const served = storedOrders(stored);
  const theirs = evaluate(connection, environment, { ...request, traits: served, edits: [] }, now).rows;
  const differences = mine.flatMap((row, at) => {
    const other = theirs[at];
    return other ? difference(row, other, request.identifier, surface) : [];
  });
  const count = differences.length === 0 ? "No" : String(differences.length);
  const verb = differences.length === 1 ? "differs" : "differ";
  return {
    label: surfacesOf(connection).find((each) => each.surface.surface === surface.surface)?.label ?? "",
    asked_at: now,
    took_ms: 84,
    compared: mine.length,
    differences,
    sentence: `${count} of ${mine.length} flags ${verb}. Traits typed here are not stored on the server.`,
    stored_traits: served,
  };
}

/** The server last heard of three orders. */
function storedOrders(stored: ComparisonView["stored_traits"] & object): typeof stored {
  return stored.map((trait) =>
    trait.name === "order_count" && trait.text === "7" ? { ...trait, text: "3" } : trait,
  );
}

function difference(
  mine: PreviewRowView,
  theirs: PreviewRowView,
  identifier: string,
  surface: SurfaceView,
): DifferenceView[] {
  if (mine.flag === "fraud_score_cutoff" && surface.surface === "flags_api") {
    return [
      {
        flag: mine.flag,
        theirs: "Nothing",
        value: null,
        because: "because the flag is server-side only and this key is client-side",
        verified: true,
        remedy: null,
      },
    ];
  }
  const proxyIsBehind = mine.flag === "stock_low_badge" && surface.surface === "edge_proxy";
  if (proxyIsBehind) {
    return [
      {
        flag: mine.flag,
        theirs: "4",
        value: { kind: "number", text: "4" },
        because: "because its document is 4 min older than the mirror",
        verified: false,
        remedy: "refresh",
      },
    ];
  }
  if (mine.enabled === theirs.enabled && mine.value.text === theirs.value.text) return [];
  return [
    {
      flag: mine.flag,
      theirs: theirs.enabled === false ? "Off" : theirs.value.text || "On",
      value: theirs.value,
      because: `because the server has order_count 3 stored for ${identifier}`,
      verified: true,
      remedy: "use_stored_traits",
    },
  ];
}
