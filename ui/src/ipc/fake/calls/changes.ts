/** Change sets and what is staged into them. */
import type { Host } from "../../host";
import type { FakeChanges } from "../changes/store";
import { changesView } from "../changes/views";
import type { FakeHistory } from "../history/history";
import { changeSetImpact } from "../impact";
import type { Stage } from "./stage";

/** The calls about change sets. */
export function changeCalls(stage: Stage, changes: FakeChanges, history: FakeHistory) {
  /** Does something to a change set or its edits, and tells the window. */
  function done(act: () => void): null {
    act();
    stage.changeAll();
    return null;
  }

  return {
    async changes(connection) {
      await stage.begin("changes", connection);
      return structuredClone(changesView(stage.connection(connection), stage.now()));
    },

    async newChangeSet(connection, name) {
      await stage.begin("newChangeSet", connection, name);
      const { id } = changes.begin(stage.connection(connection), name);
      stage.tell({ what: "changes", connection });
      return structuredClone(changes.view(id));
    },

    async renameChangeSet(changeSet, name) {
      await stage.begin("renameChangeSet", changeSet, name);
      return done(() => (changes.find(changeSet).set.name = name.trim()));
    },

    async discardChangeSet(changeSet) {
      await stage.begin("discardChangeSet", changeSet);
      return done(() => changes.discardSet(changeSet));
    },

    async restoreChangeSet(changeSet) {
      await stage.begin("restoreChangeSet", changeSet);
      return done(() => changes.restoreSet(changeSet));
    },

    async changeSetImpact(changeSet, environment, moment) {
      await stage.begin("changeSetImpact", changeSet, environment, moment);
      const { connection, set } = changes.find(changeSet);
      const at = { connection: connection.id, environment, moment };
      const then = history.weighedThen(at, set.edits.length);
      return structuredClone(changeSetImpact(history.spot(at), set.edits, then));
    },

    async rollBack(changeSet) {
      await stage.begin("rollBack", changeSet);
      const made = changes.rollBack(changeSet);
      stage.changeAll();
      return structuredClone(made);
    },

    ...stagingCalls(stage, changes, done),
    ...publishingCalls(stage, changes, done),
  } satisfies Partial<Host>;
}

function stagingCalls(stage: Stage, changes: FakeChanges, done: (act: () => void) => null) {
  return {
    async stageEdit(request) {
      await stage.begin("stageEdit", request);
      const staged = changes.stage(structuredClone(request));
      stage.changeAll();
      return staged;
    },

    async stageEdits(requests) {
      await stage.begin("stageEdits", requests);
      const staged = changes.stageAll(structuredClone(requests));
      stage.changeAll();
      return staged;
    },

    async amendEdit(edit, fields) {
      await stage.begin("amendEdit", edit, fields);
      return done(() => changes.amend(edit, structuredClone(fields)));
    },

    async tickEdit(edit, ticked) {
      await stage.begin("tickEdit", edit, ticked);
      return done(() => changes.tick(edit, ticked));
    },

    async moveEdit(edit, to) {
      await stage.begin("moveEdit", edit, to);
      return done(() => changes.move(edit, to));
    },

    async discardEdit(edit) {
      await stage.begin("discardEdit", edit);
      return done(() => changes.discard(edit));
    },

    async restoreEdit(edit) {
      await stage.begin("restoreEdit", edit);
      return done(() => changes.restore(edit));
    },
  } satisfies Partial<Host>;
}

function publishingCalls(stage: Stage, changes: FakeChanges, done: (act: () => void) => null) {
  return {
    async publish(changeSet, confirmed) {
      await stage.begin("publish", changeSet, confirmed);
      return done(() => changes.publish(changeSet, confirmed));
    },

    async holdPublishing(changeSet) {
      await stage.begin("holdPublishing", changeSet);
      return done(() => changes.hold(changeSet));
    },

    async resumePublishing(changeSet) {
      await stage.begin("resumePublishing", changeSet);
      return done(() => changes.resume(changeSet));
    },

    async cancelPublishing(changeSet) {
      await stage.begin("cancelPublishing", changeSet);
      return done(() => changes.cancel(changeSet));
    },

    async retryEdit(edit) {
      await stage.begin("retryEdit", edit);
      return done(() => changes.retry(edit));
    },

    async removeLeftover(edit, handle) {
      await stage.begin("removeLeftover", edit, handle);
      return done(() => changes.removeLeftover(edit, handle));
    },
  } satisfies Partial<Host>;
}
