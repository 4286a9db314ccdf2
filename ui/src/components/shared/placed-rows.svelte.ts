const OVERSCAN_PX = 240;
// Before the first layout, and where there is none.
const UNMEASURED_PX = 900;

/** Which rows of a long list are in view where they are of different heights; all measures are in pixels. */
export class PlacedRows<Row> {
  /** What scrolls, once it is drawn. */
  scroller = $state<HTMLElement>();
  scrollTop = $state(0);
  measuredHeight = $state(0);

  constructor(
    private readonly rows: () => Row[],
    private readonly heightOf: (row: Row) => number,
    /** What stays at the top of what scrolls. */
    private readonly headPx = 0,
  ) {}

  readonly all: Row[] = $derived.by(() => this.rows());
  /** Where each row begins, and where the last one ends. */
  readonly tops: number[] = $derived.by(() => {
    const tops = [0];
    for (const row of this.all) tops.push((tops.at(-1) ?? 0) + this.heightOf(row));
    return tops;
  });
  readonly total: number = $derived.by(() => this.tops.at(-1) ?? 0);
  readonly height: number = $derived.by(() => this.measuredHeight || UNMEASURED_PX);
  readonly first: number = $derived.by(() => this.at(this.scrollTop - OVERSCAN_PX));
  /** The one behind the last that is drawn. */
  readonly end: number = $derived.by(() =>
    Math.min(this.all.length, this.at(this.scrollTop + this.height + OVERSCAN_PX) + 1),
  );
  readonly drawn: Row[] = $derived.by(() => this.all.slice(this.first, this.end));
  /** Where the first row that is drawn begins. */
  readonly offset: number = $derived.by(() => this.tops[this.first] ?? 0);

  /** The row at a height, measured from the first one. */
  at(y: number): number {
    let [low, high] = [0, Math.max(0, this.all.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Scrolls as little as brings a row into view. */
  reveal(index: number): void {
    const { scroller } = this;
    const [top, bottom] = [this.tops[index], this.tops[index + 1]];
    if (!scroller || top === undefined || bottom === undefined) return;
    const room = this.height - this.headPx;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + room) scroller.scrollTop = bottom - room;
  }

  /** Puts a row into the middle of the view. */
  centre(index: number): void {
    const { scroller } = this;
    const top = this.tops[index];
    if (scroller && top !== undefined) scroller.scrollTop = Math.max(0, top - this.height / 2);
  }

  /** Call when it was scrolled. */
  follow(): void {
    this.scrollTop = this.scroller?.scrollTop ?? 0;
  }
}
