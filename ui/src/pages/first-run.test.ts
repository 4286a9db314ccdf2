import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { failure } from "../ipc/fake";
import { openWindow } from "../testing/open-window";

describe("first run", () => {
  it("offers what works, the demo under the focus", async () => {
    await openWindow("first-run");
    const choices = screen.getByRole("list", { name: "Ways to begin" });
    expect([...choices.querySelectorAll("button")].map((button) => button.ariaLabel)).toEqual([
      "Explore the demo",
      "Connect Flagsmith",
      "Connect EdgeFlags",
      "Open a snapshot file",
    ]);
    expect(screen.getByRole("button", { name: "Explore the demo" })).toHaveFocus();
    expect(screen.getByText("Version 0.1.0")).toBeVisible();
  });

  it("leads to the demo in one click", async () => {
    await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Explore the demo" }));
    expect(await screen.findByRole("button", { name: "Flags" })).toHaveAttribute("aria-current", "page");
    expect(await screen.findByRole("switch", { name: "new_checkout state" })).toBeVisible();
  });

  it("takes the number of a choice", async () => {
    await openWindow("first-run");
    await userEvent.keyboard("3");
    expect(await screen.findByRole("heading", { name: "Connect EdgeFlags" })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(await screen.findByText("Welcome to Halyard")).toBeVisible();
  });

  it("says why the demo did not start, and starts it after all", async () => {
    const host = await openWindow("first-run");
    host.failNext(
      "startDemo",
      failure("service", "The demo could not start.", { next_step: "Close other programs and try again." }),
    );
    await userEvent.click(screen.getByRole("button", { name: "Explore the demo" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Close other programs and try again.");
    await userEvent.click(screen.getByRole("button", { name: "Explore the demo" }));
    await waitFor(() => expect(screen.getByRole("navigation")).toBeVisible());
  });
});
