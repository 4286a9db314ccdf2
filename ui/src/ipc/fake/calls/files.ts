/** Snapshot files. */
import type { Host } from "../../host";
import type { Stage } from "./stage";

function notHere(what: string): never {
  throw new Error(`the fake host has no ${what}`);
}

/** The calls about snapshot files. */
export function fileCalls(stage: Stage) {
  return {
    async exportFile(request) {
      await stage.begin("exportFile", request);
      return notHere("exportFile");
    },

    async chooseFile(name) {
      await stage.begin("chooseFile", name);
      return notHere("chooseFile");
    },

    async feedFile(id, base64) {
      await stage.begin("feedFile", id, base64);
      return notHere("feedFile");
    },

    async lookIntoFile(id, passphrase) {
      await stage.begin("lookIntoFile", id, passphrase);
      return notHere("lookIntoFile");
    },

    async openFile(id, passphrase) {
      await stage.begin("openFile", id, passphrase);
      return notHere("openFile");
    },

    async dropFile(id) {
      await stage.begin("dropFile", id);
      return notHere("dropFile");
    },

    async showInFolder(path) {
      await stage.begin("showInFolder", path);
      return notHere("showInFolder");
    },
  } satisfies Partial<Host>;
}
