import { answer, type Routes } from "./stage.ts";

/** The name of the session's cookie over HTTPS. */
export const COOKIE_NAME = "__Host-Http-session";

/** What most stories need: a page of each kind. */
export const SHOP: Routes = {
  "/untouched": () => answer("hello"),
  "/open": async ({ open }) => answer((await open()).isNew ? "new" : "known"),
  "/name": async ({ open }) => answer((await open()).get("name")),
  "/set-name": async ({ open }) => {
    (await open()).set("name", "Ada");
    return answer("set");
  },
  "/count": async ({ open }) => answer(await (await open()).update("visits", (n) => n + 1)),
  "/visits": async ({ open }) => answer((await open()).get("visits")),
  "/who": async ({ open }) => answer((await open()).userId ?? "nobody"),
  "/sign-in": async ({ open }) => {
    await (await open()).signIn("ada");
    return answer("signed in");
  },
  "/sign-out": async ({ open }) => {
    await (await open()).signOut();
    return answer("signed out");
  },
  "/destroy": async ({ open }) => {
    await (await open()).destroy();
    return answer("destroyed");
  },
  "/regenerate": async ({ open }) => {
    await (await open()).regenerate();
    return answer("regenerated");
  },
};

/** The session's own `Set-Cookie` lines in a response. */
export function sessionLines(response: Response): string[] {
  return response.headers.getSetCookie().filter((line) => line.startsWith(`${COOKIE_NAME}=`));
}

/** The value of a line of {@link sessionLines}. */
export function tokenOf(line: string | undefined): string {
  return line?.split(";", 1)[0]?.slice(COOKIE_NAME.length + 1) ?? "";
}

/** The attributes of a `Set-Cookie` line, sorted, without name and value. */
export function attributesOf(line: string | undefined): string[] {
  return (line ?? "").split("; ").slice(1).sort();
}
