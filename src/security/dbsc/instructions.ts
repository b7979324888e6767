import { type Answer, challengeLine, json } from "./answers.ts";
import { BOUND_ATTRIBUTES, setCookie } from "./cookies.ts";
import type { Terms } from "./options.ts";

/** What browsers sign, and what registers the key of a page's script. */
export const BROWSER_TYP = "dbsc+jwt";
export const SCRIPT_TYP = "sojourn-key+jwt";

/** What binds the cookie from here on: the browser compares the two texts of its attributes. */
export function instructions(
  { boundCookie, refreshPath, maxAgeMs }: Terms,
  id: string,
  value: string,
  challenge: string,
): Answer {
  const content = {
    session_identifier: id,
    refresh_url: refreshPath,
    scope: { include_site: false },
    credentials: [{ type: "cookie", name: boundCookie, attributes: BOUND_ATTRIBUTES }],
    allowed_refresh_initiators: [],
  };
  return json(content, [
    ["Set-Cookie", setCookie(boundCookie, value, maxAgeMs)],
    challengeLine(challenge, id),
  ]);
}
