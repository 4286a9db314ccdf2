/** Change sets and what is staged into them. */
import type { Host } from "../../host";
import { failure } from "../errors";

const notYet = (): Promise<never> => Promise.reject(failure("service", "Not here yet."));

/** The calls about change sets and their subjects. */
export function changeCalls() {
  return {
    conflictImpact: notYet,
    changes: notYet,
    newChangeSet: notYet,
    renameChangeSet: notYet,
    discardChangeSet: notYet,
    restoreChangeSet: notYet,
    stageEdit: notYet,
    stageEdits: notYet,
    amendEdit: notYet,
    tickEdit: notYet,
    moveEdit: notYet,
    discardEdit: notYet,
    restoreEdit: notYet,
    publish: notYet,
    holdPublishing: notYet,
    resumePublishing: notYet,
    cancelPublishing: notYet,
    retryEdit: notYet,
    rollBack: notYet,
    changeSetImpact: notYet,
    removeLeftover: notYet,
    subjectFields: notYet,
    identityOverrides: notYet,
    segments: notYet,
    segmentDetail: notYet,
    identityDetail: notYet,
    configs: notYet,
  } satisfies Partial<Host>;
}
