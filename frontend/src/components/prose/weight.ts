/** How much a text may ask of the page. What asks for more is shown as it is. */

// A 5,000-word response has about 30,000 characters.
const MAX_LENGTH = 100_000;
const MAX_DEPTH = 40;
const MAX_OPENERS = 2_000;
const MAX_OPENERS_ON_A_LINE = 300;

/** Whether a text is too long, too deep or too tangled to be read as Markdown without a wait. */
export function isTooHeavy(text: string): boolean {
  if (text.length > MAX_LENGTH) return true;
  let openers = 0;
  for (const line of text.split("\n")) {
    if (depthOf(line) > MAX_DEPTH) return true;
    let here = 0;
    for (const sign of line) if (OPENERS.has(sign)) here += 1;
    openers += Math.max(0, here - 40);
    if (here > MAX_OPENERS_ON_A_LINE || openers > MAX_OPENERS) return true;
  }
  return false;
}

const OPENERS: ReadonlySet<string> = new Set(["[", "*", "_", "`", "<", "~", "|", "$", "&", "!"]);

/** How many quotes and lists a line opens, or stands inside of. */
function depthOf(line: string): number {
  const lead = /^(?:\s|>|[-+*](?=\s|$)|\d{1,9}[.)](?=\s|$))*/.exec(line)?.[0] ?? "";
  const marks = lead.replace(/\s+/g, "").length;
  return Math.max(marks, Math.floor((lead.length - marks) / 2));
}

/** A long text in parts, so that the browser lays out only what is looked at. */
export function parts(text: string, size = 20_000): { from: number; text: string }[] {
  if (text.length <= 2 * size) return [{ from: 0, text }];
  const cut: { from: number; text: string }[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf("\n", at + size);
    let end = line < 0 || line > at + 2 * size ? Math.min(text.length, at + size) : line + 1;
    // Never through a pair that makes one sign.
    if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end += 1;
    cut.push({ from: at, text: text.slice(at, end) });
    at = end;
  }
  return cut;
}

// Escape, backspace and their like, and what turns the direction of writing for all that follows.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/** Signs that are not seen, or that reorder what is, as signs that are; lengths stay. */
export function seen(text: string): string {
  return text.replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\uFFFD";
  });
}
