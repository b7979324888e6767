import {
  encryptedToken,
  ironSeal,
  secretBox,
  signatureBeside,
  signed,
} from "./javascript-sealers.ts";
import { adoptionOf, JAVASCRIPT, type JavascriptVector, oldStoreOf } from "./javascript-vectors.ts";

const { secret: SECRET, at: AT } = JAVASCRIPT;
const KEY = Buffer.alloc(32, 7);
const TOKEN = "__Secure-authjs.session-token";
const BETTER = "__Secure-better-auth.session_token";
const ID = "9509701e-c2f2-47cb-876a-ea3544f85529";

/** A format as whoever damages it sees it. */
export interface Hostile {
  readonly library: JavascriptVector["library"];
  readonly options: Readonly<Record<string, unknown>>;
  /** A whole document, as the library writes one. */
  readonly document: string;
  /** The cookies of a document that the right key has sealed, or under whose id it lies. */
  cookies(document: string): readonly (readonly [name: string, value: string])[];
  /** Whether the document lies in the old store. */
  readonly isKept?: boolean;
}

const DATA =
  '"cart":["tea","é\\ud83e\\udd50"],"n":1.5,"deep":{"a":[true,{"b":null}]},"passport":{"user":7}';
const CONNECT = `{"cookie":{"originalMaxAge":3600000,"expires":"2023-11-14T23:13:20.000Z"},"flash":{"a":["b"]},${DATA}}`;
const HONO = `{"_data":{"cart":{"value":["tea"],"flash":false},"f":{"value":1,"flash":true}},"_expire":"2023-11-14T23:13:20.000Z","_delete":false,"_accessed":null}`;
const H3 = `{"id":"${ID}","createdAt":${AT},"data":{${DATA}}}`;

export const HOSTILE: readonly Hostile[] = [
  {
    library: "express-session",
    options: { secret: SECRET },
    document: CONNECT,
    isKept: true,
    cookies: () => [["connect.sid", encodeURIComponent(`s:${signed(ID, SECRET)}`)]],
  },
  {
    library: "@fastify/session",
    options: { secret: SECRET },
    document: CONNECT,
    isKept: true,
    cookies: () => [["sessionId", signed(ID, SECRET)]],
  },
  {
    library: "@fastify/secure-session",
    options: { key: KEY },
    document: `{"__ts":${AT / 1_000},${DATA}}`,
    cookies: (document) => [["session", secretBox(document, KEY)]],
  },
  {
    library: "iron-session",
    options: { password: SECRET, cookieName: "app" },
    document: `{${DATA}}`,
    cookies: (document) => [["app", `${ironSeal(document, SECRET, "1", String(AT + 60_000))}~2`]],
  },
  {
    library: "h3",
    options: { password: SECRET },
    document: H3,
    cookies: (document) => [["h3", ironSeal(document, SECRET)]],
  },
  {
    library: "nuxt-auth-utils",
    options: { password: SECRET },
    document: H3.replace(DATA, `"user":{"id":7}`),
    cookies: (document) => {
      const seal = ironSeal(document, SECRET);
      const half = Math.floor(seal.length / 2);
      const pieces = [seal.slice(0, half), seal.slice(half)] as const;
      return [
        ["nuxt-session", "__chunked__2"],
        ["nuxt-session.1", pieces[0]],
        ["nuxt-session.2", pieces[1]],
      ];
    },
  },
  {
    library: "hono-sessions",
    options: { encryptionKey: SECRET },
    document: HONO,
    cookies: (document) => [["session", ironSeal(JSON.stringify(document), SECRET)]],
  },
  {
    library: "Auth.js",
    options: { secret: SECRET },
    document: `{"sub":"ada","iat":${AT / 1_000},"exp":${AT / 1_000 + 60},"jti":"${ID}",${DATA}}`,
    cookies: (document) => {
      const token = encryptedToken(document, SECRET, TOKEN);
      return [
        [`${TOKEN}.0`, token.slice(0, 200)],
        [`${TOKEN}.1`, token.slice(200)],
      ];
    },
  },
  {
    library: "better-auth",
    options: { secret: SECRET },
    document: `{"session":{"token":"${ID}","userId":"ada","expiresAt":"2023-11-14T23:13:20.000Z"},"user":{"id":"ada"}}`,
    isKept: true,
    cookies: () => [[BETTER, encodeURIComponent(signed(ID, SECRET, "="))]],
  },
  {
    library: "cookie-session",
    options: { keys: SECRET },
    document: `{${DATA}}`,
    cookies: (document) => besides("session", document),
  },
  {
    library: "koa-session",
    options: { keys: SECRET },
    document: `{"_expire":${AT + 60_000},"_maxAge":60000,${DATA}}`,
    cookies: (document) => besides("koa.sess", document),
  },
];

function besides(name: string, document: string): readonly (readonly [string, string])[] {
  const value = Buffer.from(document).toString("base64");
  return [
    [name, value],
    [`${name}.sig`, signatureBeside(name, value, SECRET)],
  ];
}

/** The old store with a document in it, and what adopts from there. */
export function hostileSite({ library, options, document, isKept = false }: Hostile) {
  const stored = isKept ? { [ID]: document } : undefined;
  const vector = { library, options, ...(stored && { stored }) };
  const store = oldStoreOf(vector);
  return {
    put: (text: string) => store.rows.set(ID, text),
    adoptable: adoptionOf(vector, store, ({ values, userId }) => ({
      data: { size: JSON.stringify(values).length },
      userId: userId?.slice(0, 9),
    })),
  };
}
