import { timingSafeEqual } from "node:crypto";
import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import type { JsonObject } from "../../core/json.ts";
import { MAX_TOKENS, repeatingTokens, tombstone } from "../../core/lifecycle/transitions.ts";
import type { SessionRecord } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import {
  bindingOf,
  callbackId,
  newCommitId,
  newToken,
  parseToken,
  type SessionToken,
} from "../../core/token.ts";
import type { Beginning, CallbackRefusal } from "./options.ts";

type Parts = Pick<Engine, "keeper" | "environment" | "name">;

/** What is kept while the visitor is away: a side record under the state's hash. */
interface Kept {
  readonly purpose: string;
  readonly data: JsonObject;
  /** The hash of the secret that the browser holds which has begun. */
  readonly binding: string;
  /** The session it has begun in, where there was one. */
  readonly fromId: string | null;
  readonly endsAt: number;
}

/** What was begun and may still be finished. */
export interface Begun {
  readonly state: SessionToken;
  readonly record: SessionRecord;
  readonly kept: Kept;
}

/** Stores what a visitor begins. Resolves to the state that finds it again. */
export async function keepBeginning(
  parts: Parts,
  { purpose, data, ttlMs }: Beginning,
  from: { readonly secret: string; readonly id: string | undefined },
  deadline: Deadline,
): Promise<SessionToken> {
  const { keeper, environment, name } = parts;
  const endsAt = deadline.now + ttlMs;
  for (let tokens = 0; tokens < MAX_TOKENS; tokens += 1) {
    const state = newToken(environment.random);
    const binding = bindingOf(from.secret, state, name);
    const record = sideRecord({
      id: callbackId(state, name),
      manager: kindOf(parts),
      version: newCommitId(environment.random),
      content: { purpose, data, binding, fromId: from.id ?? null, endsAt },
      writtenAt: deadline.now,
      endsAt,
    });
    if ((await keeper.create(record, deadline)) === "created") return state;
  }
  throw repeatingTokens();
}

/** What stands under a state, or why it is none. Whatever the client has sent may be given. */
export async function findBeginning(
  parts: Parts,
  given: unknown,
  purpose: string,
  deadline: Deadline,
): Promise<Begun | CallbackRefusal> {
  const state = typeof given === "string" ? parseToken(given) : undefined;
  if (state === undefined) return "malformed";
  const record = await parts.keeper.load(callbackId(state, parts.name), deadline);
  if (record === undefined) return "unknown";
  if (record.kind === "ended") return "used";
  // Nobody else writes under such a name, so what is there has the form that we gave it.
  const kept = sideContent(record, kindOf(parts)) as unknown as Kept | undefined;
  if (kept === undefined) return "unknown";
  if (deadline.now >= kept.endsAt) return "expired";
  return kept.purpose === purpose ? { state, record, kept } : "purpose";
}

/** Whether a browser that brings these secrets has begun it. */
export function isBegunBy(secrets: readonly string[], begun: Begun, manager: string): boolean {
  const binding = Buffer.from(begun.kept.binding);
  return secrets.some((secret) => {
    const own = Buffer.from(bindingOf(secret, begun.state, manager));
    return own.length === binding.length && timingSafeEqual(own, binding);
  });
}

/** Uses it up: of several at once, in however many processes, one resolves to `true`. */
export async function spend(parts: Parts, { record }: Begun, deadline: Deadline): Promise<boolean> {
  const stone = tombstone(parts, record, "destroyed", deadline);
  const { kind } = await parts.keeper.end(stone, record.version, deadline);
  return kind === "ended";
}

function kindOf({ name }: Pick<Parts, "name">): string {
  return sideManager(name, "callback");
}
