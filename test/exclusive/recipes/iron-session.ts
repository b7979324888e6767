import { type CookieJar, getIronSession, type IronSession, webCookies } from "iron-session";
import { type Errand, GrantEndedError } from "../errand.ts";
import type { Tokens } from "../tokens.ts";
import { type MakeRecipe, SECRET } from "./recipe.ts";

interface Data {
  tokens: Tokens;
}

/** As iron-session is used: the handler refreshes, and saves the new tokens into the cookie. */
export const makeIronSession: MakeRecipe = async () => ({
  async signIn(request, tokens) {
    const headers = new Headers();
    const session = await open(webCookies(request, headers));
    session.tokens = tokens;
    await session.save();
    return new Response(null, { headers });
  },
  async serve(request, errand) {
    const headers = new Headers();
    const session = await open(webCookies(request, headers));
    await refreshIn(session, errand);
    return Response.json(errand.reply(session.tokens), { headers });
  },
});

function open(cookies: CookieJar): Promise<IronSession<Data>> {
  return getIronSession<Data>(cookies, { password: SECRET, cookieName: "iron" });
}

async function refreshIn(session: IronSession<Data>, errand: Errand): Promise<void> {
  const { tokens } = session;
  if (tokens === undefined || !errand.isStale(tokens)) return;
  try {
    session.tokens = await errand.refresh(tokens.refresh);
  } catch (error) {
    if (!(error instanceof GrantEndedError)) throw error;
    return session.destroy();
  }
  await errand.reach("before the commit");
  await errand.reach("in the commit");
  await session.save();
}
