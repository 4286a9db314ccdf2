import { commands, events } from "./bindings";
import { asHostError, HostError, type Host, type Unsubscribe } from "./host";
import type { WireError } from "./bindings";

type Answer<T> = { status: "ok"; data: T } | { status: "error"; error: WireError };

async function open<T>(answer: Promise<Answer<T>>): Promise<T> {
  let settled: Answer<T>;
  try {
    settled = await answer;
  } catch (thrown) {
    throw asHostError(thrown);
  }
  if (settled.status === "error") throw new HostError(settled.error);
  return settled.data;
}

/** Turns Tauri's late "here is how to stop" into one that can be called at once. */
function subscription(listening: Promise<() => void>): Unsubscribe {
  let ended = false;
  let stop: (() => void) | null = null;
  void listening.then((unlisten) => {
    if (ended) unlisten();
    else stop = unlisten;
  });
  return () => {
    ended = true;
    stop?.();
  };
}

/** The application behind the real window. */
export function tauriHost(): Host {
  return {
    app: () => open(commands.app()),
    startDemo: () => open(commands.startDemo()),
    connect: (request) => open(commands.connect(request)),
    draftEnvironments: (draft, project) => open(commands.draftEnvironments(draft, project)),
    saveConnection: (request) => open(commands.saveConnection(request)),
    saveKey: (draft, keepKey) => open(commands.saveKey(draft, keepKey)),
    discardDraft: (draft) => open(commands.discardDraft(draft)),
    forgetConnection: (connection) => open(commands.forgetConnection(connection)),
    retryKeyStore: () => open(commands.retryKeyStore()),
    setTheme: (theme) => open(commands.setTheme(theme)),
    setNotices: (on) => open(commands.setNotices(on)),
    rememberPlace: (place) => open(commands.rememberPlace(place)),
    setProtection: (connection, environment, protection) =>
      open(commands.setProtection(connection, environment, protection)),
    refresh: (connection, environment) => open(commands.refresh(connection, environment)),
    status: (connection) => open(commands.status(connection)),
    flags: (connection, environment, reference) => open(commands.flags(connection, environment, reference)),
    flagDetail: (connection, environment, flag) => open(commands.flagDetail(connection, environment, flag)),
    undoEdit: (edit) => open(commands.undoEdit(edit)),
    resolveConflict: (edit, choices, confirmed) => open(commands.resolveConflict(edit, choices, confirmed)),
    settleEdit: (edit) => open(commands.settleEdit(edit)),
    openEdits: (connection) => open(commands.openEdits(connection)),
    edit: (request) => open(commands.edit(request)),
    conflict: (edit, choices) => open(commands.conflict(edit, choices)),
    conflictImpact: (edit, choices) => open(commands.conflictImpact(edit, choices)),
    keepTheirs: (edit) => open(commands.keepTheirs(edit)),
    changes: (connection) => open(commands.changes(connection)),
    newChangeSet: (connection, name) => open(commands.newChangeSet(connection, name)),
    renameChangeSet: (changeSet, name) => open(commands.renameChangeSet(changeSet, name)),
    discardChangeSet: (changeSet) => open(commands.discardChangeSet(changeSet)),
    restoreChangeSet: (changeSet) => open(commands.restoreChangeSet(changeSet)),
    stageEdit: (request) => open(commands.stageEdit(request)),
    stageEdits: (requests) => open(commands.stageEdits(requests)),
    amendEdit: (edit, changes) => open(commands.amendEdit(edit, changes)),
    tickEdit: (edit, ticked) => open(commands.tickEdit(edit, ticked)),
    moveEdit: (edit, to) => open(commands.moveEdit(edit, to)),
    discardEdit: (edit) => open(commands.discardEdit(edit)),
    restoreEdit: (edit) => open(commands.restoreEdit(edit)),
    publish: (changeSet, confirmed) => open(commands.publish(changeSet, confirmed)),
    holdPublishing: (changeSet) => open(commands.holdPublishing(changeSet)),
    resumePublishing: (changeSet) => open(commands.resumePublishing(changeSet)),
    cancelPublishing: (changeSet) => open(commands.cancelPublishing(changeSet)),
    retryEdit: (edit) => open(commands.retryEdit(edit)),
    rollBack: (changeSet) => open(commands.rollBack(changeSet)),
    changeSetImpact: (changeSet, environment, moment) =>
      open(commands.changeSetImpact(changeSet, environment, moment)),
    removeLeftover: (edit, handle) => open(commands.removeLeftover(edit, handle)),
    subjectFields: (connection, environment, subject) =>
      open(commands.subjectFields(connection, environment, subject)),
    identityOverrides: (connection, environment, flag) =>
      open(commands.identityOverrides(connection, environment, flag)),
    segments: (connection, environment) => open(commands.segments(connection, environment)),
    segmentDetail: (connection, environment, segment) =>
      open(commands.segmentDetail(connection, environment, segment)),
    identityDetail: (connection, environment, identity) =>
      open(commands.identityDetail(connection, environment, identity)),
    configs: (connection, environment) => open(commands.configs(connection, environment)),
    preview: (request) => open(commands.preview(request)),
    trace: (request, flag) => open(commands.trace(request, flag)),
    surfaces: (connection) => open(commands.surfaces(connection)),
    compare: (request) => open(commands.compare(request)),
    personas: (connection) => open(commands.personas(connection)),
    savePersona: (connection, persona) => open(commands.savePersona(connection, persona)),
    deletePersona: (connection, id) => open(commands.deletePersona(connection, id)),
    unsent: () => open(commands.unsent()),
    keepUnsent: (connection, subject, record) => open(commands.keepUnsent(connection, subject, record)),
    findings: (at) => open(commands.findings(at)),
    impact: (request) => open(commands.impact(request)),
    openCohort: (name) => open(commands.openCohort(name)),
    writeCohort: (id, base64) => open(commands.writeCohort(id, base64)),
    closeCohort: (id) => open(commands.closeCohort(id)),
    dropCohort: (id) => open(commands.dropCohort(id)),
    suggestedRanges: (at) => open(commands.suggestedRanges(at)),
    runBatch: (request) => open(commands.runBatch(request)),
    cancelBatch: (job) => open(commands.cancelBatch(job)),
    health: (connection, environment) => open(commands.health(connection, environment)),
    checkHealth: (connection, environment) => open(commands.checkHealth(connection, environment)),
    runDoctor: (request) => open(commands.runDoctor(request)),
    stopDoctor: (run) => open(commands.stopDoctor(run)),
    checkPropagation: (connection, environment, flag) =>
      open(commands.checkPropagation(connection, environment, flag)),
    stopPropagation: (id) => open(commands.stopPropagation(id)),
    giveUpWaiting: (connection) => open(commands.giveUpWaiting(connection)),
    surfaceSettings: (connection) => open(commands.surfaceSettings(connection)),
    saveSurfaceSettings: (connection, settings) => open(commands.saveSurfaceSettings(connection, settings)),
    openLink: (link) => open(commands.openLink(link)),
    demoFaults: () => open(commands.demoFaults()),
    setDemoFault: (id, on) => open(commands.setDemoFault(id, on)),
    findIdentities: (connection, environment, search) =>
      open(commands.findIdentities(connection, environment, search)),
    identityTraits: (connection, environment, identity) =>
      open(commands.identityTraits(connection, environment, identity)),
    activity: (request) => open(commands.activity(request)),
    exchange: (id) => open(commands.exchange(id)),
    exportActivity: (request, format) => open(commands.exportActivity(request, format)),
    clearActivity: (connection) => open(commands.clearActivity(connection)),
    timeline: (request) => open(commands.timeline(request)),
    momentAt: (connection, environment, at) => open(commands.momentAt(connection, environment, at)),
    flagHistory: (connection, environment, flag) => open(commands.flagHistory(connection, environment, flag)),
    takeSnapshot: (connection, environment, name) =>
      open(commands.takeSnapshot(connection, environment, name)),
    nameMoment: (moment, name) => open(commands.nameMoment(moment, name)),
    pinMoment: (moment, pinned) => open(commands.pinMoment(moment, pinned)),
    retention: () => open(commands.retention()),
    setRetention: (days, megabytes) => open(commands.setRetention(days, megabytes)),
    encryption: () => open(commands.encryption()),
    setEncryption: (on) => open(commands.setEncryption(on)),
    unlockMirror: () => open(commands.unlockMirror()),
    setMirrorAside: () => open(commands.setMirrorAside()),
    compareSides: (a, b) => open(commands.compareSides(a, b)),
    exportSides: (a, b, format) => open(commands.exportSides(a, b, format)),
    checkPromotion: (request) => open(commands.checkPromotion(request)),
    promote: (request) => open(commands.promote(request)),
    restore: (moment, flag) => open(commands.restore(moment, flag)),
    matrix: (request) => open(commands.matrix(request)),
    lint: (connection, environment) => open(commands.lint(connection, environment)),
    setLintDays: (days) => open(commands.setLintDays(days)),
    exportFile: (request) => open(commands.exportFile(request)),
    chooseFile: (name) => open(commands.chooseFile(name)),
    feedFile: (id, base64) => open(commands.feedFile(id, base64)),
    lookIntoFile: (id, passphrase) => open(commands.lookIntoFile(id, passphrase)),
    openFile: (id, passphrase) => open(commands.openFile(id, passphrase)),
    dropFile: (id) => open(commands.dropFile(id)),
    showInFolder: (path) => open(commands.showInFolder(path)),
    onChanged: (callback) => subscription(events.changed.listen((event) => callback(event.payload))),
    onProgress: (callback) => subscription(events.refreshProgress.listen((event) => callback(event.payload))),
    onBatchProgress: (callback) =>
      subscription(events.batchProgress.listen((event) => callback(event.payload))),
    onFileProgress: (callback) =>
      subscription(events.fileProgress.listen((event) => callback(event.payload))),
    onDoctorProgress: (callback) =>
      subscription(events.doctorProgress.listen((event) => callback(event.payload))),
  };
}
