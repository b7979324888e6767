import type { Deadline } from "../../core/deadline.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { behind } from "../../core/request/behind.ts";
import { challengeOf } from "../../core/token.ts";
import type { DeviceHooks } from "./device-hooks.ts";
import { DeviceProofError } from "./errors.ts";
import { freshNonce, isFreshNonce, NONCE_MS } from "./nonce.ts";
import { bindingNoteIn } from "./note.ts";
import { type Proof, proofIn } from "./proof.ts";
import { hooksIn } from "./protection.ts";
import { isAt } from "./target.ts";

const TYP = "dpop+jwt";
const JTI = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * What the page's script needs to register a key of its own for this session: hand it to
 * `registerDeviceKey` of `sojourn/dbsc/client`, in the answer to the sign-in. It is a secret, counts
 * once, and for two minutes.
 *
 * @returns A text, or `undefined` in any request but the one that has signed in.
 * @throws {@link OptionsError} where sessions are not bound: see `deviceBound`.
 * @example
 * app.post("/sign-in", async (req, res) => {
 *   const session = await sessions.open(req);
 *   await session.signIn("ada"); // after you have checked the password
 *   res.json({ deviceKey: deviceKeyOffer(session) });
 * });
 */
export function deviceKeyOffer(session: object): string | undefined {
  const call = "deviceKeyOffer(session)";
  const { engine, state } = behind(session, call);
  const offer = hooksIn(engine, call).offerIn(state.request);
  const isStill = offer !== undefined && bindingNoteIn(state.facts)?.id === offer.note.id;
  if (!isStill) return undefined;
  state.holdsSecret = true;
  return `${offer.note.id}.${offer.keyChallenge}`;
}

/**
 * Resolves where the request brings a fresh proof of the key that the page's script has registered at
 * this session's sign-in, as `deviceFetch` of `sojourn/dbsc/client` sends it. A copied cookie is
 * refused at once. A proof is for one method, one URL, one session and one use (after RFC 9449); how
 * old it is counts by the server's clock.
 *
 * It takes a look into the store, and a write.
 *
 * @throws {@link DeviceProofError} where it brings none that fits: 401. `reason` is `nonce` where the
 * script is to send the request again, which `deviceFetch` does.
 * @throws {@link StoreError} if the store cannot answer.
 * @throws {@link OptionsError} where sessions are not bound: see `deviceBound`.
 * @example
 * app.post("/transfer", async (req, res) => {
 *   const session = await sessions.open(req);
 *   await requireProof(session);
 *   res.send("Transferred.");
 * });
 */
export async function requireProof(session: object): Promise<void> {
  const call = "requireProof(session)";
  const { engine, state } = behind(session, call);
  const hooks = hooksIn(engine, call);
  const id = bindingNoteIn(state.facts)?.id;
  try {
    await proved(hooks, id, state.request, state.failures.startDeadline());
  } catch (error) {
    throw state.failures.told(error);
  }
}

async function proved(
  hooks: DeviceHooks,
  id: string | undefined,
  request: RequestHead,
  deadline: Deadline,
): Promise<void> {
  const { now } = deadline;
  const binding = id === undefined ? undefined : await hooks.bindings.load(id, deadline);
  const text = request.header("dpop");
  if (id === undefined || binding?.scriptKey === undefined || text === undefined) {
    throw new DeviceProofError("proof");
  }
  const proof = await proofIn(text, TYP, binding.scriptKey);
  const jti = proof && jtiOf(proof, id, request, hooks.terms.origin);
  if (jti === undefined) throw new DeviceProofError("proof");
  const nonce = freshNonce(binding, now);
  if (!isFreshNonce(proof?.claims["nonce"], binding, now)) throw wantsNonce(nonce);
  // Its nonce is too old by then: no proof is believed twice.
  const keptUntil = now + 2 * NONCE_MS;
  if (!(await hooks.bindings.isFirst(id, jti, keptUntil, deadline))) {
    throw new DeviceProofError("proof");
  }
  hooks.bringNonce(request, nonce);
}

/** The proof's own name, where it is for this request of this session. */
function jtiOf(
  { claims }: Proof,
  id: string,
  request: RequestHead,
  origin: string | undefined,
): string | undefined {
  const isFitting =
    claims["htm"] === request.method &&
    isAt(claims["htu"], request, origin) &&
    claims["ath"] === challengeOf(id) &&
    typeof claims.iat === "number";
  const { jti } = claims;
  return isFitting && typeof jti === "string" && JTI.test(jti) ? jti : undefined;
}

function wantsNonce(nonce: string): DeviceProofError {
  return new DeviceProofError("nonce", [
    ["DPoP-Nonce", nonce],
    ["WWW-Authenticate", 'DPoP error="use_dpop_nonce"'],
  ]);
}
