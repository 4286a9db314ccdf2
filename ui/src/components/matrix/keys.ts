/** Where in the matrix something is; column 0 is that of the flags. */
export interface Spot {
  row: number;
  column: number;
}

/** How large the matrix is: its rows, its environments, and how many rows a page goes. */
export interface Extent {
  rows: number;
  columns: number;
  page: number;
}

/** Where a key leads, within the matrix; null where it leads nowhere. */
export function targetOf(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">,
  { row, column }: Spot,
  { rows, columns, page }: Extent,
  letters: boolean,
): Spot | null {
  if (event.altKey) return null;
  const last = Math.max(rows - 1, 0);
  const far = event.ctrlKey || event.metaKey;
  const corners: Record<string, Spot> = {
    Home: { row: 0, column: 0 },
    End: { row: last, column: columns },
  };
  const steps: Record<string, Spot> = {
    ArrowDown: { row: row + 1, column },
    ArrowUp: { row: row - 1, column },
    ArrowRight: { row, column: column + 1 },
    ArrowLeft: { row, column: column - 1 },
    Home: { row, column: 0 },
    End: { row, column: columns },
    PageDown: { row: row + page, column },
    PageUp: { row: row - page, column },
    ...(letters ? { j: { row: row + 1, column }, k: { row: row - 1, column } } : {}),
  };
  const to = (far ? corners : steps)[event.key];
  if (to === undefined) return null;
  return {
    row: Math.min(Math.max(to.row, 0), last),
    column: Math.min(Math.max(to.column, 0), columns),
  };
}
