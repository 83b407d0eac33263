import { t } from "@lingui/core/macro";
import createClient, { type Middleware } from "openapi-fetch";

import { reportReachable } from "@/lib/connection";
import { apart } from "@/lib/language";
import { isRecord } from "@/lib/shapes";

import type { paths } from "./schema";

/** A proxy answers for a server that is away. */
const GATEWAY_ERRORS = new Set([502, 503, 504]);

/** What the server said no with; `status` is 0 when it could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Record<string, unknown>;

  constructor(status: number, code: string, message: string, fields: Record<string, unknown> = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }

  get unreachable(): boolean {
    return this.status === 0 || GATEWAY_ERRORS.has(this.status);
  }
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

const csrf: Middleware = {
  onRequest({ request }) {
    if (!SAFE_METHODS.has(request.method)) request.headers.set("X-CSRFToken", csrfToken());
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  // Looked up at each call, so that a test may replace it.
  fetch: (request) => globalThis.fetch(request),
});
api.use(csrf);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or an ApiError: callers handle one kind of failure. */
export async function call<T>(answer: Promise<Answer<T>>): Promise<T> {
  let settled: Answer<T>;
  try {
    settled = await answer;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    reportReachable(false);
    throw new ApiError(0, "unreachable", t`The server cannot be reached. Check the connection and try again.`);
  }
  reportReachable(!GATEWAY_ERRORS.has(settled.response.status));
  if (settled.response.ok) return settled.data as T;
  throw errorFrom(settled.response.status, settled.error);
}

export function errorFrom(status: number, body: unknown): ApiError {
  if (isRecord(body) && typeof body.message === "string") {
    return new ApiError(
      status,
      typeof body.code === "string" ? body.code : "error",
      body.message,
      isRecord(body.fields) ? body.fields : {},
    );
  }
  return new ApiError(status, "error", t`The server answered ${status}. Try again; if it stays, look at its log.`);
}

/** The message for one form field, where the server names it. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const messages: Record<string, string> = {};
  for (const [name, value] of Object.entries(error.fields)) {
    if (typeof value === "string") messages[name] = apart(value);
    else if (Array.isArray(value) && value.every((part) => typeof part === "string")) messages[name] = apart(value.join(" "));
  }
  return messages;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? apart(error.message) : t`Something went wrong. Reload the page and try again.`;
}
