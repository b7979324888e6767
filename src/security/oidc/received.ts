import { startDeadline } from "../../core/engine.ts";
import { sideManager, sideRecord } from "../../core/side-record.ts";
import { newCommitId, sideId } from "../../core/token.ts";
import type { Federation } from "./federation.ts";
import type { Received, Verified } from "./tokens.ts";

/**
 * Does what a token asks for, unless it has been done before: that is no error, as who sent it may have
 * missed the answer (RFC 8935, 2). It is noted only once it is done: a token that comes again after a
 * failure is still to be obeyed, and obeying one twice ends nothing more.
 */
export async function once(
  { engine }: Federation,
  { provider, payload, believedUntil }: Verified,
  act: () => Promise<number>,
): Promise<Received> {
  const { keeper, environment, name } = engine;
  const kind = sideManager(name, "oidc-token");
  const id = sideId(kind, JSON.stringify([provider.issuer, payload.jti]));
  if ((await keeper.load(id, startDeadline(engine))) !== undefined) {
    return { ok: true, ended: 0 };
  }
  const ended = await act();
  const deadline = startDeadline(engine);
  const version = newCommitId(environment.random);
  const side = { id, manager: kind, version, content: {}, writtenAt: deadline.now };
  await keeper.create(sideRecord({ ...side, endsAt: believedUntil }), deadline);
  return { ok: true, ended };
}
