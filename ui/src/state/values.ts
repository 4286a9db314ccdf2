import { format, parse, type ParseError, printParseErrorCode } from "jsonc-parser";

import type { ValueView } from "../ipc/bindings";
import { text } from "../strings";

/** Whether two values are the same kind and text. */
export function sameValue(a: ValueView, b: ValueView): boolean {
  return a.kind === b.kind && a.text === b.text;
}

/** Why a typed value cannot be sent, in a sentence; null when it can. */
export function whyInvalid(value: ValueView): string | null {
  if (value.kind === "number") {
    return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(value.text.trim())
      ? null
      : text.detail.invalidNumber;
  }
  return value.kind === "json" ? whyInvalidJson(value.text) : null;
}

function whyInvalidJson(json: string): string | null {
  const errors: ParseError[] = [];
  parse(json, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (first === undefined) return null;
  const before = json.slice(0, first.offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return text.detail.invalidJson(text.detail.jsonAt(before.length, column), expected(first.error));
}

function expected(code: ParseError["error"]): string {
  const words = text.detail.jsonExpected;
  const told: Record<string, string> = {
    ValueExpected: words.value,
    PropertyNameExpected: words.name,
    ColonExpected: words.colon,
    CommaExpected: words.comma,
    CloseBraceExpected: words.closeBrace,
    CloseBracketExpected: words.closeBracket,
    EndOfFileExpected: words.end,
    UnexpectedEndOfString: words.quote,
    InvalidCommentToken: words.noComments,
  };
  return told[printParseErrorCode(code)] ?? words.other;
}

/** The same JSON with line breaks. Only white space changes: numbers keep every digit. */
export function formatJson(json: string): string {
  const edits = format(json, undefined, { tabSize: 2, insertSpaces: true, eol: "\n" });
  // From the end to the beginning, so that earlier offsets stay right.
  return edits
    .toSorted((a, b) => b.offset - a.offset)
    .reduce(
      (done, edit) => done.slice(0, edit.offset) + edit.content + done.slice(edit.offset + edit.length),
      json,
    );
}
