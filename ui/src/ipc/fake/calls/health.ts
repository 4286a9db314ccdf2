/** Health, the doctor, propagation checks, the budgets and the demo's faults. */
import type { Host } from "../../host";
import type { FakeHealth } from "../health";
import { type FakeQueue, statusOf } from "../status";
import type { Stage } from "./stage";

/** The calls of the Health page and the status bar. */
export function healthCalls(stage: Stage, health: FakeHealth, queue: FakeQueue) {
  return {
    async status(connection) {
      await stage.begin("status", connection);
      const asked = stage.connection(connection);
      const view = health.view(connection, asked.environments[0]?.key ?? "");
      return statusOf(asked, health.situation, view, queue, stage.now());
    },

    async giveUpWaiting(connection) {
      await stage.begin("giveUpWaiting", connection);
      const given = queue.giveUp();
      stage.tell({ what: "status", connection });
      return given;
    },

    async health(connection, environment) {
      await stage.begin("health", connection, environment);
      return health.view(connection, environment);
    },

    async checkHealth(connection, environment) {
      await stage.begin("checkHealth", connection, environment);
      health.check(connection);
      return null;
    },

    async runDoctor(request) {
      await stage.begin("runDoctor", request);
      return health.runDoctor(request);
    },

    async stopDoctor(run) {
      await stage.begin("stopDoctor", run);
      health.stopDoctor(run);
      return null;
    },

    async checkPropagation(connection, environment, flag) {
      await stage.begin("checkPropagation", connection, environment, flag);
      return health.checkPropagation(connection, environment, flag);
    },

    async stopPropagation(id) {
      await stage.begin("stopPropagation", id);
      health.stopPropagation(id);
      return null;
    },

    async demoFaults() {
      await stage.begin("demoFaults");
      return health.faults();
    },

    async setDemoFault(id, on) {
      await stage.begin("setDemoFault", id, on);
      return health.setFault(id, on);
    },

    onDoctorProgress: (callback) => health.onDoctorProgress(callback),
  } satisfies Partial<Host>;
}
