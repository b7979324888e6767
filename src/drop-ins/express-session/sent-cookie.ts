import { cookieValues } from "../../cookies/cookie-header.ts";
import { deprecate } from "./deprecation.ts";
import type { SessionRequest } from "./request.ts";
import type { SignedIds } from "./signed-ids.ts";

/** The session id that a request's cookie brings, if one of the secrets has signed it. */
export function sentId(request: SessionRequest, name: string, ids: SignedIds): string | undefined {
  const header = request.headers.cookie;
  const raw = header === undefined ? undefined : cookieValues(header, name)[0];
  const sent = raw === undefined ? undefined : ids.read(raw);
  return sent || parsedId(request, name, ids);
}

/** What cookie-parser found, for who has taken the header away. */
function parsedId(
  { signedCookies, cookies }: SessionRequest,
  name: string,
  ids: SignedIds,
): string | undefined {
  const found = signedCookies?.[name] || ids.readDecoded(cookies?.[name]);
  if (!found) return undefined;
  deprecate("cookie should be available in req.headers.cookie");
  return found as string;
}
