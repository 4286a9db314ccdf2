import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { ConnectionView, PreviewRequest } from "../../ipc/bindings";
import { fakeHost } from "../../ipc/fake";
import { Preview } from "./preview.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function made(connection: "acme" | "acme-edge" = "acme") {
  const host = fakeHost();
  const views = (await host.app()).connections;
  const view = views.find((each) => each.id === connection) as ConnectionView;
  const place = { connection, environment: "production" };
  const preview = new Preview(host);
  const times = (command: string) => host.calls.filter((call) => call.command === command).length;
  return { host, preview, place, view, times, ask: () => preview.ask(place, view) };
}

it("the mirror is evaluated with the first key, one evaluation at a time, the newest input next", async () => {
  const { host, preview, ask, times } = await made();
  const release = host.hold();
  for (const letter of "u_48213") {
    preview.identifier += letter;
    ask();
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(times("preview")).toBe(1);
  expect(preview.evaluating).toBe(true);
  release();
  await vi.advanceTimersByTimeAsync(0);
  const asked = host.calls.filter((call) => call.command === "preview");
  expect(asked.map((call) => (call.arguments[0] as PreviewRequest).identifier)).toEqual(["u", "u_48213"]);
  expect(preview.evaluating).toBe(false);
  expect(preview.current).toBe(true);
  expect(preview.answered?.identifier).toBe("u_48213");
});

it("the service is asked once, 400 ms after the last key", async () => {
  const { preview, ask, times } = await made("acme-edge");
  for (const letter of "u_48213") {
    preview.identifier += letter;
    ask();
    await vi.advanceTimersByTimeAsync(399);
  }
  expect(times("preview")).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(times("preview")).toBe(1);
  expect(preview.result?.rows.length).toBeGreaterThan(0);
});

it("nothing is asked without an identifier, or with a trait that cannot be used", async () => {
  const { preview, ask, times } = await made();
  preview.identifier = "  ";
  ask();
  await vi.advanceTimersByTimeAsync(1000);
  preview.identifier = "u_48213";
  preview.traits = [{ id: 1, name: "age", kind: "number", text: "old" }];
  ask();
  await vi.advanceTimersByTimeAsync(1000);
  expect(times("preview")).toBe(0);
});

it("nothing is asked after the page was left", async () => {
  const remote = await made("acme-edge");
  remote.preview.identifier = "u";
  remote.ask();
  remote.preview.rest();
  const { host, preview, place, view, ask, times } = await made();
  const release = host.hold();
  preview.identifier = "u";
  ask();
  preview.identifier = "u_";
  ask();
  preview.type(place, view);
  preview.rest();
  release();
  await vi.advanceTimersByTimeAsync(1000);
  expect(remote.times("preview") + times("findIdentities")).toBe(0);
  expect(times("preview")).toBe(1);
  expect(preview.result).toBeNull();
});

it("identities are searched once, when typing pauses", async () => {
  const { preview, place, view, times } = await made();
  for (const letter of "u_48213") {
    preview.identifier += letter;
    preview.type(place, view);
    await vi.advanceTimersByTimeAsync(150);
  }
  expect(times("findIdentities")).toBe(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(times("findIdentities")).toBe(1);
  expect(preview.suggestions?.map((identity) => identity.identifier)).toEqual(["u_48213"]);
});
