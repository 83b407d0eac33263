import { isRecord } from "@/lib/shapes";

/** A spec as people read it. Plain scalars, lists and maps only; enough for what specs hold. */
export function asYaml(value: unknown, depth = 0): string {
  const pad = "  ".repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (value.every((part) => !isRecord(part) && !Array.isArray(part))) return `[${value.map(scalar).join(", ")}]`;
    return `\n${value.map((part) => `${pad}- ${asYaml(part, depth + 1).trimStart()}`).join("\n")}`;
  }
  if (isRecord(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const lines = entries.map(([key, part]) => {
      const written = asYaml(part, depth + 1);
      return `${pad}${key}:${written.startsWith("\n") ? "" : " "}${written}`;
    });
    return `${depth === 0 ? "" : "\n"}${lines.join("\n")}`;
  }
  return scalar(value);
}

function scalar(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "string") return JSON.stringify(value);
  const plain = /^[A-Za-z0-9_./@-][A-Za-z0-9_./@ +:-]*$/.test(value) && !/^(true|false|null|[\d.+-]+(e[+-]?\d+)?)$/i.test(value) && !value.includes(": ");
  return plain ? value : JSON.stringify(value);
}
