/** How long what was is kept, how the local copy is kept, and what is typed and not sent. */
import type { RetentionView } from "../../bindings";
import type { Host } from "../../host";
import { failure } from "../errors";
import type { Stage } from "./stage";

const USED_MB = 18.4;

/** The calls about retention, encryption and what is typed. */
export function keepingCalls(stage: Stage) {
  let days: number | null = 90;
  let megabytes: number | null = 200;
  let encrypted = false;

  function retentionView(): RetentionView {
    const share = days === null || days >= 90 ? 1 : days / 90;
    const used = Math.min(USED_MB * share, megabytes ?? USED_MB);
    return { days, megabytes, used: `${Math.round(214 * share)} snapshots, ${used.toFixed(1)} MB` };
  }

  function encryptionView() {
    const noKeychain = stage.world.keyStore.state !== "ready";
    return {
      on: encrypted,
      blocked: noKeychain ? "No keychain answers on this computer, so its key could not be kept." : null,
      sentence: encrypted
        ? "The local copy can only be read with a key that is in this computer's keychain."
        : "Whoever can read your files can read the local copy: flag names, values and identities, but no keys.",
    };
  }

  return {
    async retention() {
      await stage.begin("retention");
      return retentionView();
    },

    async setRetention(nextDays, nextMegabytes) {
      await stage.begin("setRetention", nextDays, nextMegabytes);
      if (nextDays === 0) {
        throw failure("refused", "Snapshots are kept for a day at least.", { field: "days" });
      }
      [days, megabytes] = [nextDays, nextMegabytes];
      return retentionView();
    },

    async encryption() {
      await stage.begin("encryption");
      return encryptionView();
    },

    async setEncryption(on) {
      await stage.begin("setEncryption", on);
      await stage.pause(20);
      encrypted = on;
      return encryptionView();
    },

    async unsent() {
      await stage.begin("unsent");
      return structuredClone(stage.world.unsent);
    },

    async keepUnsent(connection, subject, record) {
      await stage.begin("keepUnsent", connection, subject, record);
      const others = stage.world.unsent.filter(
        (each) => each.connection !== connection || each.subject !== subject,
      );
      stage.world.unsent = record === null ? others : [...others, { connection, subject, record }];
      return null;
    },
  } satisfies Partial<Host>;
}
