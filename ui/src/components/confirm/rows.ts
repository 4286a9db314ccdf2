import type {
  FieldEdit,
  FieldInput,
  FieldValueView,
  FlagRowView,
  SubjectFieldsView,
} from "../../ipc/bindings";
import { text } from "../../strings";

/** A field before and after what is asked about. */
export interface ConfirmRow {
  field: string;
  label: string;
  /** Whose it is. */
  note: string | null;
  before: FieldValueView;
  /** Null where it stays as it is. */
  to: FieldInput | null;
}

/** The fields that are changed, and of a flag's state also those that stay. */
export function rowsOf(
  changes: FieldEdit[],
  row: FlagRowView | null,
  subject: SubjectFieldsView | null,
): ConfirmRow[] {
  const words = text.detail.confirm;
  const beside = row === null ? [] : ["enabled", ...(row.multivariate ? [] : ["value"])];
  const fields = [...new Set([...beside, ...changes.map(({ field }) => field)])];
  const ofRow: Record<string, FieldValueView> =
    row === null
      ? {}
      : {
          enabled: { kind: "toggle", on: row.enabled, text: row.enabled ? text.shared.on : text.shared.off },
          value:
            row.value.kind === "none"
              ? { kind: "absent", text: text.shared.noValue }
              : { kind: "value", value: row.value },
        };
  return fields.map((field) => {
    const known = subject?.fields.find((each) => each.field === field) ?? null;
    // What was on screen when it was asked; what is read in full may be newer.
    const before = ofRow[field] ??
      known?.value ??
      tagIn(field, subject) ?? { kind: "absent" as const, text: absentWords(field, subject) };
    return {
      field,
      label: known?.label ?? words.fieldName(field),
      note: known?.note ?? noteOf(field, subject, changes),
      before,
      to: changes.find((change) => change.field === field)?.to ?? null,
    };
  });
}

/** A label is changed by itself, and read with the others. */
function tagIn(field: string, subject: SubjectFieldsView | null): FieldValueView | null {
  if (!field.startsWith("tag:")) return null;
  const tags = subject?.fields.find((each) => each.field === "tags")?.value;
  const label = field.slice("tag:".length);
  return tags?.kind === "tags" && tags.labels.includes(label) ? { kind: "text", text: label } : null;
}

function absentWords(field: string, subject: SubjectFieldsView | null): string {
  const words = text.detail.confirm;
  if (subject === null) return words.unknown;
  if (field === "existence") return subject.exists ? words.there : words.notThere;
  return field.startsWith("override:") ? words.noOverride : words.notSet;
}

/** The segment that a part belongs to, where only the edit knows it. */
function noteOf(field: string, subject: SubjectFieldsView | null, changes: FieldEdit[]): string | null {
  const id = /^override_\w+?:(.*)$/.exec(field)?.[1];
  if (id === undefined) return null;
  const known = subject?.fields.find((each) => each.field === `override:${id}`)?.label;
  const added = changes.find((change) => change.field === `override:${id}`)?.to;
  return known ?? (added?.kind === "text" ? added.text : null);
}
