import { type IncomingMessage, OutgoingMessage, type ServerResponse } from "node:http";
import { type Key, type Keygrip, keygrip } from "./keygrip.ts";
import { attributesText, type CookieAttributes, checkCookie } from "./set-cookie.ts";

/** How a cookie is read or written. */
export interface CookieTerms extends CookieAttributes {
  /** What a write is called, in place of what was asked for. */
  name?: string | undefined;
  /** Whether a signature stands beside it, as `<name>.sig`. @defaultValue whether there are keys */
  signed?: boolean | undefined;
}

/** The cookies of a request and its response, read and written as the `cookies` package does. */
export class CookieJar {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #keys: Keygrip | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    keys: readonly Key[] | Keygrip | undefined,
  ) {
    this.#req = req;
    this.#res = res;
    this.#keys = isList(keys) ? keygrip(keys) : keys;
  }

  /**
   * The value of a cookie, where it is there and its signature is one of ours. A signature that is not
   * is taken away; one by an older key is replaced.
   */
  get(name: string, terms?: CookieTerms): string | undefined {
    const value = this.#brought(name);
    if (value === undefined || terms === undefined || !this.#isSigned(terms)) return value;
    const signatureName = `${name}.sig`;
    const signature = this.#brought(signatureName);
    if (!signature) return undefined;
    const keys = this.#requireKeys();
    const index = keys.index(`${name}=${value}`, signature);
    if (index < 0) {
      this.set(signatureName, "", { path: "/", signed: false });
      return undefined;
    }
    if (index > 0) this.set(signatureName, keys.sign(`${name}=${value}`), { signed: false });
    return value;
  }

  /**
   * Writes a cookie, and its signature beside it. An empty value takes it away.
   *
   * @throws Error where it is to be Secure and the connection is not.
   * @throws TypeError for what no header can have.
   */
  set(name: string, value: string, terms: CookieTerms): void {
    const written = "name" in terms ? String(terms.name) : name;
    checkCookie(written, value);
    const isSecure = this.#isSecure(terms);
    const attributes = attributesText(terms, { isSecure, isOver: value === "", now: Date.now() });
    const headers = setCookies(this.#res);
    if (terms.overwrite) without(headers, written);
    headers.push(`${written}=${value}${attributes}`);
    if (this.#isSigned(terms)) {
      const signature = this.#requireKeys().sign(`${written}=${value}`);
      if (terms.overwrite) without(headers, `${written}.sig`);
      headers.push(`${written}.sig=${signature}${attributes}`);
    }
    // Express's own `res.set` means that `setHeader` may be somebody's: Node's is meant.
    const { setHeader } = "set" in this.#res ? OutgoingMessage.prototype : this.#res;
    setHeader.call(this.#res, "Set-Cookie", headers);
  }

  #isSigned({ signed }: CookieTerms): boolean {
    return signed ?? this.#keys !== undefined;
  }

  #requireKeys(): Keygrip {
    if (this.#keys === undefined) throw new Error(".keys required for signed cookies");
    return this.#keys;
  }

  #brought(name: string): string | undefined {
    const [, value] = this.#req.headers.cookie?.match(patternOf(name)) ?? [];
    return value?.startsWith('"') ? value.slice(1, -1) : value;
  }

  #isSecure(terms: CookieTerms): boolean {
    const isSecure = isEncrypted(this.#req);
    if (!isSecure && terms.secure) {
      throw new Error("Cannot send secure cookie over unencrypted connection");
    }
    if ("secureProxy" in terms) return terms.secureProxy === true;
    return terms.secure ?? isSecure;
  }
}

function isList(keys: readonly Key[] | Keygrip | undefined): keys is readonly Key[] {
  return Array.isArray(keys);
}

/** By Express, which may believe a proxy, or by the socket. */
function isEncrypted(req: IncomingMessage): boolean {
  if ("protocol" in req && req.protocol === "https") return true;
  return "encrypted" in req.socket && req.socket.encrypted === true;
}

/** Bounded by the names that an application gives its cookies. */
const PATTERNS = new Map<string, RegExp>();

function patternOf(name: string): RegExp {
  const known = PATTERNS.get(name);
  if (known !== undefined) return known;
  const pattern = new RegExp(`(?:^|;) *${name.replace(/[\^$\\.*+?()[\]{}|]/g, "\\$&")}=([^;]*)`);
  PATTERNS.set(name, pattern);
  return pattern;
}

function setCookies(res: ServerResponse): string[] {
  const headers = res.getHeader("Set-Cookie") ?? [];
  return Array.isArray(headers) ? headers : [String(headers)];
}

function without(headers: string[], name: string): void {
  for (let i = headers.length - 1; i >= 0; i--) {
    if (headers[i]?.startsWith(`${name}=`)) headers.splice(i, 1);
  }
}
