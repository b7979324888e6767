import { type FlashEntry, parseFlash } from "../../core/commit/edit.ts";
import type { Keeper } from "../../core/commit/keeper.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Rejection } from "../../core/events.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { parseObject } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { Documents } from "../foreign/documents.ts";
import type { ForeignDocument, ForeignSessions, Row } from "../foreign/foreign-sessions.ts";
import { viewOf } from "../python/view.ts";
import type { OldSession } from "./old-session.ts";

/** An old session that was found and is believed. */
export interface Old {
  readonly session: OldSession;
  /** Messages that wait to be shown. */
  readonly flash: readonly FlashEntry[];
  /** From here on it counts as absent. */
  readonly endsAt: EpochMs;
  /** Its identity, or else all that it holds: in one form whatever the spelling of the cookie. */
  readonly content: string;
}

/** Finds the sessions of before that a request brings, and ends them where they lie. */
export class OldSessions {
  readonly #sessions: ForeignSessions;
  readonly #documents: Documents;
  readonly #complain: (why: string) => void;

  constructor(
    sessions: ForeignSessions,
    manager: string,
    request: RequestHead,
    complain: (why: string) => void,
  ) {
    this.#sessions = sessions;
    this.#documents = new Documents(sessions, manager, request);
    this.#complain = complain;
  }

  /** The key in a cookie's value, or why it is not believed; `undefined` where that is the session. */
  keyIn(value: string, now: EpochMs): string | { readonly rejection: Rejection } | undefined {
    const read = this.#sessions.kept?.keys.read(value, now);
    if (read === undefined) return undefined;
    return typeof read === "string" ? { rejection: read } : read.key;
  }

  /** The session that a key leads to. */
  async find(key: string, keeper: Keeper, deadline: Deadline): Promise<Old | Rejection> {
    const rows = this.#sessions.kept?.rows;
    const row = await keeper.read("load", deadline, async (call) => rows?.read(key, call));
    return row === undefined ? "unknown" : this.#read(row, keeper, deadline);
  }

  /** The session that a cookie's value is. */
  open(value: string, keeper: Keeper, deadline: Deadline): Promise<Old | Rejection> {
    return this.#read({ bytes: Buffer.from(value, "latin1"), endsAt: undefined }, keeper, deadline);
  }

  /** Takes it away where it lies; where it lies in a cookie alone there is nothing to do. */
  async end(key: string, keeper: Keeper, deadline: Deadline): Promise<void> {
    const rows = this.#sessions.kept?.rows;
    if (rows === undefined) return;
    await keeper.read("end", deadline, (call) => rows.remove(key, undefined, call), "unknown");
  }

  async #read(row: Row, keeper: Keeper, deadline: Deadline): Promise<Old | Rejection> {
    const { format, convention } = this.#sessions;
    const document = row.document ?? format.read(row.bytes, deadline.now);
    if ("rejection" in document) {
      if (this.#sessions.kept !== undefined || document.rejection === "corrupt")
        this.#complain(document.why);
      return document.rejection;
    }
    const old = this.#oldOf(document, row, deadline.now);
    if (old.endsAt <= deadline.now) return "expired";
    const { userId } = old.session;
    if (userId === undefined || convention.isValid === undefined) return old;
    const isValid = await keeper.read("load", deadline, async (call) =>
      convention.isValid?.(document.dict, userId, call),
    );
    return isValid === false ? "revoked" : old;
  }

  #oldOf(document: ForeignDocument, row: Row, now: EpochMs): Old {
    const { lifetimeMs } = this.#documents.said(document);
    const { endsAt } = row;
    const told = document.writtenAt ?? row.writtenAt;
    const writtenAt = told ?? (endsAt === undefined ? undefined : endsAt - lifetimeMs);
    const found = { id: NO_ID, version: NO_VERSION, document, writtenAt: told, endsAt };
    const record = this.#documents.recordOf(found, now);
    const { userId, persistent, authenticatedAt } = record;
    return {
      session: {
        framework: this.#sessions.framework,
        values: parseObject(record.data) ?? {},
        userId,
        persistent,
        writtenAt: notAfter(now, writtenAt),
        authenticatedAt: notAfter(now, authenticatedAt),
      },
      flash: parseFlash(record.flash),
      endsAt: Math.min(record.expiresAt, record.createdAt + record.absoluteTimeoutMs),
      content: contentOf(document, told),
    };
  }
}

function contentOf({ identity, view, dict }: ForeignDocument, told: EpochMs | undefined): string {
  if (identity !== undefined) return JSON.stringify({ identity });
  return JSON.stringify([view ?? viewOf(dict), told ?? null]);
}

/** The other framework's clock may be ahead of ours. */
function notAfter(now: EpochMs, at: EpochMs | undefined): EpochMs | undefined {
  return at === undefined ? undefined : Math.min(at, now);
}

// What is read here gets an identity of ours only when it is taken over.
const NO_ID = "" as SessionId;
const NO_VERSION = "" as CommitId;
