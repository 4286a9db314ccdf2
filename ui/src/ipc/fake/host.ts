/** A host without a shell: the Acme Store in memory, for screens in a plain browser and for tests. */
import type { Host, HostError } from "../host";
import { FakeActivity } from "./activity";
import { activityCalls } from "./calls/activity";
import { batchCalls } from "./calls/batch";
import { changeCalls } from "./calls/changes";
import { conflictCalls } from "./calls/conflicts";
import { connectionCalls } from "./calls/connections";
import { fileCalls } from "./calls/files";
import { flagHistoryCalls } from "./calls/flag-history";
import { flagCalls } from "./calls/flags";
import { healthCalls } from "./calls/health";
import { keepingCalls } from "./calls/keeping";
import { lintCalls } from "./calls/lint";
import { matrixCalls } from "./calls/matrix";
import { identityCalls, previewCalls } from "./calls/preview";
import { settingCalls } from "./calls/settings";
import { sidesCalls } from "./calls/sides";
import { type Asked, type Call, Stage } from "./calls/stage";
import { subjectCalls } from "./calls/subjects";
import { timelineCalls } from "./calls/timeline";
import { FakeChanges } from "./changes/store";
import { FakeEdits } from "./edits";
import { FakeFiles } from "./files";
import { FakeHealth } from "./health";
import type { Situation } from "./health-views";
import { FakeHistory } from "./history/history";
import type { Scenario } from "./scenarios";
import { FakeQueue } from "./status";
import { buildWorld, type World } from "./world";

export type { Call };

/** How a fake host begins. */
export interface FakeOptions {
  scenario?: Scenario;
  /** What Health is to show; what suits the scenario where none is given. */
  health?: Situation;
  /** How long an answer takes, in milliseconds. */
  latency?: number;
  /** Seconds since the Unix epoch. */
  now?: () => number;
}

/** The host, and what a test sees and does behind it. */
export interface FakeHost extends Host {
  readonly world: World;
  readonly edits: FakeEdits;
  readonly changeSets: FakeChanges;
  readonly healthOf: FakeHealth;
  readonly queue: FakeQueue;
  readonly requests: FakeActivity;
  readonly history: FakeHistory;
  readonly calls: Call[];
  /** Makes the next call of a command fail. */
  failNext(command: Asked, error: HostError): void;
  /** Holds all answers back until the returned function is called. */
  hold(): () => void;
  /** Tells the window that everything is out of date. */
  changeAll(): void;
  /** Sends the next write of a change set that is being published, and tells the window; says whether there was one. */
  step(): boolean;
  /** Makes requests, and tells the window. */
  ask(requests: number): void;
}

/** A fake host, put together from its parts. */
export function makeFakeHost({
  scenario = "fresh",
  health: situation,
  latency = 0,
  now = () => Math.floor(Date.now() / 1000),
}: FakeOptions = {}): FakeHost {
  const world = buildWorld(scenario, now());
  const stage = new Stage(world, now, latency);
  const edits = new FakeEdits(world, now);
  const changes = new FakeChanges(world, edits, now);
  const health = new FakeHealth({
    world,
    situation: situation ?? null,
    now,
    latency,
    tell: (changed) => stage.changed.tell(changed),
  });
  const requests = new FakeActivity(world, now);
  const queue = new FakeQueue(now(), health.situation);
  const history = new FakeHistory(world, now);
  const files = new FakeFiles(world, now);
  return {
    world,
    edits,
    changeSets: changes,
    healthOf: health,
    queue,
    requests,
    history,
    calls: stage.calls,
    failNext: (command, error) => stage.failNext(command, error),
    hold: () => stage.hold(),
    changeAll: () => stage.changeAll(),
    step() {
      const stepped = changes.step();
      if (stepped) stage.changeAll();
      return stepped;
    },
    ask(count) {
      requests.add(count);
      stage.tell({ what: "activity" });
    },
    ...connectionCalls(stage, health, files),
    ...settingCalls(stage, health),
    ...flagCalls(stage, edits),
    ...conflictCalls(stage, edits),
    ...changeCalls(stage, changes, history),
    ...subjectCalls(stage),
    ...previewCalls(stage, history),
    ...identityCalls(stage),
    ...batchCalls(stage),
    ...healthCalls(stage, health, queue),
    ...activityCalls(stage, requests),
    ...matrixCalls(stage),
    ...lintCalls(stage),
    ...flagHistoryCalls(stage, history),
    ...keepingCalls(stage),
    ...timelineCalls(stage, history),
    ...sidesCalls(stage, history, changes),
    ...fileCalls(stage, files),
    onChanged: (callback) => stage.changed.add(callback),
  };
}
