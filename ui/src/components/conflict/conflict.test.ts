import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type {
  ChoiceView,
  ConflictFieldView,
  ConflictView,
  FieldValueView,
  MergedHowView,
  OpenEditView,
  ProtectionView,
} from "../../ipc/bindings";
import ConflictDialog from "./ConflictDialog.svelte";
import OpenEditList from "./OpenEditList.svelte";

const number = (text: string): FieldValueView => ({ kind: "value", value: { kind: "number", text } });
const toggle = (on: boolean): FieldValueView => ({ kind: "toggle", on, text: on ? "On" : "Off" });

function field(
  path: string,
  label: string,
  [base, theirs, mine]: [FieldValueView, FieldValueView, FieldValueView],
  how: MergedHowView,
): ConflictFieldView {
  const merged = how === "contested" ? theirs : mine;
  return { field: path, label, note: null, why: null, base, theirs, mine, merged, how, editable: true };
}

const conflict: ConflictView = {
  edit: "edit-7",
  connection: "acme",
  environment: "eu-production",
  environment_name: "EU Production",
  subject: { kind: "flag_state", flag: "free_shipping_threshold" },
  name: "free_shipping_threshold",
  change_set: null,
  sentence: "Maya Lindqvist changed this flag 6 min ago. Nothing of yours has been sent.",
  already_sent: false,
  live: "theirs",
  fields: [
    field("value", "Value", [number("49"), number("59"), number("45")], "contested"),
    field("enabled", "State", [toggle(true), toggle(true), toggle(false)], "mine"),
  ],
  base_label: "",
  theirs_label: "",
  mine_label: "",
  merged_label: "",
  unchanged: [],
  contested: 1,
  precondition: "Written only if nobody changes the flag again.",
  rounds: 0,
};

function open(over: Partial<ConflictView> = {}, protection: ProtectionView = "none") {
  const onResolve = vi.fn();
  const onKeepTheirs = vi.fn();
  const onClose = vi.fn();
  const drawn = render(ConflictDialog, {
    conflict: { ...conflict, ...over },
    protection,
    onResolve,
    onKeepTheirs,
    onClose,
  });
  return { ...drawn, onResolve, onKeepTheirs, onClose };
}

/** Mine for everything that is contested. */
const mine: ChoiceView[] = [{ field: "value", side: { side: "mine" } }];

describe("the conflict dialog", () => {
  it("names the flag, says what happened, and shows each field from three sides", () => {
    open();
    const dialog = screen.getByRole("dialog", {
      name: "Resolve conflict in free_shipping_threshold, EU Production",
    });
    expect(dialog).toHaveAccessibleDescription(conflict.sentence);
    const row = within(dialog).getByRole("row", { name: /^Value/ });
    expect(
      within(row)
        .getAllByRole("cell")
        .map((cell) => cell.textContent?.trim()),
    ).toEqual(["49", "59", "45"]);
    expect(within(row).getByRole("rowheader")).toHaveTextContent("Both sides changed it");
    expect(within(dialog).getByRole("row", { name: /^State/ })).not.toHaveTextContent("Both sides");
    expect(dialog).toHaveTextContent("1 field changed on both sides");
  });

  it("puts the focus on the decision that writes nothing", () => {
    open();
    expect(screen.getByRole("button", { name: "Keep theirs" })).toHaveFocus();
  });

  it("takes the key 1 for theirs and 2 for mine", async () => {
    const { onResolve, onKeepTheirs } = open();
    await userEvent.keyboard("1");
    expect(onKeepTheirs).toHaveBeenCalledOnce();
    expect(onResolve).not.toHaveBeenCalled();
    await userEvent.keyboard("2");
    expect(onResolve).toHaveBeenCalledExactlyOnceWith(mine, null);
    expect(onKeepTheirs).toHaveBeenCalledOnce();
  });

  it("takes the buttons, and leaves other keys alone", async () => {
    const { onResolve, onClose } = open();
    await userEvent.keyboard("3{Control>}1{/Control}x");
    expect(onResolve).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Send mine on top" }));
    expect(onResolve).toHaveBeenCalledExactlyOnceWith(mine, null);
    expect(onClose).not.toHaveBeenCalled();
  });

  it.each([
    ["Esc", () => userEvent.keyboard("{Escape}")],
    ["Decide later", () => userEvent.click(screen.getByRole("button", { name: "Decide later" }))],
  ])("closes without a decision by %s", async (_, act) => {
    const { onResolve, onClose } = open();
    await act();
    expect(onClose).toHaveBeenCalledOnce();
    expect(onResolve).not.toHaveBeenCalled();
  });

  it("no longer listens for keys when it is gone", async () => {
    const { onResolve, unmount } = open();
    unmount();
    await userEvent.keyboard("1");
    expect(onResolve).not.toHaveBeenCalled();
  });

  it("gives the focus back to its opener", async () => {
    const opener = document.createElement("button");
    document.body.append(opener);
    opener.focus();
    const { unmount } = open();
    expect(opener).not.toHaveFocus();
    unmount();
    expect(opener).toHaveFocus();
    opener.remove();
  });

  it("says when the edit had been sent already", () => {
    open({ already_sent: true });
    expect(screen.getByRole("dialog")).toHaveTextContent("Your edit had been sent already");
  });

  it("names the side that is live, and sends nothing where that is mine", async () => {
    const { onResolve, onKeepTheirs } = open({ already_sent: true, live: "mine" });
    const dialog = screen.getByRole("dialog");
    expect(within(dialog).getByRole("columnheader", { name: /^Mine/ })).toHaveTextContent(
      "What the service holds now",
    );
    expect(within(dialog).getByRole("columnheader", { name: /^Theirs/ })).toHaveTextContent(
      "What yours has replaced",
    );
    expect(within(dialog).queryByRole("button", { name: /^(Keep theirs|Send mine)/ })).toBeNull();
    await userEvent.keyboard("2");
    expect(onResolve).not.toHaveBeenCalled();
    await userEvent.click(within(dialog).getByRole("button", { name: /^Leave mine/ }));
    expect(onKeepTheirs).toHaveBeenCalledOnce();
  });

  it("reads an empty side as no value", () => {
    const none: FieldValueView = { kind: "absent", text: "No value" };
    open({ fields: [field("value", "Value", [none, number("1"), number("2")], "contested")] });
    expect(screen.getAllByRole("cell")[0]).toHaveTextContent("No value");
  });
});

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
  subject: conflict.subject,
  name: conflict.name,
  sentence: "Met a change.",
  conflict: true,
};

describe("the conflict dialog of a protected environment", () => {
  it("takes no single key for sending, and names the environment on the button", async () => {
    const { onResolve } = open({}, "confirm");
    await userEvent.keyboard("2");
    expect(onResolve).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Send mine to EU Production" }));
    expect(onResolve).toHaveBeenCalledExactlyOnceWith(mine, "EU Production");
  });

  it("wants the name typed under the strict setting", async () => {
    const { onResolve } = open({}, "type_name");
    const send = screen.getByRole("button", { name: "Send mine to EU Production" });
    expect(send).toBeDisabled();
    await userEvent.type(screen.getByLabelText("Type EU Production to confirm"), "EU Production 2");
    expect(send).toBeDisabled();
    await userEvent.type(screen.getByLabelText("Type EU Production to confirm"), "{Backspace}{Backspace}");
    await userEvent.click(send);
    expect(onResolve).toHaveBeenCalledExactlyOnceWith(mine, "EU Production");
  });
});

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
