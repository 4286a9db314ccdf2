import type {
  FieldEdit,
  MatrixCellView,
  MatrixColumnView,
  MatrixRowView,
  StageRequest,
} from "../../ipc/bindings";
import type { Host } from "../../ipc/host";
import { flagState, inputOf, replace, turn } from "../../state/fields";
import type { Matrix } from "../../state/matrix.svelte";
import { sameValue } from "../../state/values";

/** What is done to a flag in an environment. */
export type Act = { act: "turn"; on: boolean } | { act: "copy"; from: MatrixColumnView };

/** One act on one flag in one environment. */
export interface Step {
  row: MatrixRowView;
  to: MatrixColumnView;
  act: Act;
}

/** The steps that would change something; where a side does not have the flag, nothing is guessed. */
export function stepsOf(matrix: Matrix, rows: MatrixRowView[], to: MatrixColumnView, act: Act): Step[] {
  return rows.filter((row) => changesSomething(matrix, row, to, act)).map((row) => ({ row, to, act }));
}

function changesSomething(matrix: Matrix, row: MatrixRowView, to: MatrixColumnView, act: Act): boolean {
  const cell = matrix.cell(row, to);
  if (cell === null) return false;
  if (act.act === "turn") return cell.enabled !== act.on;
  const source = matrix.cell(row, act.from);
  return source !== null && !sameState(source, cell);
}

function sameState(one: MatrixCellView, other: MatrixCellView): boolean {
  return one.enabled === other.enabled && sameValue(one.value, other.value) && one.weights === other.weights;
}

/** What asks for the steps, each against the state that is on screen. */
export async function requestsOf(
  host: Host,
  matrix: Matrix,
  steps: Step[],
): Promise<Omit<StageRequest, "change_set">[]> {
  const requests = steps.map(async ({ row, to, act }) => {
    const cell = matrix.cell(row, to);
    if (cell === null) return [];
    const changes = act.act === "turn" ? [turn(act.on)] : await copied(host, matrix, row, act.from, cell);
    const subject = flagState(row.flag);
    return [{ ...matrix.placeOf(to), subject, revision: cell.revision, changes }];
  });
  return (await Promise.all(requests)).flat();
}

/** State, value and shares of one environment, as far as they differ from another's. */
async function copied(
  host: Host,
  matrix: Matrix,
  row: MatrixRowView,
  from: MatrixColumnView,
  target: MatrixCellView,
): Promise<FieldEdit[]> {
  const source = matrix.cell(row, from);
  if (source === null) return [];
  const changes: FieldEdit[] = [];
  if (source.enabled !== target.enabled) changes.push(turn(source.enabled));
  if (!sameValue(source.value, target.value)) changes.push(replace(source.value));
  if (source.weights !== target.weights) {
    const place = matrix.placeOf(from);
    const subject = flagState(row.flag);
    const { fields } = await host.subjectFields(place.connection, place.environment, subject);
    const weights = fields.find(({ field }) => field === "weights");
    const to = weights === undefined ? null : inputOf(weights.value);
    if (to !== null) changes.push({ field: "weights", to });
  }
  return changes;
}
