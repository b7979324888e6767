import type { H3Event } from "h3";
import type { NitroAppPlugin } from "nitropack";
import type { Session } from "sojourn";
import { sessionPlugin } from "sojourn/nuxt";

export const plugin: NitroAppPlugin = sessionPlugin(sessions);

/** Checked by the compiler alone. */
export async function typed(event: H3Event): Promise<Session<{ visits: number }>> {
  const session = await sessions.open(event);
  session.set("visits", 1);
  // @ts-expect-error It is a number.
  session.set("visits", "1");
  // @ts-expect-error There is none.
  session.get("vists");
  return session;
}
