import { activity } from "./activity";
import { batch } from "./batch";
import { bulk } from "./bulk";
import { changes } from "./changes";
import { configs } from "./configs";
import { connect } from "./connect";
import { detail } from "./detail";
import { edits } from "./edits";
import { fields } from "./fields";
import { files } from "./files";
import { flags } from "./flags";
import { frame } from "./frame";
import { health } from "./health";
import { identities } from "./identities";
import { impact } from "./impact";
import { lint } from "./lint";
import { matrix } from "./matrix";
import { moment } from "./moment";
import { preview } from "./preview";
import { segments } from "./segments";
import { settings } from "./settings";
import { shared } from "./shared";
import { snapshots } from "./snapshots";
import { staging } from "./staging";
import { subjects } from "./subjects";
import { surfaces } from "./surfaces";

/** Every word on screen. One folder, so that nothing is worded twice. */
export const text = {
  shared,
  frame,
  fields,
  flags,
  matrix,
  lint,
  detail,
  connect,
  settings,
  staging,
  surfaces,
  moment,
  preview,
  health,
  impact,
  batch,
  bulk,
  changes,
  activity,
  edits,
  subjects,
  segments,
  identities,
  configs,
  snapshots,
  files,
};
