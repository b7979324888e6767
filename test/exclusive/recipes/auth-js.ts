import { type Errand, GrantEndedError } from "../errand.ts";
import type { Tokens } from "../tokens.ts";
import { type MakeRecipe, SECRET } from "./recipe.ts";

/** The parts of Auth.js that are used: its own types bring those of browsers along for all files. */
interface AuthCore {
  Auth(request: Request, config: AuthConfig): Promise<Response>;
}
interface AuthJwt {
  encode(params: { token: Jwt; secret: string; salt: string }): Promise<string>;
}
interface AuthConfig {
  readonly secret: string;
  readonly basePath: string;
  readonly trustHost: boolean;
  readonly providers: readonly never[];
  readonly session: { readonly strategy: "jwt" };
  readonly callbacks: {
    jwt(params: { readonly token: Jwt }): Promise<Jwt>;
    session(params: { readonly session: object; readonly token: Jwt }): object;
  };
}
/** What is in the cookie. */
interface Jwt {
  readonly tokens: Tokens;
  readonly error?: string;
}

const AUTH: string = "@auth/core";
const { Auth } = (await import(AUTH)) as AuthCore;
const { encode } = (await import(`${AUTH}/jwt`)) as AuthJwt;

const COOKIE = "__Secure-authjs.session-token";
const SESSION_URL = "https://localhost/auth/session";
const MONTH_S = 30 * 24 * 60 * 60;

/**
 * As Auth.js documents the rotation of refresh tokens: the `jwt` callback refreshes, and what it
 * returns goes into the cookie. This is the core of next-auth 5, asked for a session as Next.js asks
 * it.
 */
export const makeAuthJs: MakeRecipe = async () => ({
  async signIn(_request, tokens) {
    const value = await encode({ token: { tokens }, secret: SECRET, salt: COOKIE });
    const attributes = `Path=/; Max-Age=${MONTH_S}; HttpOnly; Secure; SameSite=Lax`;
    return new Response(null, { headers: { "Set-Cookie": `${COOKIE}=${value}; ${attributes}` } });
  },
  async serve(request, errand) {
    const answer = await Auth(new Request(SESSION_URL, request), configFor(errand));
    const session = (await answer.json()) as { readonly tokens?: Tokens } | null;
    const headers = new Headers();
    for (const cookie of answer.headers.getSetCookie()) headers.append("Set-Cookie", cookie);
    return Response.json(errand.reply(session?.tokens), { headers });
  },
});

function configFor(errand: Errand): AuthConfig {
  return {
    secret: SECRET,
    basePath: "/auth",
    trustHost: true,
    providers: [],
    session: { strategy: "jwt" },
    callbacks: {
      jwt: ({ token }) => refreshed(token, errand),
      session: ({ session, token }) => {
        // With an error in it the page sends the visitor to sign in again.
        const tokens = token.error === undefined ? token.tokens : undefined;
        return { ...session, tokens };
      },
    },
  };
}

async function refreshed(token: Jwt, errand: Errand): Promise<Jwt> {
  const { tokens } = token;
  if (!errand.isStale(tokens)) return token;
  try {
    const next = await errand.refresh(tokens.refresh);
    await errand.reach("before the commit");
    await errand.reach("in the commit");
    return { ...token, tokens: next };
  } catch (error) {
    if (!(error instanceof GrantEndedError)) throw error;
    return { ...token, error: "RefreshTokenError" };
  }
}
