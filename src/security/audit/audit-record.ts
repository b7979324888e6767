import { printable } from "../../core/errors.ts";
import type { EventRequest, SessionEvents } from "../../core/events.ts";

/** A detail of an event: `reason`, `previousId`, `audience` and their like. */
export type AuditDetail = string | number | boolean;

/** One thing that happened to a session, as plain data: no token, no session data, no header. */
export interface AuditRecord {
  /** When: ISO 8601, UTC, to the millisecond. */
  readonly time: string;
  /** The event's name, as `sessions.on` has it. */
  readonly event: keyof SessionEvents;
  /** The manager's `name`. */
  readonly sessions: string;
  /** The public id of the session, where one is known. */
  readonly sessionId?: string;
  readonly userId?: string;
  /** What else the event says. */
  readonly details?: Readonly<Record<string, AuditDetail>>;
  /** The request in which it happened, where there was one. */
  readonly request?: AuditRequest;
  /** Where the record stands, with the option `chain`. */
  readonly chain?: ChainLink;
}

/** What is recorded of a request. The path is without its query, in which secrets may travel. */
export interface AuditRequest {
  readonly method: string;
  readonly path: string;
  readonly address?: string;
  readonly userAgent?: string;
}

/** Binds a record to the one before it. */
export interface ChainLink {
  /** Names the chain: each process begins one of its own, 96 random bits as base64url. */
  readonly id: string;
  /** 1 for the first record of the chain, and one more for each. */
  readonly place: number;
  /** HMAC-SHA-256 over the record and the mark before it, base64url. */
  readonly mark: string;
}

/** Long enough for any browser's description, and no room for a flood. */
const MAX_TEXT_LENGTH = 200;

/** The record of an event. */
export function recordOf<Name extends keyof SessionEvents>(
  event: Name,
  happening: SessionEvents[Name],
  sessions: string,
  request: AuditRequest | undefined,
  hasAddresses: boolean,
): AuditRecord {
  const { at, id, userId, client, ...rest } = happening as unknown as Happening;
  // Whom a limit has met is an address, unless the application says otherwise.
  const details = detailsOf(hasAddresses && client !== undefined ? { ...rest, client } : rest);
  return {
    time: new Date(at).toISOString(),
    event,
    sessions,
    ...(typeof id === "string" ? { sessionId: id } : {}),
    ...(typeof userId === "string" ? { userId } : {}),
    ...(details === undefined ? {} : { details }),
    ...(request === undefined ? {} : { request }),
  };
}

type Happening = { readonly at: number } & Readonly<Record<string, unknown>>;

/** Texts, lists of them, numbers and truth values; of an error its code and what was attempted. */
function detailsOf(rest: Readonly<Record<string, unknown>>): AuditRecord["details"] {
  const entries = Object.entries(rest).flatMap(([key, value]): [string, AuditDetail][] => {
    if (value instanceof Error) return errorDetails(value);
    if (Array.isArray(value)) return [[key, printable(value.join(" "), MAX_TEXT_LENGTH)]];
    if (typeof value === "string") return [[key, printable(value, MAX_TEXT_LENGTH)]];
    return typeof value === "number" || typeof value === "boolean" ? [[key, value]] : [];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A driver's message may hold anything, so its kind alone is recorded. */
function errorDetails(error: Error): [string, AuditDetail][] {
  const { code, operation, outcome } = error as Partial<
    Record<"code" | "operation" | "outcome", unknown>
  >;
  const known = { code, operation, outcome };
  return Object.entries(known).filter((each): each is [string, string] => {
    return typeof each[1] === "string";
  });
}

/** What is recorded of a request; its address only as the application says. */
export function requestOf(
  request: EventRequest,
  addressOf: ((request: EventRequest) => string | undefined) | undefined,
): AuditRequest {
  const address = addressOf?.(request);
  const userAgent = request.header("user-agent");
  return {
    method: printable(request.method, MAX_TEXT_LENGTH),
    path: request.path,
    ...(typeof address === "string" ? { address: printable(address, MAX_TEXT_LENGTH) } : {}),
    ...(userAgent === undefined ? {} : { userAgent: printable(userAgent, MAX_TEXT_LENGTH) }),
  };
}
