const OVERSCAN_ROWS = 6;
/** The header, which stays at the top of what scrolls, where nothing else is said. */
const HEAD_PX = 32;
// Before the first layout, and where there is none.
const UNMEASURED = { width: 1000, height: 800 };

/**
 * Which rows of a long table are in view, so that only they are drawn. All rows are of one height; all
 * measures are in pixels.
 */
export class RowsInView<Row> {
  /** What scrolls, once it is drawn. */
  scroller = $state<HTMLElement>();
  scrollTop = $state(0);
  width = $state(UNMEASURED.width);
  measuredHeight = $state(0);

  constructor(
    private readonly rows: () => Row[],
    private readonly heightOfRow: () => number = () => 36,
    private readonly headPx: number = HEAD_PX,
  ) {}

  readonly all: Row[] = $derived.by(() => this.rows());
  readonly rowPx: number = $derived.by(() => this.heightOfRow());
  readonly height: number = $derived.by(() => this.measuredHeight || UNMEASURED.height);
  readonly first: number = $derived.by(() =>
    Math.max(0, Math.floor(this.scrollTop / this.rowPx) - OVERSCAN_ROWS),
  );
  /** The one behind the last that is drawn. */
  readonly end: number = $derived.by(() =>
    Math.min(this.all.length, Math.ceil((this.scrollTop + this.height) / this.rowPx) + OVERSCAN_ROWS),
  );
  readonly drawn: Row[] = $derived.by(() => this.all.slice(this.first, this.end));
  /** How many are drawn at the most. */
  readonly pool: number = $derived.by(() => Math.ceil(this.height / this.rowPx) + 2 * OVERSCAN_ROWS + 2);
  /** How many rows a page up or down goes. */
  readonly page: number = $derived.by(() => Math.max(1, Math.floor(this.height / this.rowPx) - 2));

  /** Scrolls as little as brings a row into view. */
  reveal(index: number): void {
    const { scroller, rowPx } = this;
    if (!scroller) return;
    const top = index * rowPx;
    const room = this.height - this.headPx;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + rowPx > scroller.scrollTop + room) scroller.scrollTop = top + rowPx - room;
  }

  toTop(): void {
    if (this.scroller) this.scroller.scrollTop = 0;
  }
}
