const AT_ONCE = /\.(jsonl|ndjson)$/i;
const MOST_BYTES = 32 * 1024 * 1024;

/** Small files of JSON Lines are imported while one waits; the rest in the background. */
export function atOnce({ name, size }: { name: string; size: number }): boolean {
  return AT_ONCE.test(name) && size <= MOST_BYTES;
}

/** For the file chooser; `.gz` may follow any ending. */
export function accepted(endings: readonly string[]): string {
  return [...new Set([...endings.map((ending) => (ending.startsWith(".") ? ending : `.${ending}`)), ".jsonl", ".txt", ".gz"])].join(",");
}

type State = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** How far an import is, from 0 to 1; null before its rows are counted. */
export function progressOf(job: { state?: State; num_rows?: number | null; rows_done?: number }): number | null {
  if (job.state === "succeeded") return 1;
  if (job.num_rows == null) return null;
  return job.num_rows === 0 ? 1 : Math.min(1, (job.rows_done ?? 0) / job.num_rows);
}
