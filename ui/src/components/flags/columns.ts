/** A column of the flags table. */
export type Column =
  "select" | "state" | "flag" | "value" | "type" | "tags" | "overrides" | "reference" | "changed";

const WIDTHS: Record<Column, string> = {
  select: "16px",
  state: "72px",
  flag: "minmax(160px, 1.35fr)",
  value: "minmax(96px, 1fr)",
  type: "104px",
  tags: "152px",
  overrides: "84px",
  reference: "128px",
  changed: "88px",
};
/** Beside the panel the table is narrow, and its columns are. */
const NARROW_WIDTHS: Partial<Record<Column, string>> = {
  state: "64px",
  flag: "minmax(150px, 1fr)",
  value: "120px",
  overrides: "68px",
  reference: "88px",
  changed: "72px",
};

/** From which width of the table on a column is shown; in this order they leave. */
const SHOWN_FROM: [Column, number][] = [
  ["tags", 1060],
  ["type", 920],
  ["reference", 620],
  ["overrides", 500],
];

/** From which width on rows can be chosen by a box in front, also while none is. */
const BOXES_FROM = 860;

/**
 * The columns that a table of a width shows, without those that no row has anything for, and their track sizes.
 * While rows are chosen their boxes are always there.
 */
export function columnsFor(
  width: number,
  withoutData: Column[],
  choosing = false,
): { columns: Column[]; template: string } {
  const hidden = SHOWN_FROM.filter(([, from]) => width < from).map(([column]) => column);
  const all: Column[] = [
    "select",
    "state",
    "flag",
    "value",
    "type",
    "tags",
    "overrides",
    "reference",
    "changed",
  ];
  if (width < BOXES_FROM && !choosing) hidden.push("select");
  const columns = all.filter((column) => !hidden.includes(column) && !withoutData.includes(column));
  const narrow = width < 860;
  const template = columns
    .map((column) => (narrow ? (NARROW_WIDTHS[column] ?? WIDTHS[column]) : WIDTHS[column]))
    .join(" ");
  return { columns, template };
}
