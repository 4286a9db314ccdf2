import type {
  ActivityFormatView,
  ActivityRequest,
  ActivityView,
  AppView,
  AtView,
  BatchProgress,
  BatchRequest,
  BatchView,
  Changed,
  ChangeSetImpactView,
  ChangeSetView,
  ChangesView,
  ChoiceView,
  ChosenFileView,
  CohortFileView,
  CompareRequest,
  ComparisonView,
  ConfigListView,
  Confirmed,
  ConflictView,
  ConnectionView,
  ConnectRequest,
  DemoFaultView,
  DiffFormatView,
  DoctorProgress,
  DoctorRequest,
  DoctorView,
  DraftView,
  EditRequest,
  EncryptionView,
  EnvironmentChoiceView,
  ExchangeDetailView,
  ExportedFileView,
  ExportFileRequest,
  FieldEdit,
  FileProgress,
  FindingView,
  FlagDetailView,
  FlagListView,
  HealthView,
  IdentityDetailView,
  IdentityOverrideView,
  IdentityView,
  ImpactRequest,
  ImpactView,
  KeepKeyView,
  KeyStoreView,
  LintView,
  MatrixRequest,
  MatrixView,
  MomentAtView,
  MomentView,
  OpenEditView,
  OutcomeView,
  PersonaView,
  PlaceView,
  PreviewRequest,
  PreviewView,
  PromoteCheckView,
  PromotedView,
  PromoteRequest,
  ProtectionView,
  RefreshProgress,
  RetentionView,
  SaveConnectionRequest,
  SegmentDetailView,
  SegmentListView,
  SidesView,
  StagedView,
  StageRequest,
  StatusView,
  SubjectFieldsView,
  SubjectView,
  SurfaceChoiceView,
  SurfaceSettingsView,
  ThemeView,
  TimelineRequest,
  TimelineView,
  TraceView,
  TraitRangeView,
  TraitView,
  UnsentView,
  WireError,
} from "./bindings";

/** An error of the host, in the words it came with. */
export class HostError extends Error {
  constructor(readonly wire: WireError) {
    super(wire.sentence);
    this.name = "HostError";
  }
}

/** Any thrown thing as an error that can be shown. */
export function asHostError(thrown: unknown): HostError {
  if (thrown instanceof HostError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new HostError({
    code: "service",
    sentence: "Halyard could not finish this.",
    cause: "The window and the application did not understand each other.",
    next_step: "Try again. If it happens again, copy the details and report them.",
    detail,
    retry_at: null,
    field: null,
    evidence: [],
    remedy: null,
    said: [],
  });
}

/** Ends a subscription. */
export type Unsubscribe = () => void;

/** What the window asks of the application, and what it is told. Every promise may throw a `HostError`. */
export interface Host {
  app(): Promise<AppView>;
  startDemo(): Promise<ConnectionView[]>;
  connect(request: ConnectRequest): Promise<DraftView>;
  draftEnvironments(draft: string, project: string): Promise<EnvironmentChoiceView[]>;
  saveConnection(request: SaveConnectionRequest): Promise<ConnectionView>;
  saveKey(draft: string, keepKey: KeepKeyView): Promise<ConnectionView>;
  discardDraft(draft: string): Promise<null>;
  forgetConnection(connection: string): Promise<null>;
  retryKeyStore(): Promise<KeyStoreView>;
  setTheme(theme: ThemeView): Promise<null>;
  setNotices(on: boolean): Promise<null>;
  rememberPlace(place: PlaceView): Promise<null>;
  setProtection(connection: string, environment: string, protection: ProtectionView): Promise<null>;
  refresh(connection: string, environment: string): Promise<null>;
  status(connection: string): Promise<StatusView>;
  flags(connection: string, environment: string, reference: string | null): Promise<FlagListView>;
  flagDetail(connection: string, environment: string, flag: string): Promise<FlagDetailView>;
  undoEdit(edit: string): Promise<OutcomeView>;
  /** Writes the merged result, against the state that was shown. */
  resolveConflict(edit: string, choices: ChoiceView[], confirmed: string | null): Promise<OutcomeView>;
  settleEdit(edit: string): Promise<OutcomeView>;
  openEdits(connection: string): Promise<OpenEditView[]>;
  /** Writes a change at once, under its precondition. */
  edit(request: EditRequest): Promise<OutcomeView>;
  /** A conflict field by field, with what is decided so far. */
  conflict(edit: string, choices: ChoiceView[]): Promise<ConflictView>;
  /** What the merged result does; once nothing is contested. */
  conflictImpact(edit: string, choices: ChoiceView[]): Promise<ImpactView>;
  /** Gives the edit up. */
  keepTheirs(edit: string): Promise<OutcomeView>;
  changes(connection: string): Promise<ChangesView>;
  /** Without a name it is called `Draft`. */
  newChangeSet(connection: string, name: string | null): Promise<ChangeSetView>;
  renameChangeSet(changeSet: string, name: string): Promise<null>;
  discardChangeSet(changeSet: string): Promise<null>;
  restoreChangeSet(changeSet: string): Promise<null>;
  /** Amends the edit of the same subject, where there is one. */
  stageEdit(request: StageRequest): Promise<StagedView>;
  /** All or none. */
  stageEdits(requests: StageRequest[]): Promise<StagedView[]>;
  amendEdit(edit: string, changes: FieldEdit[]): Promise<null>;
  tickEdit(edit: string, ticked: boolean): Promise<null>;
  /** The first is at 0. */
  moveEdit(edit: string, to: number): Promise<null>;
  discardEdit(edit: string): Promise<null>;
  restoreEdit(edit: string): Promise<null>;
  publish(changeSet: string, confirmed: Confirmed[]): Promise<null>;
  holdPublishing(changeSet: string): Promise<null>;
  resumePublishing(changeSet: string): Promise<null>;
  /** What is not sent is staged again. */
  cancelPublishing(changeSet: string): Promise<null>;
  /** Sends a refused edit again. */
  retryEdit(edit: string): Promise<null>;
  /** Stages the inverse of what was sent as a new change set. */
  rollBack(changeSet: string): Promise<ChangeSetView>;
  changeSetImpact(
    changeSet: string,
    environment: string,
    moment: string | null,
  ): Promise<ChangeSetImpactView>;
  /** Removes what a write that was cut off left behind. */
  removeLeftover(edit: string, handle: string): Promise<null>;
  /** Any subject with its fields; of one that does not exist, those to begin with. */
  subjectFields(connection: string, environment: string, subject: SubjectView): Promise<SubjectFieldsView>;
  identityOverrides(connection: string, environment: string, flag: string): Promise<IdentityOverrideView[]>;
  segments(connection: string, environment: string): Promise<SegmentListView>;
  segmentDetail(connection: string, environment: string, segment: string): Promise<SegmentDetailView>;
  identityDetail(connection: string, environment: string, identity: string): Promise<IdentityDetailView>;
  configs(connection: string, environment: string): Promise<ConfigListView>;
  preview(request: PreviewRequest): Promise<PreviewView>;
  /** How one flag came to its value; only where the mirror is evaluated. */
  trace(request: PreviewRequest, flag: string): Promise<TraceView>;
  surfaces(connection: string): Promise<SurfaceChoiceView[]>;
  compare(request: CompareRequest): Promise<ComparisonView>;
  personas(connection: string): Promise<PersonaView[]>;
  /** An empty `id` makes a new one. */
  savePersona(connection: string, persona: PersonaView): Promise<PersonaView>;
  deletePersona(connection: string, id: string): Promise<null>;
  /** Everything that is typed and not sent, as the window wrote it. */
  unsent(): Promise<UnsentView[]>;
  /** Without a record it is forgotten. */
  keepUnsent(connection: string, subject: string, record: string | null): Promise<null>;
  findings(at: AtView): Promise<FindingView[]>;
  findIdentities(connection: string, environment: string, search: string): Promise<IdentityView[]>;
  identityTraits(connection: string, environment: string, identity: IdentityView): Promise<TraitView[]>;
  /** What edits would do to one flag; asked while they are typed. */
  impact(request: ImpactRequest): Promise<ImpactView>;
  /** Begins a file of identities; answers its id. */
  openCohort(name: string): Promise<string>;
  /** The next bytes of a file, in base64. */
  writeCohort(id: string, base64: string): Promise<null>;
  /** The end of a file: reads it. */
  closeCohort(id: string): Promise<CohortFileView>;
  dropCohort(id: string): Promise<null>;
  suggestedRanges(at: AtView): Promise<TraitRangeView[]>;
  /** Resolves at the end, also when it was cancelled. */
  runBatch(request: BatchRequest): Promise<BatchView>;
  cancelBatch(job: string): Promise<null>;
  health(connection: string, environment: string): Promise<HealthView>;
  /** Reads every surface, the server and the limits now. */
  checkHealth(connection: string, environment: string): Promise<null>;
  /** Resolves at the end, also when it was stopped. */
  runDoctor(request: DoctorRequest): Promise<DoctorView>;
  stopDoctor(run: string): Promise<null>;
  /** Follows a flag's state until each surface serves it; answers the check's id. */
  checkPropagation(connection: string, environment: string, flag: string): Promise<string>;
  stopPropagation(id: string): Promise<null>;
  /** Gives up what waits for a connection's budgets; answers how many requests there were. */
  giveUpWaiting(connection: string): Promise<number>;
  surfaceSettings(connection: string): Promise<SurfaceSettingsView>;
  /** Answers what was kept, with addresses made regular. */
  saveSurfaceSettings(connection: string, settings: SurfaceSettingsView): Promise<SurfaceSettingsView>;
  /** Opens a page in the browser. */
  openLink(link: string): Promise<null>;
  /** Empty while the demo does not run. */
  demoFaults(): Promise<DemoFaultView[]>;
  setDemoFault(id: string, on: boolean): Promise<DemoFaultView[]>;
  /** Requests that were made, the newest first. */
  activity(request: ActivityRequest): Promise<ActivityView>;
  exchange(id: string): Promise<ExchangeDetailView>;
  /** The listed requests as text, without keys, query values and personal data. */
  exportActivity(request: ActivityRequest, format: ActivityFormatView): Promise<string>;
  /** Forgets the requests of a connection, or all. */
  clearActivity(connection: string | null): Promise<null>;
  /** A page of what environments were, the newest first. */
  timeline(request: TimelineRequest): Promise<TimelineView>;
  /** What an environment was at a time, in seconds since the Unix epoch. */
  momentAt(connection: string, environment: string, at: number): Promise<MomentAtView>;
  /** The moments that touched a flag, the newest first. */
  flagHistory(connection: string, environment: string, flag: string): Promise<MomentView[]>;
  /** Refreshes an environment and pins what is there then. */
  takeSnapshot(connection: string, environment: string, name: string | null): Promise<MomentView>;
  /** An empty name takes it away. */
  nameMoment(moment: string, name: string): Promise<null>;
  pinMoment(moment: string, pinned: boolean): Promise<null>;
  retention(): Promise<RetentionView>;
  /** Removes what is past it at once. */
  setRetention(days: number | null, megabytes: number | null): Promise<RetentionView>;
  encryption(): Promise<EncryptionView>;
  setEncryption(on: boolean): Promise<EncryptionView>;
  /** Tries again to open a local copy whose key was missing or wrong. */
  unlockMirror(): Promise<AppView>;
  /** Keeps the local copy under another name and begins an empty one. */
  setMirrorAside(): Promise<AppView>;
  compareSides(a: AtView, b: AtView): Promise<SidesView>;
  exportSides(a: AtView, b: AtView, format: DiffFormatView): Promise<ExportedFileView>;
  /** What taking differences over would do; nothing is staged. */
  checkPromotion(request: PromoteRequest): Promise<PromoteCheckView>;
  /** Stages what was ticked. */
  promote(request: PromoteRequest): Promise<PromotedView>;
  /** Stages what leads a flag, or the whole environment for null, back to a moment. */
  restore(moment: string, flag: string | null): Promise<PromotedView>;
  matrix(request: MatrixRequest): Promise<MatrixView>;
  lint(connection: string, environment: string): Promise<LintView>;
  /** After how many days a flag counts as left alone, in every environment. */
  setLintDays(days: number): Promise<null>;
  /** Writes a snapshot file into the folder for downloads. */
  exportFile(request: ExportFileRequest): Promise<ExportedFileView>;
  /** Begins to read a chosen file; answers what names it. */
  chooseFile(name: string): Promise<string>;
  /** The next bytes of a chosen file. */
  feedFile(id: string, base64: string): Promise<null>;
  /** The end of a chosen file: says what is in it. Nothing is imported. */
  lookIntoFile(id: string, passphrase: string | null): Promise<ChosenFileView>;
  /** Opens a chosen file as a read-only connection; answers its id. Dropping the file meanwhile ends it. */
  openFile(id: string, passphrase: string | null): Promise<string>;
  dropFile(id: string): Promise<null>;
  showInFolder(path: string): Promise<null>;
  /** Calls back when answers are out of date. */
  onChanged(callback: (changed: Changed) => void): Unsubscribe;
  /** Calls back while a refresh goes on. */
  onProgress(callback: (progress: RefreshProgress) => void): Unsubscribe;
  /** Calls back while a cohort is evaluated. */
  onBatchProgress(callback: (progress: BatchProgress) => void): Unsubscribe;
  /** Calls back while a snapshot file of many moments is opened. */
  onFileProgress(callback: (progress: FileProgress) => void): Unsubscribe;
  /** Calls back while the doctor looks. */
  onDoctorProgress(callback: (progress: DoctorProgress) => void): Unsubscribe;
}

let current: Host | null = null;

/** Chooses the host, once, before anything is drawn; a test chooses a fake one. */
export function setHost(host: Host): void {
  current = host;
}

/** The host in use. */
export function host(): Host {
  if (current === null) throw new Error("setHost was not called");
  return current;
}
