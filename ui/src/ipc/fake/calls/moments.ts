/** What environments were, and what is taken from one to another. */
import type { Host } from "../../host";
import type { Stage } from "./stage";

function notHere(what: string): never {
  throw new Error(`the fake host has no ${what}`);
}

/** The calls of the timeline, comparisons, the matrix and lint. */
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

    async flagHistory(connection, environment, flag) {
      await stage.begin("flagHistory", connection, environment, flag);
      return notHere("flagHistory");
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

    async retention() {
      await stage.begin("retention");
      return notHere("retention");
    },

    async setRetention(days, megabytes) {
      await stage.begin("setRetention", days, megabytes);
      return notHere("setRetention");
    },

    async encryption() {
      await stage.begin("encryption");
      return notHere("encryption");
    },

    async setEncryption(on) {
      await stage.begin("setEncryption", on);
      return notHere("setEncryption");
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

    async matrix(request) {
      await stage.begin("matrix", request);
      return notHere("matrix");
    },

    async lint(connection, environment) {
      await stage.begin("lint", connection, environment);
      return notHere("lint");
    },
  } satisfies Partial<Host>;
}
