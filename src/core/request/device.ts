import type { RequestHead } from "../exchange.ts";

/** Longer ones are no description of a browser. */
const MAX_DEVICE_LENGTH = 200;

/** The browser's description of itself, fit for a list. */
export function deviceOf(request: RequestHead): string | undefined {
  const agent = request.header("user-agent");
  return agent?.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_DEVICE_LENGTH);
}
