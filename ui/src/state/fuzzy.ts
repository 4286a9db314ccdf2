/**
 * How well a text matches a query, or null when it does not. Both in lower case. A whole occurrence beats
 * scattered letters, a beginning beats a middle, a beginning of a word beats its inside, and of two that are
 * equal the shorter text wins.
 */
export function fuzzyScore(query: string, text: string): number | null {
  const found = text.indexOf(query);
  if (found === 0) return 3000 - text.length;
  if (found > 0) return (startsWord(text, found) ? 2500 : 2000) - text.length - found;
  return scattered(query, text);
}

function startsWord(text: string, at: number): boolean {
  return at === 0 || "_-. /:".includes(text[at - 1] ?? "");
}

function scattered(query: string, text: string): number | null {
  let score = 1000 - text.length;
  let at = -1;
  for (const letter of query) {
    // Spaces separate what is looked for; they need not be in a key.
    if (letter === " ") continue;
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    if (startsWord(text, next)) score += 20;
    else if (next !== at + 1) score -= next - at;
    at = next;
  }
  return score;
}
