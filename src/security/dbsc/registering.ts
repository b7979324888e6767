import type { Deadline } from "../../core/deadline.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { newToken, parseToken } from "../../core/token.ts";
import { type Answer, json, plain } from "./answers.ts";
import { type Binding, isOpen, withChallenge, withValue } from "./binding.ts";
import { parseBindingId } from "./bindings.ts";
import type { DeviceHooks } from "./device-hooks.ts";
import { hashOf } from "./hashes.ts";
import { BROWSER_TYP, instructions, SCRIPT_TYP } from "./instructions.ts";
import { liveSessionOf } from "./live-session.ts";
import { freshNonce } from "./nonce.ts";
import { boundKey, type Proof, registrationIn, unquoted } from "./proof.ts";
import { isForTarget } from "./target.ts";

/** Takes the key of the browser itself, once for a sign-in. */
export async function register(
  hooks: DeviceHooks,
  id: string,
  request: RequestHead,
  deadline: Deadline,
): Promise<Answer> {
  const { engine, terms, bindings } = hooks;
  const found = await registrationFor(hooks, id, request, "offer", deadline);
  if (found === undefined) return refused();
  const { now } = deadline;
  const known = await boundKey(found.proof, now);
  const key = { ...known, sendsMetadata: request.header("sec-fetch-site") !== undefined };
  const value = newToken(engine.environment.random);
  const challenge = newToken(engine.environment.random);
  const registered = (binding: Binding): Binding | undefined => {
    if (!isOpen(binding.offer, found.hash, now)) return undefined;
    const open = { ...binding, key, offer: undefined };
    const bound = withValue(open, hashOf(value, engine), terms.maxAgeMs, now);
    return withChallenge(bound, challenge, terms.maxAgeMs, now);
  };
  const after = await bindings.change(id, registered, deadline);
  return after === undefined ? refused() : instructions(terms, id, value, challenge);
}

/** Takes a key of the page's script, once for a sign-in. */
export async function registerKey(
  hooks: DeviceHooks,
  id: string,
  request: RequestHead,
  deadline: Deadline,
): Promise<Answer> {
  const found = await registrationFor(hooks, id, request, "keyOffer", deadline);
  if (found === undefined) return refused();
  const { now } = deadline;
  const scriptKey = await boundKey(found.proof, now);
  const registered = (binding: Binding): Binding | undefined =>
    isOpen(binding.keyOffer, found.hash, now)
      ? { ...binding, scriptKey, keyOffer: undefined }
      : undefined;
  const after = await hooks.bindings.change(id, registered, deadline);
  return after === undefined ? refused() : json({}, [["DPoP-Nonce", freshNonce(after, now)]]);
}

interface Registration {
  readonly proof: Proof;
  /** Of the challenge that it has met. */
  readonly hash: string;
}

/** What registers a key for a live session that waits for one. */
async function registrationFor(
  hooks: DeviceHooks,
  id: string,
  request: RequestHead,
  kind: "offer" | "keyOffer",
  deadline: Deadline,
): Promise<Registration | undefined> {
  const text = request.header(kind === "offer" ? "secure-session-response" : "dpop");
  if (text === undefined || parseBindingId(id) === undefined) return undefined;
  const binding = await hooks.bindings.load(id, deadline);
  // To verify costs the most, so what cannot be is not.
  if (binding?.[kind] === undefined) return undefined;
  const typ = kind === "offer" ? BROWSER_TYP : SCRIPT_TYP;
  const proof = await registrationIn(unquoted(text), typ);
  const hash = proof && hashMet(hooks, proof, request);
  if (proof === undefined || hash === undefined) return undefined;
  const session = await liveSessionOf(binding, hooks.engine, deadline);
  return session && { proof, hash };
}

/** What is kept of the challenge that a registration for this request has met. */
function hashMet(hooks: DeviceHooks, { claims }: Proof, request: RequestHead): string | undefined {
  if (!isForTarget(claims.aud, request, hooks.terms.origin)) return undefined;
  const challenge = typeof claims.jti === "string" ? parseToken(claims.jti) : undefined;
  return challenge && hashOf(challenge, hooks.engine);
}

/** For whatever reason, which is nobody's business. */
function refused(): Answer {
  return plain(400, "This is no registration.");
}
