import { storeExpiryOf } from "../../core/clocks.ts";
import { parse } from "../../core/json.ts";
import type { SessionRecord } from "../../core/record.ts";
import { type CommitId, parseToken, type SessionToken, sessionId } from "../../core/token.ts";
import type { Opened } from "../../sealing/opening.ts";

/** What a session's cookie says once it is open. */
export interface Letter {
  /** The session's token. Here it is no key to anything: the id is made of it, as everywhere. */
  readonly token: SessionToken;
  readonly record: SessionRecord;
  /** Whether the visitor was ever to be remembered: an earlier copy may have longer timeouts then. */
  readonly wasPersistent: boolean;
  /** Whether the newest key had sealed it. */
  readonly isCurrent: boolean;
}

const VERSION = 2;
/** The record's own commits are of no use to later requests: each begins to count anew. */
const ARRIVED = "arrived" as CommitId;

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
export function readLetter(
  { text, isCurrent }: Opened,
  manager: string,
  longestMs: number,
): Letter | undefined {
  const [first = "", flash = "", ...lines] = text.split("\n");
  const facts = parse(first);
  if (!isFacts(facts)) return undefined;
  const [, token, createdAt, lastSeenAt, idleTimeoutMs, absoluteTimeoutMs, ...others] = facts;
  const [persistent, userId, authenticatedAt, notes, wasPersistent] = others;
  const parsed = parseToken(token);
  if (parsed === undefined) return undefined;
  const clocks = {
    createdAt,
    lastSeenAt,
    idleTimeoutMs,
    absoluteTimeoutMs: Math.min(absoluteTimeoutMs, longestMs),
  };
  const record: SessionRecord = {
    kind: "live",
    id: sessionId(parsed, manager),
    manager,
    version: ARRIVED,
    earlier: "",
    data: lines.join("\n"),
    flash,
    notes: notes ?? undefined,
    userId: userId ?? undefined,
    ...clocks,
    authenticatedAt: authenticatedAt ?? undefined,
    persistent,
    device: undefined,
    expiresAt: storeExpiryOf(clocks),
  };
  return { token: parsed, record, wasPersistent: wasPersistent === 1, isCurrent };
}

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
