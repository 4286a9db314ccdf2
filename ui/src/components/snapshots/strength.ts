/** How hard a passphrase is to guess. */
export type Strength = "none" | "weak" | "fair" | "strong";

const FAIR_BITS = 50;
const STRONG_BITS = 75;
/** A word is one of so many thousand, whatever its letters. */
const WORD_BITS = 13;

/** A careful guess: words count as words, and what repeats counts little. */
export function strengthOf(passphrase: string): Strength {
  if (passphrase === "") return "none";
  const parts = passphrase.split(/[\s\-_.,]+/).filter((part) => part !== "");
  const bits = [...new Set(parts.map((part) => part.toLowerCase()))].reduce(
    (sum, part) => sum + bitsOf(part),
    0,
  );
  if (bits >= STRONG_BITS) return "strong";
  return bits >= FAIR_BITS ? "fair" : "weak";
}

function bitsOf(part: string): number {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(part)).length;
  const different = new Set(part).size;
  const letters = Math.min(part.length, different * 1.5) * (2.6 + kinds * 0.8);
  const word = /^[\p{L}]+\d{0,2}$/u.test(part);
  return word ? Math.min(letters, WORD_BITS + Math.max(0, part.length - 8)) : letters;
}
