/** A column of the table of requests. */
export type Column =
  "time" | "method" | "path" | "surface" | "status" | "took" | "waited" | "attempt" | "left";

const WIDTHS: Record<Column, string> = {
  time: "92px",
  method: "52px",
  path: "minmax(140px, 1fr)",
  surface: "116px",
  status: "116px",
  took: "124px",
  waited: "64px",
  attempt: "40px",
  left: "52px",
};
const ALL: Column[] = ["time", "method", "path", "surface", "status", "took", "waited", "attempt", "left"];
/** Columns of numbers, whose headings stand right. */
export const NUMERIC: Column[] = ["took", "waited", "attempt", "left"];
/** From which width of the table on a column is shown; in this order they leave. */
const SHOWN_FROM: Partial<Record<Column, number>> = { left: 1040, waited: 960, attempt: 880, surface: 780 };

/** The columns that a table of a width shows, and their track sizes. */
export function columnsFor(width: number): { columns: Column[]; template: string } {
  const columns = ALL.filter((column) => width >= (SHOWN_FROM[column] ?? 0));
  return { columns, template: columns.map((column) => WIDTHS[column]).join(" ") };
}
