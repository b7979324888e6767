import { randomUUID } from "node:crypto";
import { type JsonObject, type JsonValue, parseObject } from "../../../src/core/json.ts";
import type { EpochMs } from "../../../src/core/record.ts";
import type { StoreCall } from "../../../src/core/store.ts";
import type {
  Convention,
  ForeignRows,
  ForeignSessions,
  Format,
  Row,
} from "../../../src/interop/foreign/foreign-sessions.ts";
import { dictOf } from "../../../src/interop/python/merge.ts";
import { PyDict, type PyValue } from "../../../src/interop/python/values.ts";
import { viewOf } from "../../../src/interop/python/view.ts";

const DAY_MS = 86_400_000;

/** Rows in memory, each call a turn of the event loop. */
export class ToyRows implements ForeignRows {
  readonly rows = new Map<string, Row>();
  readonly calls: string[] = [];

  async read(key: string, { now }: StoreCall): Promise<Row | undefined> {
    await this.#turn("read");
    return this.#live(key, now);
  }

  async insert(key: string, after: Row, { now }: StoreCall): Promise<boolean> {
    await this.#turn("insert");
    if (this.#live(key, now) !== undefined) return false;
    this.rows.set(key, after);
    return true;
  }

  async replace(key: string, before: Uint8Array, after: Row, { now }: StoreCall): Promise<boolean> {
    await this.#turn("replace");
    if (!this.#holds(key, before, now)) return false;
    this.rows.set(key, after);
    return true;
  }

  async remove(key: string, before: Uint8Array | undefined, { now }: StoreCall): Promise<boolean> {
    await this.#turn("remove");
    if (before !== undefined && !this.#holds(key, before, now)) return false;
    return this.rows.delete(key);
  }

  #holds(key: string, bytes: Uint8Array, now: EpochMs): boolean {
    const row = this.#live(key, now);
    return row !== undefined && Buffer.compare(row.bytes, bytes) === 0;
  }

  #live(key: string, now: EpochMs): Row | undefined {
    const row = this.rows.get(key);
    return row === undefined || (row.endsAt ?? now + 1) <= now ? undefined : row;
  }

  async #turn(call: string): Promise<void> {
    this.calls.push(call);
    await new Promise((resume) => setImmediate(resume));
  }
}

/** JSON with tags, and the time at which it was written: `12:{"a":1}`. */
const FORMAT: Format = {
  read: (bytes) => {
    const text = Buffer.from(bytes).toString();
    const document = parseObject(text.slice(text.indexOf(":") + 1));
    if (document === undefined) return { rejection: "corrupt", why: "it is no JSON" };
    return {
      dict: dictOf(new PyDict([]), document, ""),
      writtenAt: Number(text.slice(0, text.indexOf(":"))),
    };
  },
  write: (dict, now) => Buffer.from(`${now}:${JSON.stringify(tagged(dict))}`),
};

/** The same as a cookie can hold it. */
export const COOKIE_FORMAT: Format = {
  read: (bytes, now) => FORMAT.read(Buffer.from(Buffer.from(bytes).toString(), "base64url"), now),
  write: (dict, now, before) =>
    Buffer.from(Buffer.from(FORMAT.write(dict, now, before)).toString("base64url")),
};

/** As the view, but with the tags of tuples and floats, which it does not show. */
function tagged(dict: PyDict): JsonObject {
  const tag = (value: PyValue): JsonValue => {
    const view = viewOf(value);
    if (value !== null && typeof value === "object" && "items" in value && !("kind" in value)) {
      return { $tuple: value.items.map(tag) };
    }
    if (typeof value === "object" && value !== null && "value" in value) {
      return typeof view === "number" ? { $float: view } : view;
    }
    return value instanceof PyDict ? tagged(value) : view;
  };
  return Object.fromEntries(dict.entries.map(([key, value]) => [String(key), tag(value)]));
}

const CONVENTION: Convention = {
  keys: new Set(["_user", "_kept", "_messages"]),
  read: (document) => {
    const user = document.get("_user");
    const messages = (document.get("_messages") ?? []) as readonly string[];
    return {
      userId: typeof user === "string" ? user : undefined,
      persistent: document.get("_kept") !== false,
      flash: messages.map((text, index) => [`${index}${text}`, "info", text]),
      lifetimeMs: DAY_MS,
    };
  },
  write: ({ userId, persistent, flash }) =>
    new Map<string, PyValue | undefined>([
      ["_user", userId],
      ["_messages", flash.length === 0 ? undefined : flash.map(([, , value]) => String(value))],
      ...(persistent === undefined ? [] : [["_kept", persistent] as const]),
    ]),
};

/** A framework that keeps its sessions in memory, under keys. */
export function toySessions(
  rows: ForeignRows,
  given: Partial<ForeignSessions> = {},
): ForeignSessions {
  return {
    framework: "Toy",
    cookieName: "toy",
    format: FORMAT,
    convention: CONVENTION,
    renewal: "on-change",
    factsKey: "_sojourn",
    absoluteTimeoutMs: undefined,
    kept: {
      keys: {
        read: (value) => (/^[0-9a-f-]{36}$/.test(value) ? { key: value } : "malformed"),
        write: (key) => key,
        draw: () => randomUUID(),
      },
      rows,
    },
    profile: {
      scope: "process",
      durability: "process",
      readYourWrites: "always",
      eviction: "never",
      caveats: [],
    },
    ...given,
  };
}
