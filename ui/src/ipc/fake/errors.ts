/** The errors of the fake service, in words such as the real one's. */
import type { ErrorCode, WireError } from "../bindings";
import { HostError } from "../host";

/** An error with only what differs from the plainest one. */
export function failure(code: ErrorCode, sentence: string, more: Partial<WireError> = {}): HostError {
  return new HostError({
    code,
    sentence,
    cause: null,
    next_step: null,
    detail: null,
    retry_at: null,
    field: null,
    evidence: [],
    remedy: null,
    said: [],
    ...more,
  });
}

export const unreachable = (address: string) =>
  failure("unreachable", `Nothing answers at ${address}.`, {
    cause: "The network is down, or the service is.",
    next_step: "Nothing was sent. The mirror can still be read.",
    detail: "GET /api/v1/environments/: connection refused",
  });

export const rateLimited = (retryAt: number) =>
  failure("rate_limited", "Flagsmith asks for a pause.", {
    cause: "The requests of this minute are used up.",
    next_step: "Nothing was sent. Try again when the pause is over.",
    detail: "429 Too Many Requests, Retry-After: 18",
    retry_at: retryAt,
  });

export const keyMissing = () =>
  failure("key", "The key of Acme Store is missing.", {
    cause: "It is not in the keychain.",
    next_step: "Enter the key again. The mirror can still be read.",
  });

export const keyRefused = (environmentKey: boolean) =>
  failure("key", "Flagsmith did not accept the key.", {
    cause: environmentKey
      ? "This looks like an environment key. The Admin API needs an organisation key."
      : "It may have been revoked, or belong to another server.",
    next_step: "Copy an organisation key from the organisation's settings in Flagsmith.",
    detail: '403 {"detail":"Valid master API key not found."}',
    field: "key",
    evidence: [],
    remedy: null,
    said: [],
  });

export const keychainAbsent = () =>
  failure("key_store", "The key could not be kept: no keychain answers on this computer.", {
    cause: "No keychain such as GNOME Keyring is running.",
    next_step: "Keep the key for this session only, or start a keychain and try again.",
  });

export const gone = (what: string) =>
  failure("gone", `${what} is not there any more.`, { next_step: "Sync and look again." });
