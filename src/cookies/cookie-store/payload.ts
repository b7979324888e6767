import { storeExpiryOf } from "../../core/clocks.ts";
import { parse } from "../../core/json.ts";
import type { Identity } from "../../core/passage.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import {
  type CommitId,
  parseToken,
  type SessionId,
  type SessionToken,
  sessionId,
} from "../../core/token.ts";
import type { Opened } from "../../sealing/opening.ts";

/** What a session's cookies hold once they are open. */
export class Payload implements Identity {
  /** The session's token. Here it is no key to anything: the id is made of it, as everywhere. */
  readonly token: SessionToken;
  readonly record: SessionRecord;
  /** Whether the visitor was ever to be remembered: an earlier copy may have longer timeouts then. */
  readonly wasPersistent: boolean;
  /** Whether the newest key had sealed it. */
  readonly isCurrent: boolean;

  constructor(
    token: SessionToken,
    record: SessionRecord,
    wasPersistent: boolean,
    isCurrent: boolean,
  ) {
    this.token = token;
    this.record = record;
    this.wasPersistent = wasPersistent;
    this.isCurrent = isCurrent;
  }

  get id(): SessionId {
    return this.record.id;
  }

  /** The same, used at a later moment. */
  seenAt(lastSeenAt: EpochMs): Payload {
    const seen = { ...this.record, lastSeenAt };
    const record = { ...seen, expiresAt: storeExpiryOf(seen) };
    return new Payload(this.token, record, this.wasPersistent, this.isCurrent);
  }

  /** The same, of a visitor who may have asked to be remembered. */
  asPersistent(): Payload {
    return new Payload(this.token, this.record, true, this.isCurrent);
  }
}

const VERSION = 2;
/** As long as any token. */
const ANY_TOKEN: string = "-".repeat(43);

/**
 * The text that is sealed: facts, flash and data, each on a line of its own, so that the data is
 * not written as JSON within JSON.
 *
 * @param token - `undefined` to see how long the text will be.
 */
export function written(
  token: SessionToken | undefined,
  record: SessionRecord,
  wasPersistent: boolean = record.persistent,
): string {
  const facts = [
    VERSION,
    token ?? ANY_TOKEN,
    record.createdAt,
    record.lastSeenAt,
    record.idleTimeoutMs,
    record.absoluteTimeoutMs,
    record.persistent,
    record.userId ?? null,
    record.authenticatedAt ?? null,
    record.notes ?? null,
    wasPersistent ? 1 : 0,
  ];
  return `${JSON.stringify(facts)}\n${record.flash}\n${record.data}`;
}

/**
 * Reads what {@link written} wrote; `undefined` for anything else.
 *
 * @param longestMs - No session lives longer than this, whatever was in force when it was sealed.
 */
export function readPayload(
  { text, isCurrent }: Opened,
  manager: string,
  longestMs: number,
): Payload | undefined {
  const factsEnd = text.indexOf("\n");
  const flashEnd = text.indexOf("\n", factsEnd + 1);
  const facts = parse(text.slice(0, factsEnd));
  if (factsEnd === -1 || flashEnd === -1 || !isFacts(facts)) return undefined;
  const token = parseToken(facts[1]);
  if (token === undefined) return undefined;
  const createdAt = facts[2];
  const lastSeenAt = facts[3];
  const idleTimeoutMs = facts[4];
  const absoluteTimeoutMs = Math.min(facts[5], longestMs);
  const record: SessionRecord = {
    ...BLANK,
    id: sessionId(token, manager),
    manager,
    data: text.slice(flashEnd + 1),
    flash: text.slice(factsEnd + 1, flashEnd),
    notes: facts[9] ?? undefined,
    userId: facts[7] ?? undefined,
    createdAt,
    lastSeenAt,
    authenticatedAt: facts[8] ?? undefined,
    persistent: facts[6],
    idleTimeoutMs,
    absoluteTimeoutMs,
    expiresAt: storeExpiryOf({ createdAt, lastSeenAt, idleTimeoutMs, absoluteTimeoutMs }),
  };
  return new Payload(token, record, facts[10] === 1, isCurrent);
}

/** What each record is made from by spread: docs/decisions/0060. */
const BLANK: SessionRecord = {
  kind: "live",
  id: "" as SessionId,
  manager: "",
  // The record's own commits are of no use to later requests: each begins to count anew.
  version: "arrived" as CommitId,
  earlier: "",
  data: "",
  flash: "",
  notes: undefined,
  userId: undefined,
  createdAt: 0,
  lastSeenAt: 0,
  authenticatedAt: undefined,
  persistent: false,
  device: undefined,
  idleTimeoutMs: 0,
  absoluteTimeoutMs: 0,
  expiresAt: 0,
};

type Facts = readonly [
  version: typeof VERSION,
  token: string,
  createdAt: number,
  lastSeenAt: number,
  idleTimeoutMs: number,
  absoluteTimeoutMs: number,
  persistent: boolean,
  userId: string | null,
  authenticatedAt: number | null,
  notes: string | null,
  wasPersistent: 0 | 1,
];

/** Only this library seals facts, so their form is that of their version. */
function isFacts(facts: unknown): facts is Facts {
  return Array.isArray(facts) && facts[0] === VERSION && facts.length === 11;
}
