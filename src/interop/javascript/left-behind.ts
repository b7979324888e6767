import type { FlashEntry } from "../../core/commit/edit.ts";
import type { Rejection } from "../../core/events.ts";
import type { JsonObject } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";
import type {
  Convention,
  CookiePieces,
  ForeignDocument,
  ForeignSessions,
  KeyCookie,
  Unread,
} from "../foreign/foreign-sessions.ts";
import { PyDict } from "../python/values.ts";

/** The sessions that a library has left: all that differs from one to the next. They are not written. */
export interface LeftSessions {
  /** Such as `"iron-session"`; for messages. */
  readonly library: string;
  readonly cookieName: string;
  readonly pieces?: CookiePieces | undefined;
  /** What a text says: a cookie's value, or as JSON what lay in the store. */
  read(text: string, now: EpochMs): ForeignDocument | Unread;
  /** Where the sessions lie; left out, each is whole in its cookie. */
  readonly kept?: LeftInStore | undefined;
}

/** A store of the library's, by what it can be asked. */
export interface LeftInStore {
  /** The key in a cookie's value, or why it is not believed. */
  keyIn(value: string, now: EpochMs): { readonly key: string } | Rejection;
  /** Resolves to what lies under a key; `undefined` or `null` where nothing does. */
  find(key: string): Promise<unknown>;
  end(key: string): Promise<unknown>;
}

/** What is known of a session that was left. */
export interface LeftSession {
  readonly values: JsonObject;
  readonly userId?: string | undefined;
  readonly persistent: boolean;
  readonly flash?: readonly FlashEntry[] | undefined;
  /** From here on it counts as absent; `undefined` where it never does. */
  readonly endsAt: EpochMs | undefined;
  readonly writtenAt: EpochMs | undefined;
  /** What tells it apart from all others, where a whole cookie holds such a thing. */
  readonly identity?: string | undefined;
}

/** The definition of sessions that are read here, and never written. */
export function leftBehind(left: LeftSessions): ForeignSessions {
  return {
    framework: left.library,
    cookieName: left.cookieName,
    pieces: left.pieces,
    format: {
      read: (bytes, now) => left.read(textOf(bytes, left.kept), now),
      write: neverWritten,
    },
    convention: CONVENTION,
    renewal: "on-change",
    factsKey: undefined,
    absoluteTimeoutMs: undefined,
    kept: left.kept && { keys: keysOf(left.kept), rows: rowsOf(left.kept) },
    profile: {
      scope: "network",
      durability: "process",
      readYourWrites: "always",
      eviction: "any",
      caveats: [],
    },
  };
}

/** A session that was left, as a document. */
export function leftDocument({
  values,
  userId,
  persistent,
  flash = [],
  endsAt,
  writtenAt,
  identity,
}: LeftSession): ForeignDocument {
  const said = { userId, persistent, flash, lifetimeMs: CENTURY_MS, endsAt };
  return { dict: NOTHING, view: values, said, writtenAt, identity };
}

/** That the library's own key has made or its own store holds what it does not write. */
export const CORRUPT: Unread = {
  rejection: "corrupt",
  why: "it holds what the library does not write.",
};

/** Of what never ends. */
const CENTURY_MS = 36_525 * 86_400_000;

/** Who has a view and what is said needs no dict. */
const NOTHING = new PyDict([]);

const CONVENTION: Convention = {
  keys: new Set(),
  read: neverWritten,
  write: neverWritten,
};

function neverWritten(): never {
  throw new TypeError("Sessions that are adopted are not written.");
}

function textOf(bytes: Uint8Array, kept: LeftInStore | undefined): string {
  return Buffer.from(bytes).toString(kept === undefined ? "latin1" : "utf8");
}

function keysOf({ keyIn }: LeftInStore): KeyCookie {
  return { read: keyIn, write: neverWritten, draw: neverWritten };
}

function rowsOf({ find, end }: LeftInStore): NonNullable<ForeignSessions["kept"]>["rows"] {
  return {
    read: async (key) => {
      const found = await find(key);
      if (found === undefined || found === null) return undefined;
      return { bytes: Buffer.from(jsonOf(found)), endsAt: undefined };
    },
    remove: async (key) => {
      await end(key);
      return true;
    },
    insert: neverWritten,
    replace: neverWritten,
  };
}

/** Some stores give text. Drivers give objects, with Dates in them: what JSON keeps is the session. */
function jsonOf(found: unknown): string {
  if (typeof found === "string") return found;
  try {
    return JSON.stringify(found) ?? "";
  } catch {
    // A cycle or a BigInt is no session.
    return "";
  }
}
