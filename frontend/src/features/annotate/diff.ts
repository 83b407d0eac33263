/** What two texts do not share, word by word. */

/** Part of a text: shared with the other one, or its own. */
export interface Part {
  text: string;
  own: boolean;
}

// Beyond this many edits two texts have so little in common that finding it is not worth the wait.
const MAX_EDITS = 1_500;
const MAX_WORDS = 60_000;

/** Words and signs; the space after one belongs to it. */
export const wordsOf = (text: string): string[] => text.match(/(?:[\p{L}\p{M}\p{N}_'’]+|[^\s\p{L}\p{M}\p{N}])\s*|\s+/gu) ?? [];

/** The two texts, each cut into what it shares and what is its own. */
export function diff(a: string, b: string): [Part[], Part[]] {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  const [leftShared, rightShared] = shared(left.map(bare), right.map(bare));
  return [partsOf(left, leftShared), partsOf(right, rightShared)];
}

const bare = (word: string): string => word.trim();

function partsOf(words: readonly string[], isShared: readonly boolean[]): Part[] {
  const parts: Part[] = [];
  words.forEach((text, index) => {
    const own = !isShared[index];
    const last = parts.at(-1);
    if (last?.own === own) last.text += text;
    else parts.push({ text, own });
  });
  return parts;
}

/** Which words of each lie on a shortest way from one text to the other (Myers, O(ND)). */
function shared(a: readonly string[], b: readonly string[]): [boolean[], boolean[]] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const inA = a.map((_, index) => index < start || index >= a.length - end);
  const inB = b.map((_, index) => index < start || index >= b.length - end);
  const [middleA, middleB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (middleA.length + middleB.length <= MAX_WORDS) {
    for (const [x, y] of matches(middleA, middleB)) {
      inA[start + x] = true;
      inB[start + y] = true;
    }
  }
  return [inA, inB];
}

function matches(a: readonly string[], b: readonly string[]): [number, number][] {
  const limit = Math.min(a.length + b.length, MAX_EDITS);
  const furthest = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let edits = 0; edits <= limit; edits += 1) {
    trail.push(new Map(furthest));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && at(furthest, k - 1) < at(furthest, k + 1));
      let x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return backwards(trail, a, b);
    }
  }
  return [];
}

const at = (furthest: ReadonlyMap<number, number>, k: number): number => furthest.get(k) ?? -1;

function backwards(trail: readonly ReadonlyMap<number, number>[], a: readonly string[], b: readonly string[]): [number, number][] {
  const found: [number, number][] = [];
  let [x, y] = [a.length, b.length];
  for (let edits = trail.length - 1; edits >= 0; edits -= 1) {
    const before = trail[edits] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -edits || (k !== edits && at(before, k - 1) < at(before, k + 1));
    const from = down ? k + 1 : k - 1;
    const [fromX, fromY] = [at(before, from), at(before, from) - from];
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      x -= 1;
      y -= 1;
      found.push([x, y]);
    }
    if (edits > 0) [x, y] = [fromX, fromY];
  }
  return found;
}
