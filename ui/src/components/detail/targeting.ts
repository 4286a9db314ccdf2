import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";

import { formatJson } from "../../state/values";

/** The members of a JSON object as they are written, so that numbers keep every digit. */
export function membersOf(json: string | null): Record<string, string> {
  if (json === null) return {};
  const root = parseTree(json);
  const names = (root?.children ?? []).flatMap(({ children }: Node): string[] => {
    const name: unknown = children?.[0]?.value;
    return typeof name === "string" ? [name] : [];
  });
  const members: Record<string, string> = {};
  for (const name of names) {
    const node = root === undefined ? undefined : findNodeAtLocation(root, [name]);
    if (node === undefined || node.type === "null") continue;
    members[name] = formatJson(json.slice(node.offset, node.offset + node.length));
  }
  return members;
}
