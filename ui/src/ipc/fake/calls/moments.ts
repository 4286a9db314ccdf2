/** What environments were, and what is taken from one to another. */
import type { Host } from "../../host";
import type { Stage } from "./stage";

function notHere(what: string): never {
  throw new Error(`the fake host has no ${what}`);
}

/** The calls of the timeline and of comparisons. */
export function momentCalls(stage: Stage) {
  return {
    async timeline(request) {
      await stage.begin("timeline", request);
      return notHere("timeline");
    },

    async momentAt(connection, environment, at) {
      await stage.begin("momentAt", connection, environment, at);
      return notHere("momentAt");
    },

    async takeSnapshot(connection, environment, name) {
      await stage.begin("takeSnapshot", connection, environment, name);
      return notHere("takeSnapshot");
    },

    async nameMoment(moment, name) {
      await stage.begin("nameMoment", moment, name);
      return notHere("nameMoment");
    },

    async pinMoment(moment, pinned) {
      await stage.begin("pinMoment", moment, pinned);
      return notHere("pinMoment");
    },

    async unlockMirror() {
      await stage.begin("unlockMirror");
      return notHere("unlockMirror");
    },

    async setMirrorAside() {
      await stage.begin("setMirrorAside");
      return notHere("setMirrorAside");
    },

    async compareSides(a, b) {
      await stage.begin("compareSides", a, b);
      return notHere("compareSides");
    },

    async exportSides(a, b, format) {
      await stage.begin("exportSides", a, b, format);
      return notHere("exportSides");
    },

    async checkPromotion(request) {
      await stage.begin("checkPromotion", request);
      return notHere("checkPromotion");
    },

    async promote(request) {
      await stage.begin("promote", request);
      return notHere("promote");
    },

    async restore(moment, flag) {
      await stage.begin("restore", moment, flag);
      return notHere("restore");
    },
  } satisfies Partial<Host>;
}
