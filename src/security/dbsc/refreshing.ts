import type { Deadline } from "../../core/deadline.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { newToken } from "../../core/token.ts";
import { type Answer, challengeLine, over, plain } from "./answers.ts";
import {
  type Binding,
  openChallenge,
  withChallenge,
  withoutChallenge,
  withValue,
} from "./binding.ts";
import { parseBindingId } from "./bindings.ts";
import type { DeviceHooks } from "./device-hooks.ts";
import { hashOf } from "./hashes.ts";
import { BROWSER_TYP, instructions } from "./instructions.ts";
import { liveSessionOf } from "./live-session.ts";
import { proofIn, unquoted } from "./proof.ts";
import { isForTarget } from "./target.ts";

/**
 * Gives a new value of the bound cookie for a proof, or a challenge to make one for. The session is
 * found by its identifier alone: a page of elsewhere makes the browser refresh without its cookies.
 */
export async function refresh(
  hooks: DeviceHooks,
  request: RequestHead,
  deadline: Deadline,
): Promise<Answer> {
  const { engine, bindings } = hooks;
  const id = parseBindingId(unquoted(request.header("sec-secure-session-id") ?? ""));
  if (id === undefined) return plain(400, "There is no session identifier.");
  const binding = await bindings.load(id, deadline);
  if (binding === undefined) return over(id);
  if ((await liveSessionOf(binding, engine, deadline)) === undefined) {
    // Nothing brings a session back, so nobody needs its keys any more.
    await bindings.end(id, deadline);
    return over(id);
  }
  const met = await challengeMet(hooks, binding, request);
  const renewed = met === undefined ? undefined : await renew(hooks, id, met, deadline);
  return renewed ?? challenged(hooks, id, binding, deadline);
}

/** The challenge that a proof of the bound key has met, be it outstanding or not. */
async function challengeMet(
  { terms }: DeviceHooks,
  { key }: Binding,
  request: RequestHead,
): Promise<string | undefined> {
  const text = request.header("secure-session-response");
  if (text === undefined || key === undefined) return undefined;
  const { claims } = (await proofIn(unquoted(text), BROWSER_TYP, key)) ?? {};
  if (claims === undefined || !isForTarget(claims.aud, request, terms.origin)) return undefined;
  return typeof claims.jti === "string" ? claims.jti : undefined;
}

/** Of two that bring the same proof, to however many processes, one meets the challenge. */
async function renew(
  hooks: DeviceHooks,
  id: string,
  met: string,
  deadline: Deadline,
): Promise<Answer | undefined> {
  const { engine, terms, bindings } = hooks;
  const { now } = deadline;
  const value = newToken(engine.environment.random);
  const challenge = newToken(engine.environment.random);
  const refreshed = (newest: Binding): Binding | undefined => {
    const left = withoutChallenge(newest, met, now);
    if (left === undefined) return undefined;
    const valued = withValue(left, hashOf(value, engine), terms.maxAgeMs, now);
    return withChallenge(valued, challenge, terms.maxAgeMs, now);
  };
  const after = await bindings.change(id, refreshed, deadline);
  return after && instructions(terms, id, value, challenge);
}

/** Asks for a proof: of a challenge that is out already, so that nobody uses up another's. */
async function challenged(
  { terms, engine, bindings }: DeviceHooks,
  id: string,
  known: Binding,
  deadline: Deadline,
): Promise<Answer> {
  if (known.key === undefined) return over(id);
  const { now } = deadline;
  const fresh = newToken(engine.environment.random);
  let challenge: string | undefined;
  const withOpen = (newest: Binding): Binding | undefined => {
    challenge = openChallenge(newest, now);
    if (challenge !== undefined) return undefined;
    challenge = fresh;
    return withChallenge(newest, fresh, terms.maxAgeMs, now);
  };
  await bindings.change(id, withOpen, deadline);
  return challenge === undefined
    ? over(id)
    : plain(403, "Prove it.", [challengeLine(challenge, id)]);
}
