/** A column of the table of requests. */
export type Column =
  "time" | "method" | "path" | "surface" | "status" | "took" | "waited" | "attempt" | "left";

const WIDTHS: Record<Column, string> = {
  time: "92px",
  method: "52px",
  path: "minmax(140px, 1fr)",
  surface: "128px",
  status: "128px",
  took: "124px",
  waited: "64px",
  attempt: "40px",
  left: "52px",
};
const ALL: Column[] = ["time", "method", "path", "surface", "status", "took", "waited", "attempt", "left"];
/** From which width of the table on a column is shown; in this order they leave. */
const SHOWN_FROM: Partial<Record<Column, number>> = { left: 900, waited: 840, attempt: 770, surface: 700 };

/** The columns that a table of a width shows, and their track sizes. */
export function columnsFor(width: number): { columns: Column[]; template: string } {
  const columns = ALL.filter((column) => width >= (SHOWN_FROM[column] ?? 0));
  return { columns, template: columns.map((column) => WIDTHS[column]).join(" ") };
}
