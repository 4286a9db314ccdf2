/** Two values beside each other, line by line. */
import type { LineView } from "../../bindings";

/** The lines of two texts: what only B has in front of what only A has. */
export function linesOf(a: string, b: string): LineView[] {
  const [ones, others] = [a.split("\n"), b.split("\n")];
  const lines: LineView[] = [];
  let [i, j] = [0, 0];
  while (i < ones.length || j < others.length) {
    if (i < ones.length && ones[i] === others[j]) {
      lines.push({ kind: "same", a: i + 1, b: j + 1, pieces: [{ text: ones[i] ?? "", marked: false }] });
      i += 1;
      j += 1;
      continue;
    }
    const until = meeting(ones, others, i, j);
    for (let at = j; at < until.j; at += 1) {
      const pieces = piecesOf(others[at] ?? "", ones[i + at - j] ?? "");
      lines.push({ kind: "only_b", a: null, b: at + 1, pieces });
    }
    for (let at = i; at < until.i; at += 1) {
      const pieces = piecesOf(ones[at] ?? "", others[j + at - i] ?? "");
      lines.push({ kind: "only_a", a: at + 1, b: null, pieces });
    }
    ({ i, j } = until);
  }
  return lines;
}

/** Where two lists go on alike. */
function meeting(ones: string[], others: string[], i: number, j: number): { i: number; j: number } {
  for (let step = 1; step <= ones.length + others.length; step += 1) {
    for (let left = 0; left <= step; left += 1) {
      const [at, to] = [i + left, j + step - left];
      if (at < ones.length && to < others.length && ones[at] === others[to]) return { i: at, j: to };
    }
  }
  return { i: ones.length, j: others.length };
}

/** A line in three: alike, differing, alike. */
function piecesOf(line: string, other: string): LineView["pieces"] {
  const most = Math.min(line.length, other.length);
  let front = 0;
  while (front < most && line[front] === other[front]) front += 1;
  let back = 0;
  while (back < most - front && line.at(-1 - back) === other.at(-1 - back)) back += 1;
  return [
    { text: line.slice(0, front), marked: false },
    { text: line.slice(front, line.length - back), marked: true },
    { text: line.slice(line.length - back), marked: false },
  ].filter(({ text }) => text !== "");
}
