import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { OpenEditView } from "../../ipc/bindings";
import OpenEditList from "./OpenEditList.svelte";

const unknown: OpenEditView = {
  edit: "edit-1",
  environment: "production",
  environment_name: "Production",
  subject: { kind: "flag_state", flag: "guest_checkout" },
  name: "guest_checkout",
  change_set: null,
  sentence: "guest_checkout off in Production was sent, and no answer came.",
  conflict: false,
};
const contested: OpenEditView = {
  ...unknown,
  edit: "edit-7",
  subject: { kind: "flag_state", flag: "free_shipping_threshold" },
  name: "free_shipping_threshold",
  sentence: "Met a change.",
  conflict: true,
};

describe("the list of open edits", () => {
  it("draws nothing without any", () => {
    const { container } = render(OpenEditList, { edits: [], onReadAgain: vi.fn(), onResolve: vi.fn() });
    expect(container).toHaveTextContent("");
  });

  it("announces how many there are of each kind", () => {
    render(OpenEditList, { edits: [contested, unknown], onReadAgain: vi.fn(), onResolve: vi.fn() });
    expect(screen.getByRole("status")).toHaveTextContent(
      "1 edit met a newer change. The outcome of 1 edit is not known.",
    );
  });

  it("reads again what is unknown, once at a time", async () => {
    let finish = () => {};
    const onReadAgain = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    render(OpenEditList, { edits: [unknown], onReadAgain, onResolve: vi.fn() });
    const button = screen.getByRole("button", { name: "Read guest_checkout again" });
    await userEvent.click(button);
    await userEvent.click(button);
    expect(onReadAgain).toHaveBeenCalledExactlyOnceWith("edit-1");
    finish();
    await vi.waitFor(() => expect(button).not.toHaveAttribute("aria-busy"));
  });

  it("opens the resolver for a conflict", async () => {
    const onResolve = vi.fn();
    render(OpenEditList, { edits: [contested], onReadAgain: vi.fn(), onResolve });
    await userEvent.click(screen.getByRole("button", { name: "Resolve free_shipping_threshold" }));
    expect(onResolve).toHaveBeenCalledExactlyOnceWith("edit-7");
  });
});
