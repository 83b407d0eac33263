import { expect, test } from "vitest";

import { estimateColumns, toCsv } from "./csv";

test("quotes what would break a line, and keeps numbers as they are", () => {
  const rows = [{ text: 'He said "no",\nthen left', n: -3 }];
  expect(toCsv([["text", (row: (typeof rows)[number]) => row.text], ["n", (row) => row.n]], rows)).toBe(
    'text,n\r\n"He said ""no"",\nthen left",-3\r\n',
  );
});

test("a formula in somebody's text stays text", () => {
  expect(toCsv([["a", (row: string) => row]], ["=1+1", "-cmd", "@x", "plain"])).toBe("a\r\n'=1+1\r\n'-cmd\r\n'@x\r\nplain\r\n");
});

test("an estimate is four columns, empty where nothing was counted", () => {
  const columns = estimateColumns<{ of: null | number }>("gold", (row) => ({ value: row.of, low: row.of, high: null, n: 2 }));
  expect(toCsv(columns, [{ of: 0.5 }, { of: null }])).toBe("gold,gold_low,gold_high,gold_n\r\n0.5,0.5,,2\r\n,,,2\r\n");
});
