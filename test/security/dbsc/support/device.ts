import { randomBytes } from "node:crypto";
import * as jose from "jose";
import type { Sessions, Untyped } from "../../../../src/index.ts";
import { dbscHandler } from "../../../../src/security/dbsc/index.ts";
import type { Browser } from "../../../laws/support/browser.ts";

export const ORIGIN = "https://localhost";
export const BOUND = "__Host-session-bound";
export const TRIED = "__Host-session-tried";

/** What a browser sends with a page that it asks for by itself, or for its user. */
export const PAGE = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" };
export const LINK = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
export const FETCH = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };

export interface Key {
  readonly privateKey: jose.CryptoKey;
  readonly jwk: jose.JWK;
  readonly alg: string;
}

export async function newKey(alg = "ES256"): Promise<Key> {
  const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: await jose.exportJWK(publicKey), alg };
}

/** Signs what a browser would, or whatever a test wants instead. */
export function sign(
  key: Key,
  claims: object,
  header: Record<string, unknown> = {},
  signer: jose.CryptoKey = key.privateKey,
): Promise<string> {
  const protectedHeader = { alg: key.alg, typ: "dbsc+jwt", ...header };
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return new jose.CompactSign(payload).setProtectedHeader(protectedHeader as never).sign(signer);
}

interface Offer {
  readonly path: string;
  readonly id: string;
  readonly challenge: string;
}

/** The parameters of a `Secure-Session-Registration` header. */
export function offerIn(headers: Headers): Offer {
  const text = headers.get("secure-session-registration") ?? "";
  const path = /path="([^"]*)"/.exec(text)?.[1] ?? "";
  const challenge = /challenge="([^"]*)"/.exec(text)?.[1] ?? "";
  return { path, challenge, id: path.split("/").at(-1) ?? "" };
}

/** The challenge of an answer. */
export function challengeIn(answer: Response): string {
  return /^"([^"]*)"/.exec(answer.headers.get("secure-session-challenge") ?? "")?.[1] ?? "";
}

/** A browser's part of Device Bound Session Credentials, beside its cookies. */
export class Device {
  key: Key | undefined;
  id = "";
  challenge = "";
  /** What the browser says of the requests that it makes by itself. */
  metadata: Record<string, string> = {
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "no-cors",
  };
  sessions: Sessions<Untyped>;
  readonly browser: Browser;

  constructor(browser: Browser) {
    this.browser = browser;
    this.sessions = browser.sessions;
  }

  /** Signs in, and registers. */
  async bind(userId = "ada"): Promise<this> {
    const answer = await this.browser.visit((session) => session.signIn(userId));
    const offer = offerIn(answer.headers);
    const registered = await this.register(offer);
    if (registered.status !== 200) throw new Error(`not registered: ${registered.status}`);
    return this;
  }

  async register(offer: Offer, key?: Key): Promise<Response> {
    this.key = key ?? (await newKey());
    this.id = offer.id;
    const response = await sign(this.key, { jti: offer.challenge }, { jwk: this.key.jwk });
    return this.#taken(await this.post(offer.path, { "secure-session-response": response }));
  }

  /** Refreshes as a browser does: with the challenge that it has, or else with the one it is given. */
  async refresh(): Promise<Response> {
    let answer = await this.ask(this.challenge === "" ? {} : await this.proof());
    for (let challenges = 0; answer.status === 403 && challenges < 4; challenges += 1) {
      this.challenge = challengeIn(answer);
      answer = await this.ask(await this.proof());
    }
    return this.#taken(answer);
  }

  async proof(jti = this.challenge): Promise<Record<string, string>> {
    if (this.key === undefined) throw new Error("no key");
    return { "secure-session-response": await sign(this.key, { jti }) };
  }

  /** A refresh as it is on the wire: without any cookie. */
  ask(headers: Record<string, string> = {}): Promise<Response> {
    return this.post("/dbsc/refresh", { "sec-secure-session-id": this.id, ...headers });
  }

  async post(path: string, headers: Record<string, string>): Promise<Response> {
    const request = new Request(`${ORIGIN}${path}`, {
      method: "POST",
      headers: { ...this.metadata, ...headers },
    });
    const answer = await dbscHandler(this.sessions)(request);
    if (answer === undefined) throw new Error(`nobody answers ${path}`);
    return answer;
  }

  /** The bound cookie's time is over. */
  forget(): void {
    this.browser.jar.delete(BOUND);
  }

  #taken(answer: Response): Response {
    if (answer.status !== 200) return answer;
    this.challenge = challengeIn(answer);
    const [line = ""] = answer.headers.getSetCookie();
    const value = /^__Host-session-bound=([^;]*)/.exec(line)?.[1];
    if (value !== undefined) this.browser.jar.set(BOUND, value);
    return answer;
  }
}

/** As long as a token, and canonical. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}
