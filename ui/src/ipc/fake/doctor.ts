/** The steps that the fake doctor finds. */
import type { DoctorStepView, SurfaceNameView } from "../bindings";
import { COPY_CONFIG, remedy, type Situation } from "./health-views";

function step(
  id: string,
  title: string,
  detail: string | null,
  more: Partial<DoctorStepView> = {},
): DoctorStepView {
  return {
    id,
    title,
    state: "passed",
    detail,
    cause: null,
    next_step: null,
    remedy: null,
    raw: null,
    ...more,
  };
}

const RAW_STALE = [
  "GET https://flags-fra2.acme.example/proxy/health",
  "503 Service Unavailable",
  '{"status":"error","reason":"environment documents out of date"}',
].join("\n");

/** The steps of a run over a surface, as they end. */
export function stepsIn(
  situation: Situation,
  surface: SurfaceNameView,
  environmentName: string,
): DoctorStepView[] {
  const address = new URL(surface.address);
  const proxy = surface.kind === "edge_proxy";
  if (situation === "offline") {
    const waits = (id: string, title: string) =>
      step(id, title, "Waits for the step above", { state: "waits" });
    return [
      step("address", "Address is well formed", address.origin),
      step("path", "Path starts with /api/v1/", "/api/v1/"),
      step("name", "Name resolves", "not found", {
        state: "failed",
        cause: `${address.host} is not known to this computer’s name servers.`,
        next_step: "Connect to the network, or look at the spelling of the address.",
        remedy: remedy("edit_connection", "Edit the connection"),
        raw: `lookup ${address.host}: no such host`,
      }),
      waits("certificate", "TLS certificate"),
      waits("clock", "Clock"),
      waits("liveness", "Answers to a liveness check"),
      waits("key", "Key is accepted"),
    ];
  }
  const stale = situation === "stale-proxy" && environmentName === "Staging" && proxy;
  return [
    step("address", "Address is well formed", address.origin),
    step("path", "Path starts with /api/v1/", "/api/v1/"),
    step("name", "Name resolves, no proxy in the way", "10.4.18.22"),
    step("certificate", "TLS certificate", "valid, 61 days left"),
    step("clock", "Clock", "0.4 s apart"),
    step("liveness", "Answers to a liveness check", "38 ms"),
    step("header", "Key sent in the right header", proxy ? "X-Environment-Key" : "Authorization"),
    step("key_type", "Key type", proxy ? "client-side, as needed" : "organisation key, as needed"),
    ...(proxy ? [] : [step("region", "Region", "EU, as the key")]),
    ...(surface.kind === "admin"
      ? [step("processor", "Task processor", "Not told to this key", { state: "skipped" })]
      : []),
    stale
      ? step("document", `${environmentName} document is up to date`, "4 min 02 s old", {
          state: "failed",
          cause:
            "The proxy answers, but its last four fetches got 401. Its server-side key for Staging was rotated at 14:31 by Tom Okafor.",
          next_step:
            "Put the new key into `environment_key_pairs` and restart the proxy. Then run this step again.",
          remedy: remedy("copy", "Copy config without key", { text: COPY_CONFIG }),
          raw: RAW_STALE,
        })
      : step("document", `${environmentName} document is up to date`, "21 s old", {
          raw: "304 Not Modified",
        }),
    stale
      ? step("evaluation", "Evaluates like the mirror", "Waits for the step above", { state: "waits" })
      : step("evaluation", "Evaluates like the mirror", "128 of 128 flags agree"),
  ];
}

/** The report of a run, as text. */
export function reportOf(surface: SurfaceNameView, steps: DoctorStepView[]): string {
  const lines = steps.map((each) => `${each.state}: ${each.title}${each.detail ? `, ${each.detail}` : ""}`);
  return [`Halyard connection doctor, ${surface.name} at ${surface.address}`, ...lines].join("\n");
}
