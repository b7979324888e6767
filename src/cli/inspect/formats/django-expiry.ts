import { sessionExpiry } from "../../../interop/django/session-expiry.ts";
import type { PyDict } from "../../../interop/python/values.ts";
import { instantText } from "../../instants.ts";
import type { Fact } from "../finding.ts";

/** What `set_expiry` left in a session of Django's. */
export function expiryFacts(session: PyDict): readonly Fact[] {
  const value = expiryText(session);
  return value === undefined ? [] : [{ name: "set_expiry", value }];
}

function expiryText(session: PyDict): string | undefined {
  const expiry = sessionExpiry(session);
  switch (expiry.kind) {
    case "default":
      return undefined;
    case "browserClose":
      return "ends with the browser";
    case "afterSeconds":
      return `${expiry.seconds} seconds after the last change`;
    case "at":
      return instantText(expiry.at);
    case "naive":
      return `${expiry.iso} by the server's own clock`;
    case "malformed":
      return "in a form that Django does not write";
    default:
      return expiry satisfies never;
  }
}
