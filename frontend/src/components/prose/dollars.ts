/** Stands for a dollar sign that is money; a private sign, put back after parsing. */
export const MONEY = "\uE000";

/** Formulas in one way of writing, and every place as it was: `\\(…\\)` and `\\[…\\]` become `$$…$$`, of
 * the same length. A single dollar opens a formula only where no space follows it, and closes one
 * only where no space stands before it and no digit after it: “$5 and $6” is money. */
export function prepareDollars(text: string): string {
  if (text.includes(MONEY)) return text;
  const signs = text
    .replace(/\\\((?=[^\n]*?\\\))([^\n]*?)\\\)/g, (_, inner: string) => `$$${inner}$$`)
    .replace(/\\\[((?:(?!\n\s*\n)[\s\S]){0,4000}?)\\\]/g, (_, inner: string) => `$$${inner}$$`)
    .split("");
  const single: number[] = [];
  for (let index = 0; index < signs.length; index += 1) {
    if (signs[index] === "\\") index += 1;
    else if (signs[index] === "$") {
      if (signs[index + 1] === "$") {
        while (signs[index + 1] === "$") index += 1;
      } else single.push(index);
    }
  }
  for (let i = 0; i < single.length; i += 1) {
    const open = single[i] ?? 0;
    const close = single[i + 1];
    if (close !== undefined && opens(signs, open) && closes(signs, close) && oneParagraph(signs, open, close)) i += 1;
    else signs[open] = MONEY;
  }
  return signs.join("");
}

const opens = (signs: readonly string[], at: number): boolean => /\S/.test(signs[at + 1] ?? " ");
const closes = (signs: readonly string[], at: number): boolean =>
  /\S/.test(signs[at - 1] ?? " ") && !/\d/.test(signs[at + 1] ?? "");
const oneParagraph = (signs: readonly string[], from: number, to: number): boolean =>
  to - from < 2_000 && !/\n\s*\n/.test(signs.slice(from, to).join(""));
