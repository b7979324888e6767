import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import type { HandOffRejection } from "../events.ts";
import type { JsonObject } from "../json.ts";
import type { EpochMs, SessionRecord } from "../record.ts";
import { sideContent, sideManager, sideRecord } from "../side-record.ts";
import {
  handOffId,
  handOffPad,
  newCommitId,
  newToken,
  parseToken,
  type SessionToken,
} from "../token.ts";
import { MAX_TOKENS, repeatingTokens, tombstone } from "./transitions.ts";

type Parts = Pick<Engine, "keeper" | "environment" | "name">;

/**
 * What a code carries. All else, whose it is and the values to take along, is read where it still
 * stands: what is kept beside the sessions names nobody.
 */
export interface Carried {
  readonly audience: string;
  readonly challenge: string;
  /** Stands for the user. */
  readonly user: string;
  /** The id of the session that hands its sign-in on. */
  readonly fromId: string;
  /** The user's generation that it was admitted under then. */
  readonly generation: number;
  /** The keys of the values to take along. */
  readonly keep: readonly string[];
  readonly endsAt: EpochMs;
}

/** A code that may still be redeemed. */
export interface LiveCode {
  readonly record: SessionRecord;
  readonly carried: Carried;
  /** What opens the record of the session that hands on, where that takes one. */
  readonly secret: string | undefined;
}

/** The kind of side record: one for each code, under its hash. */
function kindOf({ name }: Pick<Parts, "name">): string {
  return sideManager(name, "hand-off");
}

/** Stores what a new code carries. */
export async function issueCode(
  parts: Parts,
  carried: Carried,
  secret: string | undefined,
  deadline: Deadline,
): Promise<SessionToken> {
  const { keeper, environment, name } = parts;
  for (let tokens = 0; tokens < MAX_TOKENS; tokens += 1) {
    const code = newToken(environment.random);
    const record = sideRecord({
      id: handOffId(code, name),
      manager: kindOf(parts),
      version: newCommitId(environment.random),
      content: { ...carried, keep: [...carried.keep], ...hidden(secret, code, name) },
      writtenAt: deadline.now,
      endsAt: carried.endsAt,
    });
    if ((await keeper.create(record, deadline)) === "created") return code;
  }
  throw repeatingTokens();
}

/** What a code carries, or why it is none. Whatever the client has sent may be given. */
export async function findCode(
  parts: Parts,
  code: unknown,
  deadline: Deadline,
): Promise<LiveCode | HandOffRejection> {
  const token = typeof code === "string" ? parseToken(code) : undefined;
  if (token === undefined) return "malformed";
  const record = await parts.keeper.load(handOffId(token, parts.name), deadline);
  if (record === undefined) return "unknown";
  if (record.kind === "ended") return "used";
  // Nobody else writes under such a name, so what is there has the form that we gave it.
  const carried = sideContent(record, kindOf(parts)) as unknown as Carried | undefined;
  if (carried === undefined) return "unknown";
  if (deadline.now >= carried.endsAt) return "expired";
  const { secret } = sideContent(record, kindOf(parts)) ?? {};
  const isHidden = typeof secret === "string";
  return { record, carried, secret: isHidden ? padded(secret, token, parts.name) : undefined };
}

/** No store holds the code, so that what is hidden by it opens for whoever brings that alone. */
function hidden(secret: string | undefined, code: SessionToken, name: string): JsonObject {
  return secret === undefined ? {} : { secret: padded(secret, code, name) };
}

/** Hides a secret under a pad of its length, or shows it again. */
function padded(secret: string, code: SessionToken, name: string): string {
  const pad = Buffer.from(handOffPad(code, name), "base64url");
  const bytes = Buffer.from(secret, "base64url");
  return Buffer.from(bytes.map((byte, place) => byte ^ (pad[place] ?? 0))).toString("base64url");
}

/**
 * Uses a code up. Resolves to whether it was there to be used: of several at once, in however many
 * processes, one has ended its record, and knows it though its answer was lost.
 */
export async function spendCode(
  parts: Parts,
  { record }: LiveCode,
  deadline: Deadline,
): Promise<boolean> {
  const stone = tombstone(parts, record, "destroyed", deadline);
  const { kind } = await parts.keeper.end(stone, record.version, deadline);
  return kind === "ended";
}
