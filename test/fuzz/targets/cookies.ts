import { cookieStore } from "../../../src/cookies/cookie.ts";
import { cookieValues } from "../../../src/cookies/cookie-header.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../../../src/index.ts";
import { plainCookieValues } from "../../cookies/reference.ts";
import { Browser } from "../../laws/support/browser.ts";
import { freshKey } from "../../sealing/support/keys.ts";
import { bytesOf, Finding, type Subject, type Target } from "../target.ts";

const NAME = "__Host-Http-session";
/** Said in words, so that no name for development counts as well. */
const HARDENED = { prefix: "__Host-Http-" } as const;
const NOWHERE = "none: a copied cookie works until it expires, signed out or not";

/** The header, beside the plainest way to read one. */
export const cookieHeader: Target = {
  name: "Cookie header",
  share: 500,
  open: () => ({
    seeds: bytesOf(
      `${NAME}=abc; theme=dark`,
      `a=b; ${NAME} = "x y" ;lang=en`,
      `${NAME}=1; ${NAME}=2; x${NAME}=3; ${NAME}; =${NAME}=4`,
    ),
    pieces: bytesOf(NAME, `;${NAME}=`, "; ", "\u00a0", " \t", "==", "$Version=1", "%3D", '"'),
    attempt(input) {
      const header = input.toString("latin1");
      const found = cookieValues(header, NAME);
      const right = plainCookieValues(header, NAME);
      if (JSON.stringify(found) !== JSON.stringify(right)) throw new Finding("it reads otherwise");
      return found.length > 0 ? "taken" : "refused";
    },
  }),
};

async function signedIn(sessions: Sessions<Untyped>, user: string): Promise<Browser> {
  const browser = new Browser(sessions);
  await browser.visit(async (session) => {
    session.set("text", "x".repeat(40));
    await session.signIn(user);
  });
  return browser;
}

/** Whole headers through the public face. */
function sessionsIn(sessions: Sessions<Untyped>, headers: readonly string[]): Subject {
  const good = new Set(headers.flatMap((header) => plainCookieValues(header, NAME)));
  const values = headers.flatMap((header) => header.split("; "));
  return {
    seeds: bytesOf(...headers, headers.join("; ")),
    pieces: bytesOf(...values, ...good, NAME, "; ", "=", "-seen=", "A", "_"),
    async attempt(input) {
      const cookie = input.toString("latin1");
      const request = { method: "GET", url: "/", headers: new Headers() };
      // A header object refuses what no server lets through: control characters.
      if (!setCookie(request.headers, cookie)) return "refused";
      const view = await sessions.read(request.headers);
      if (view === undefined) return "refused";
      const given = plainCookieValues(request.headers.get("cookie") ?? "", NAME);
      const [only = "", ...others] = given;
      if (others.length > 0) throw new Finding("it takes one of two cookies");
      if (!good.has(only)) throw new Finding("it takes what is no session's cookie");
      return "taken";
    },
    close: () => sessions.close(),
  };
}

function setCookie(headers: Headers, cookie: string): boolean {
  try {
    headers.set("cookie", cookie);
    return true;
  } catch {
    return false;
  }
}

function headerOf({ jar }: Browser): string {
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

export const tokens: Target = {
  name: "tokens in a store",
  share: 40,
  async open() {
    const sessions = createSessions<Untyped>({
      store: memoryStore(),
      cookie: HARDENED,
    }) as Sessions<Untyped>;
    const headers = [await signedIn(sessions, "ada"), await signedIn(sessions, "bob")];
    return sessionsIn(sessions, headers.map(headerOf));
  },
};

export const sealedCookies: Target = {
  name: "sessions in cookies",
  share: 20,
  async open() {
    const sessions = createSessions<Untyped>({
      store: cookieStore({ revocations: NOWHERE }),
      cookie: HARDENED,
      keys: [freshKey(), freshKey()],
    }) as Sessions<Untyped>;
    const headers = [await signedIn(sessions, "ada"), await signedIn(sessions, "bob")];
    return sessionsIn(sessions, headers.map(headerOf));
  },
};
