/** Snapshot files. */
import type { FileProgress } from "../../bindings";
import type { FakeFiles } from "../files";
import type { Host } from "../../host";
import { Listeners, type Stage, tagsOf } from "./stage";

/** The calls about snapshot files. */
export function fileCalls(stage: Stage, files: FakeFiles) {
  const progress = new Listeners<FileProgress>();

  return {
    async exportFile(request) {
      const hidden = request.passphrase === null ? null : "…";
      await stage.begin("exportFile", { ...request, passphrase: hidden });
      await stage.pause(6);
      return files.export(request);
    },

    async chooseFile(name) {
      await stage.begin("chooseFile", name);
      return files.begin(name);
    },

    async feedFile(id, base64) {
      await stage.begin("feedFile", id, base64.length);
      files.feed(id, base64);
      return null;
    },

    async lookIntoFile(id, passphrase) {
      await stage.begin("lookIntoFile", id, passphrase === null ? null : "…");
      return files.look(id, passphrase);
    },

    async openFile(id, passphrase) {
      await stage.begin("openFile", id, passphrase === null ? null : "…");
      for (const told of files.coming(id)) {
        progress.tell(told);
        await stage.pause(10);
      }
      const made = files.open(id, passphrase);
      stage.tell({ what: "app" }, ...tagsOf(made));
      return made.id;
    },

    async dropFile(id) {
      await stage.begin("dropFile", id);
      files.drop(id);
      return null;
    },

    async showInFolder(path) {
      await stage.begin("showInFolder", path);
      return null;
    },

    onFileProgress: (callback) => progress.add(callback),
  } satisfies Partial<Host>;
}
