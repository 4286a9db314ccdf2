/** Edits and change sets of the fake host. */
import type {
  ChangeSetStateView,
  ConflictFieldView,
  EditStatusView,
  FieldEdit,
  LeftoverView,
  SubjectView,
} from "../../bindings";
import type { Fields } from "./subjects";

/** One edit, in a change set or sent at once. */
export interface FakeEdit {
  id: string;
  /** The environment's key. */
  environment: string;
  subject: SubjectView;
  /** All fields as they were where the edit began. */
  base: Fields;
  changes: FieldEdit[];
  status: EditStatusView;
  /** What it asks for and where it stands, where its outcome is open. */
  sentence: string | null;
  ticked: boolean;
  at: number;
  rounds: number;
  /** Somebody changed the subject after it was sent. */
  leftovers: LeftoverView[];
  /** Fields of other subjects that the drawings show beside it. */
  beside: ConflictFieldView[];
  /** How often it was tried. */
  tries: number;
}

/** A change set. */
export interface FakeChangeSet {
  id: string;
  name: string;
  state: ChangeSetStateView;
  edits: FakeEdit[];
  createdAt: number;
  endedAt: number | null;
  rollsBack: string | null;
  publishing: FakePublishing | null;
}

/** How publishing goes. */
export interface FakePublishing {
  begunAt: number;
  pausedUntil: number | null;
  pauseSeconds: number | null;
  /** When the service asked for patience. */
  limitedAt: number | null;
  held: boolean;
}

/** An edit that is staged and changes nothing yet. */
export function newEdit(
  id: string,
  environment: string,
  subject: SubjectView,
  base: Fields,
  at: number,
): FakeEdit {
  return {
    id,
    environment,
    subject,
    base,
    changes: [],
    status: { status: "staged" },
    sentence: null,
    ticked: true,
    at,
    rounds: 0,
    leftovers: [],
    beside: [],
    tries: 0,
  };
}

/** Whether an edit still waits for something. */
export function isOpen({ status }: FakeEdit): boolean {
  return status.status !== "sent" && status.status !== "discarded";
}
