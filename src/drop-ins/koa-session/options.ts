import assert from "node:assert";
import { randomUUID } from "node:crypto";
import { optionProblem, type Problem } from "./option-problem.ts";
import type { SessionOptions as Options } from "./types.ts";

type Kind = "string" | "boolean" | "function" | "object";

const KINDS: Readonly<Record<string, Kind>> = {
  key: "string",
  autoCommit: "boolean",
  overwrite: "boolean",
  httpOnly: "boolean",
  signed: "boolean",
  rolling: "boolean",
  renew: "boolean",
  secure: "boolean",
  sameSite: "string",
  encode: "function",
  decode: "function",
  genid: "function",
  prefix: "string",
  valid: "function",
  beforeSave: "function",
};

const METHODS: Readonly<Record<string, readonly string[]>> = {
  externalKey: ["get", "set"],
  store: ["get", "set", "destroy"],
};

/** What koa-session exports under this name: the defaults, and a look at what is given. */
export type SessionOptions = Options;
export const SessionOptions: {
  /**
   * What is given, with the defaults beside it.
   *
   * @throws What koa-session does: zod's `ZodError` where the application has zod, one of its form elsewhere.
   */
  parse(given: object): Options;
} = {
  parse(given) {
    const problems = [...problemsOf(given as Readonly<Record<string, unknown>>)];
    if (problems.length > 0) throw optionProblem(problems);
    return { ...DEFAULTS, ...given };
  },
};

const DEFAULTS: Options = {
  key: "koa.sess",
  autoCommit: true,
  overwrite: true,
  httpOnly: true,
  signed: true,
  rolling: false,
  renew: false,
  encode: (session) => Buffer.from(JSON.stringify(session)).toString("base64"),
  decode: (text): unknown => JSON.parse(Buffer.from(text, "base64").toString()),
};

function* problemsOf(options: Readonly<Record<string, unknown>>): Generator<Problem> {
  for (const [name, kind] of Object.entries(KINDS)) {
    yield* problemOf([name], options[name], kind);
  }
  if (!isMaxAge(options["maxAge"])) {
    yield { code: "invalid_union", path: ["maxAge"], message: "Invalid input" };
  }
  for (const [name, methods] of Object.entries(METHODS)) {
    const part = options[name];
    yield* problemOf([name], part, "object");
    if (!isObject(part)) continue;
    for (const method of methods) {
      const path = [name, method];
      if (part[method] === undefined) yield { ...REQUIRED, path };
      else yield* problemOf(path, part[method], "function");
    }
  }
}

const REQUIRED = {
  code: "invalid_type",
  expected: "function",
  received: "undefined",
  message: "Required",
} as const;

/** `undefined` is left out. So is `null` as `sameSite`, which koa-session's page writes as its default. */
function* problemOf(path: string[], value: unknown, expected: Kind): Generator<Problem> {
  if (value === undefined || (value === null && path[0] === "sameSite")) return;
  const received = value === null ? "null" : typeof value;
  if (received === expected) return;
  const message = `Expected ${expected}, received ${received}`;
  yield { code: "invalid_type", expected, received, path, message };
}

function isMaxAge(value: unknown): boolean {
  return value === undefined || value === "session" || typeof value === "number";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Completes what is given in place: koa-session's users change their options later, and are heard. */
export function completeOptions(given: Partial<Options>): Options {
  takeOldName(given);
  const options: Options = Object.assign(given, SessionOptions.parse(given));
  // What is written as nothing is left out, as before.
  for (const name of ["overwrite", "httpOnly", "signed", "autoCommit"] as const) {
    options[name] ??= true;
  }
  if (options.sameSite === null || options.sameSite === undefined) delete options.sameSite;
  requireContextStore(options.ContextStore);
  options.genid ??= (): string => `${options.prefix || ""}${randomUUID()}`;
  return options;
}

function takeOldName(options: object): void {
  if ("maxAge" in options || !("maxage" in options)) return;
  Object.assign(options, { maxAge: options.maxage });
  if (process.env["NODE_ENV"] === "production") return;
  console.warn("[koa-session] DeprecationWarning: `maxage` option has been renamed to `maxAge`");
}

function requireContextStore(store: Options["ContextStore"]): void {
  if (!store) return;
  const isClass = typeof store === "function" && /^class\b/.test(String(store));
  assert(isClass, "ContextStore must be a class");
  for (const method of ["get", "set", "destroy"] as const) {
    assert(
      typeof store.prototype[method] === "function",
      `ContextStore.prototype.${method} must be function`,
    );
  }
}
