import { t } from "@lingui/core/macro";

import { label } from "./format";
import { isRecord, number, text } from "./shapes";

/** The part of JSON Schema that pydantic writes for run specs, as fields of a form. */
export type Field = FieldBase &
  (
    | { type: "number"; integer: boolean; min: number | null; max: number | null; above: number | null; below: number | null }
    | { type: "text" }
    | { type: "switch" }
    | { type: "choice"; options: string[] }
    | { type: "choices"; options: string[] }
    | { type: "texts" }
    | { type: "group"; fields: Field[]; optional: boolean }
  );

interface FieldBase {
  name: string;
  label: string;
  description: string | null;
  default: unknown;
  required: boolean;
  nullable: boolean;
}

export function fieldsOf(schema: unknown): Field[] {
  return isRecord(schema) ? objectFields(schema, schema) : [];
}

function objectFields(node: Record<string, unknown>, root: Record<string, unknown>): Field[] {
  const required = Array.isArray(node.required) ? node.required : [];
  return Object.entries(isRecord(node.properties) ? node.properties : {})
    .filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1]))
    // A constant (`kind`) is not asked for.
    .filter(([, raw]) => raw.const === undefined)
    .map(([name, raw]) => field(name, raw, root, required.includes(name)));
}

function field(name: string, raw: Record<string, unknown>, root: Record<string, unknown>, required: boolean): Field {
  const { node, nullable } = resolve(raw, root);
  const base: FieldBase = {
    name,
    label: label(name),
    description: text(raw.description) ?? text(node.description),
    default: raw.default ?? node.default,
    required,
    nullable,
  };
  const items = isRecord(node.items) ? resolve(node.items, root).node : null;
  switch (node.type) {
    case "integer":
    case "number":
      return {
        ...base,
        type: "number",
        integer: node.type === "integer",
        min: number(node.minimum),
        max: number(node.maximum),
        above: number(node.exclusiveMinimum),
        below: number(node.exclusiveMaximum),
      };
    case "boolean":
      return { ...base, type: "switch" };
    case "array":
      return items && Array.isArray(items.enum)
        ? { ...base, type: "choices", options: items.enum.map(String) }
        : { ...base, type: "texts" };
    case "object":
      return { ...base, type: "group", fields: objectFields(node, root), optional: nullable };
    default:
      return Array.isArray(node.enum)
        ? { ...base, type: "choice", options: node.enum.map(String) }
        : { ...base, type: "text" };
  }
}

/** Follows references, and takes the first real branch of “this or nothing”. */
function resolve(raw: Record<string, unknown>, root: Record<string, unknown>): { node: Record<string, unknown>; nullable: boolean } {
  if (typeof raw.$ref === "string") {
    const target = raw.$ref
      .replace(/^#\//, "")
      .split("/")
      .reduce<unknown>((node, part) => (isRecord(node) ? node[part] : undefined), root);
    return { node: isRecord(target) ? target : {}, nullable: false };
  }
  const branches = Array.isArray(raw.anyOf) ? raw.anyOf.filter(isRecord) : [];
  if (branches.length === 0) return { node: raw, nullable: false };
  const real = branches.find((branch) => branch.type !== "null") ?? {};
  return { node: { ...resolve(real, root).node }, nullable: branches.some((branch) => branch.type === "null") };
}

export type Values = Record<string, unknown>;

export function defaultsOf(fields: readonly Field[]): Values {
  return Object.fromEntries(fields.map((one) => [one.name, defaultOf(one)]));
}

function defaultOf(one: Field): unknown {
  if (one.type === "group") return one.optional && one.default == null ? null : { ...defaultsOf(one.fields), ...asRecord(one.default) };
  if (one.type === "choices" || one.type === "texts") return Array.isArray(one.default) ? one.default : [];
  if (one.type === "switch") return one.default === true;
  return one.default ?? null;
}

const asRecord = (value: unknown): Values => (isRecord(value) ? value : {});

/** What to send: only what differs from the default, so that the server's defaults stay its own. */
export function changed(fields: readonly Field[], values: Values): Values {
  const body: Values = {};
  for (const one of fields) {
    const value = values[one.name];
    if (one.type === "group") {
      if (value === null && one.optional) continue;
      const inner = changed(one.fields, asRecord(value));
      if (one.optional || Object.keys(inner).length > 0) body[one.name] = inner;
    } else if (!one.required && JSON.stringify(value) === JSON.stringify(defaultOf(one))) {
      continue;
    } else if (value !== null && value !== "") {
      body[one.name] = value;
    }
  }
  return body;
}

/** Complaints by path ("reward.learning_rate"), before anything is sent. */
export function check(fields: readonly Field[], values: Values, prefix = ""): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const one of fields) {
    const value = values[one.name];
    const path = prefix + one.name;
    if (one.type === "group") {
      if (isRecord(value)) Object.assign(problems, check(one.fields, value, `${path}.`));
      continue;
    }
    const complaint = complaintOf(one, value);
    if (complaint) problems[path] = complaint;
  }
  return problems;
}

function complaintOf(one: Exclude<Field, { type: "group" }>, value: unknown): string | null {
  const missing = value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  if (missing) return one.required ? t`This is needed.` : null;
  if (one.type !== "number") return null;
  if (typeof value !== "number" || !Number.isFinite(value)) return t`A number is needed.`;
  if (one.integer && !Number.isInteger(value)) return t`A whole number is needed.`;
  if (one.min !== null && value < one.min) return t`At least ${one.min}.`;
  if (one.max !== null && value > one.max) return t`At most ${one.max}.`;
  if (one.above !== null && value <= one.above) return t`More than ${one.above}.`;
  if (one.below !== null && value >= one.below) return t`Less than ${one.below}.`;
  return null;
}
