import { type Engine, startDeadline } from "../../core/engine.ts";
import { endFollowing } from "../../core/lifecycle/endings.ts";
import type { SessionFacts } from "../../core/record.ts";
import type { Federation } from "./federation.ts";
import { identityIn } from "./identity.ts";
import type { Named } from "./provider-marks.ts";

/** What an identity provider has ended. */
export interface ProviderEnding {
  readonly named: Named;
  /** Sessions whose ID token was issued later go on. Epoch ms. */
  readonly upTo: number;
}

/**
 * Ends the sessions that came of what an identity provider has ended. First it is marked, so that who
 * signs in at this moment is refused, or found here; a session that gets a new token meanwhile is
 * followed. Resolves to how many have ended.
 */
export async function endWhatCameOf(
  { engine, marks }: Federation,
  { named, upTo }: ProviderEnding,
): Promise<number> {
  const { users } = await marks.ended(named, upTo, startDeadline(engine));
  const isMeant = (facts: SessionFacts): boolean => isAbout(facts, named, upTo);
  let ended = 0;
  for (const userId of users) ended += await endMeant(engine, userId, isMeant);
  return ended;
}

/** Ends those of a user's sessions that are meant. */
export async function endMeant(
  engine: Engine,
  userId: string,
  isMeant: (facts: SessionFacts) => boolean,
): Promise<number> {
  const { keeper, name, events, environment } = engine;
  const { directory } = keeper.store;
  if (directory === undefined) return 0;
  const all = await keeper.read("list", startDeadline(engine), (call) =>
    directory.list({ manager: name, userId }, call),
  );
  let count = 0;
  for (const { id } of all.filter(isMeant)) {
    const ending = { reason: "revoked", owner: { userId } } as const;
    const ended = await endFollowing(engine, id, ending, startDeadline(engine));
    if (ended === undefined) continue;
    count += 1;
    if (ended.record === undefined) continue;
    events.emit("revoked", { at: environment.now(), id: ended.id, userId });
  }
  return count;
}

function isAbout(facts: SessionFacts, named: Named, upTo: number): boolean {
  return isNamed(facts, named) && beganAt(facts, named.issuer) <= upTo;
}

/** Whether a session came of what a provider names. */
export function isNamed({ notes }: SessionFacts, { issuer, kind, value }: Named): boolean {
  const identity = identityIn(notes);
  if (identity?.issuer !== issuer) return false;
  return value === (kind === "sid" ? identity.providerSession : identity.subject);
}

/** When a session began: by the provider's own clock where it has told. Epoch ms. */
export function beganAt({ notes, createdAt }: SessionFacts, issuer: string): number {
  const identity = identityIn(notes);
  return identity?.issuer === issuer ? identity.issuedAt : createdAt;
}
