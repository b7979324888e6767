import type { Engine } from "../../core/engine.ts";
import { sideManager } from "../../core/side-record.ts";
import { type SessionToken, sessionId } from "../../core/token.ts";

/** What is kept of a secret that was handed out. */
export function hashOf(secret: SessionToken, { name }: Pick<Engine, "name">): string {
  return sessionId(secret, sideManager(name, "device"));
}
