export type Cell = string | number | boolean | null | undefined;

/** A column of a file: its name and what stands in it. */
export type CsvColumn<Row> = readonly [name: string, value: (row: Row) => Cell];

/** A table as RFC 4180 writes it. Text that a spreadsheet would take for a formula is marked as text. */
export function toCsv<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(([name]) => quoted(name)), ...rows.map((row) => columns.map(([, value]) => quoted(value(row))))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

function quoted(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export interface EstimateLike {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}

/** A figure with its interval and n, as four columns. */
export function estimateColumns<Row>(name: string, of: (row: Row) => EstimateLike | undefined): CsvColumn<Row>[] {
  return [
    [name, (row) => of(row)?.value],
    [`${name}_low`, (row) => of(row)?.low],
    [`${name}_high`, (row) => of(row)?.high],
    [`${name}_n`, (row) => of(row)?.n],
  ];
}
