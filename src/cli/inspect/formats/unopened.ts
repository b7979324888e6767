import type { JsonValue } from "../../../core/json.ts";
import { printable } from "../../printable.ts";
import type { Fact, Finding } from "../finding.ts";
import type { Recogniser } from "../specimen.ts";

/** Texts of other libraries, which are told by their form and not opened. */
export const unopened: Recogniser = ({ text }) =>
  expressSession(text) ?? ironSession(text) ?? jsonWebToken(text) ?? rails(text);

function expressSession(text: string): Finding | undefined {
  const signature = /^s:([^.]{1,256})\.[A-Za-z0-9+/]{43}$/.exec(text);
  return signature === null
    ? undefined
    : recognised("express-session", "Id of express-session, signed", [
        { name: "signature", value: "HMAC-SHA256 of the id, by cookie-signature" },
        { name: "stored", value: 'in its store; connect-redis puts "sess:" before the id' },
      ]);
}

function ironSession(text: string): Finding | undefined {
  const parts = text.split("*");
  if (!text.startsWith("Fe26.2*") || parts.length !== 8) return undefined;
  const expiresAt = Number(/^(\d{10,15})$/.exec(parts[5] ?? "")?.[1]);
  const facts = [{ name: "encryption", value: "AES-256-CBC and HMAC-SHA256, by iron" }];
  const finding = recognised("iron-session", "Sealed cookie of iron-session, or iron", facts);
  return Number.isNaN(expiresAt) ? finding : { ...finding, expiresAt, expiryRule: "its own text" };
}

function jsonWebToken(text: string): Finding | undefined {
  const parts = /^(eyJ[\w-]+)(?:\.[\w-]*){2,4}$/.test(text) ? text.split(".") : [];
  const header = headerIn(parts[0] ?? "");
  const algorithm = header?.["alg"];
  if (typeof algorithm !== "string" || (parts.length !== 3 && parts.length !== 5)) return undefined;
  const isEncrypted = parts.length === 5;
  const facts = [{ name: "algorithm", value: printable(algorithm).slice(0, 40) }];
  const finding = isEncrypted
    ? recognised("jwe", "JSON Web Token, encrypted (JWE)", facts)
    : recognised("jwt", "JSON Web Token, signed (JWT)", facts);
  if (algorithm.toLowerCase() !== "none") return finding;
  return {
    ...finding,
    remarks: [...finding.remarks, 'Its algorithm is "none": anybody can make it.'],
  };
}

function headerIn(part: string): { readonly [key: string]: JsonValue } | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof header === "object" && header !== null && !Array.isArray(header)
      ? (header as { readonly [key: string]: JsonValue })
      : undefined;
  } catch {
    return undefined;
  }
}

const RAILS_SIGNED = /^[\w+/=-]{4,}--(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/;
const RAILS_SEALED = /^[\w+/=-]{4,}--[\w+/-]{16}--[\w+/-]{22}==$/;

function rails(text: string): Finding | undefined {
  if (RAILS_SEALED.test(text)) {
    const value = "AES-256-GCM: data, nonce and tag";
    return recognised("rails", "Rails session cookie, encrypted", [{ name: "encryption", value }]);
  }
  if (!RAILS_SIGNED.test(text)) return undefined;
  const value = "an HMAC of ActiveSupport's MessageVerifier";
  return recognised("rails", "Rails cookie, signed", [{ name: "signature", value }]);
}

function recognised(format: string, title: string, facts: readonly Fact[]): Finding {
  const remarks = ["This command does not open it."];
  return { format, title, verdict: "recognised", summary: "not opened here", facts, remarks };
}
