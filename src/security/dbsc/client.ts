import type { webcrypto } from "node:crypto";

// This module runs in browsers: it imports nothing, and needs nothing of a page but to be allowed in.

/** Where the key is registered. */
export interface DeviceKeyOptions {
  /** As the option of `deviceBound`. @defaultValue `"/dbsc"` */
  readonly path?: string | undefined;
}

/** A key of this browser, which no script can read, and what it proves. */
export interface DeviceKey {
  /**
   * Makes a key, and registers it for the session.
   *
   * @param offer - What `deviceKeyOffer(session)` gave at the sign-in, two minutes ago at the most.
   * @throws Error where the server does not take it. The session is as it was.
   */
  register(offer: string): Promise<void>;
  /**
   * As `fetch`, with a fresh proof for the request, to this origin. Where the server wants a newer
   * nonce, the request is sent a second time.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/**
 * The key of this browser for the sessions of this origin. It is kept in IndexedDB, where scripts may
 * use it and not read it, so that a cookie that is copied elsewhere proves nothing.
 *
 * @example
 * import { deviceKey } from "sojourn/dbsc/client";
 *
 * const device = deviceKey();
 *
 * export async function signIn(form: FormData): Promise<void> {
 *   const answer = await fetch("/sign-in", { method: "POST", body: form });
 *   const { deviceKey: offer } = Object(await answer.json());
 *   await device.register(offer);
 * }
 *
 * export const transfer = (): Promise<Response> => device.fetch("/transfer", { method: "POST" });
 */
export function deviceKey({ path = "/dbsc" }: DeviceKeyOptions = {}): DeviceKey {
  let nonce: string | undefined;
  return {
    async register(offer) {
      const [id = "", challenge = ""] = offer.split(".");
      const { publicKey, privateKey } = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
      const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
      const header = { typ: "sojourn-key+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
      const proof = await signed(header, { jti: challenge }, privateKey);
      const answer = await fetch(`${path}/key/${id}`, { method: "POST", headers: { DPoP: proof } });
      if (!answer.ok) throw new Error(`The key was not taken (${answer.status}).`);
      nonce = answer.headers.get("DPoP-Nonce") ?? undefined;
      await inStore("readwrite", (store) => store.put({ id, privateKey }, path));
    },
    async fetch(input, init) {
      const request = new Request(input, init);
      const held = (await inStore("readonly", (store) => store.get(path))) as Held | undefined;
      if (held === undefined || new URL(request.url).origin !== location.origin) {
        return fetch(request);
      }
      const send = async (once: Request): Promise<Response> => {
        const headers = new Headers(once.headers);
        headers.set("DPoP", await proofFor(once, held, nonce));
        const answer = await fetch(new Request(once, { headers }));
        nonce = answer.headers.get("DPoP-Nonce") ?? nonce;
        return answer;
      };
      const before = nonce;
      const answer = await send(request.clone());
      const wantsAnother = answer.status === 401 && nonce !== before;
      return wantsAnother ? send(request) : answer;
    },
  };
}

interface Held {
  readonly id: string;
  readonly privateKey: webcrypto.CryptoKey;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

async function proofFor(request: Request, held: Held, nonce: string | undefined): Promise<string> {
  const { origin, pathname } = new URL(request.url);
  const claims = {
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: request.method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    ath: base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(held.id))),
    nonce,
  };
  return signed({ typ: "dpop+jwt", alg: "ES256" }, claims, held.privateKey);
}

async function signed(header: object, claims: object, key: webcrypto.CryptoKey): Promise<string> {
  const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const text = `${base64url(bytes(header))}.${base64url(bytes(claims))}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(text));
  return `${text}.${base64url(signature)}`;
}

function base64url(bytes: ArrayBuffer | Uint8Array): string {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const DATABASE = "sojourn-device-key";
const STORE = "keys";

async function inStore(
  mode: "readonly" | "readwrite",
  act: (store: ObjectStore) => Pending,
): Promise<unknown> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  await done(opening);
  const database = opening.result;
  try {
    return await done(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function done(pending: Pending): Promise<unknown> {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result);
    pending.onerror = () => reject(pending.error ?? new Error("The key could not be kept."));
  });
}

// What is used of the browser's own interfaces, which no type of Node's knows.

interface Pending {
  readonly result: unknown;
  readonly error: Error | null;
  onsuccess: (() => unknown) | null;
  onerror: (() => unknown) | null;
}

interface Opening extends Pending {
  readonly result: Database;
  onupgradeneeded: (() => unknown) | null;
}

interface Database {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: string): { objectStore(name: string): ObjectStore };
  close(): void;
}

interface ObjectStore {
  get(key: string): Pending;
  put(value: Held, key: string): Pending;
}

declare const indexedDB: { open(name: string, version: number): Opening };
declare const location: { readonly origin: string };
