import type { FieldInput, FlagDetailView, FlagRowView } from "../../ipc/bindings";
import { partsOf } from "./overrides";
import { inputsOf } from "./shares";

/** A flag's state as it would be typed, by field: what an edit of it is held against. */
export function stateInputs(row: FlagRowView, detail: FlagDetailView | null): Record<string, FieldInput> {
  const all: Record<string, FieldInput> = {
    enabled: { kind: "toggle", on: row.enabled },
    value: { kind: "value", value: row.value },
  };
  // What was read in full may be older than the row: then it says nothing about now.
  if (detail === null || detail.row.revision !== row.revision) return all;
  if (detail.weights.length > 0) all["weights"] = { kind: "weights", rows: inputsOf(detail.weights) };
  for (const own of detail.overrides) {
    const part = partsOf(own.segment_id);
    all[`override:${own.segment_id}`] = { kind: "text", text: own.segment };
    all[part.enabled] = { kind: "toggle", on: own.enabled };
    all[part.value] = { kind: "value", value: own.own_value };
    if (own.weights.length > 0) all[part.weights] = { kind: "weights", rows: inputsOf(own.weights) };
  }
  if (detail.overrides.length > 0) {
    all["override_order"] = { kind: "order", ids: detail.overrides.map(({ segment_id }) => segment_id) };
  }
  return all;
}
