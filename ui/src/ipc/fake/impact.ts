/** What edits would do to the Acme Store's identities. */
import type { FlagSharesView, ImpactRequest, ImpactView } from "../bindings";
import type { FakeEnvironment } from "./world";

/** The impact of edits on one flag. */
export function impactOf(_environment: FakeEnvironment, request: ImpactRequest): ImpactView {
  const shares: FlagSharesView = {
    flag: request.flag,
    edited: request.edits.some((edit) => edit.flag === request.flag),
    surprise: false,
    now: [],
    after: request.edits.length === 0 ? null : [],
    flips: 0,
    moves: [],
  };
  return {
    cohort: "0 sampled identities",
    how: "",
    identities: 0,
    shares,
    sentence: "",
    notes: [],
    surprises: [],
  };
}
