/** The segments of the Acme Store by their names at the service. */
import { segments } from "./people";

/** A segment's identifier and name. */
export interface FakeSegmentName {
  id: string;
  name: string;
}

const FIRST_ID = 11;

/** Every segment that decides something. */
export const SEGMENTS: FakeSegmentName[] = Object.keys(segments).map((name, at) => ({
  id: String(FIRST_ID + at),
  name,
}));

/** The identifier of a segment; one that is not listed is named by itself. */
export function segmentId(name: string): string {
  return SEGMENTS.find((segment) => segment.name === name)?.id ?? `segment-${name}`;
}
