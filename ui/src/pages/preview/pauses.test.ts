import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { ConnectionView } from "../../ipc/bindings";
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
  return { preview, place, view, times, ask: () => preview.ask(place, view) };
}

it.each([
  ["acme", 80],
  ["acme-edge", 400],
] as const)("%s is asked once, %i ms after the last key", async (connection, pause) => {
  const { preview, ask, times } = await made(connection);
  for (const letter of "u_48213") {
    preview.identifier += letter;
    ask();
    await vi.advanceTimersByTimeAsync(pause - 1);
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
  const { preview, place, view, ask, times } = await made();
  preview.identifier = "u";
  ask();
  preview.type(place, view);
  preview.rest();
  await vi.advanceTimersByTimeAsync(1000);
  expect(times("preview") + times("findIdentities")).toBe(0);
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
