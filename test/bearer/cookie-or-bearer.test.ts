import { describe, expect, it, vi } from "vitest";
import { cookieOrBearer } from "../../src/cookies/bearer/index.ts";
import { by, shop, signIn, signOut, tokenOf, UNKNOWN } from "./support/shop.ts";

describe("cookieOrBearer()", () => {
  it("answers a browser with a cookie, and an application with a header", async () => {
    const { ask } = shop(cookieOrBearer());
    const browser = await ask({}, signIn);
    expect(browser.headers.has("session-token")).toBe(false);
    const [line = ""] = browser.headers.getSetCookie();
    expect(line).toMatch(
      /^__Host-Http-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect(browser.headers.get("vary")).toBe("Cookie, Authorization");
    const cookie = line.split(";", 1)[0] ?? "";
    expect(await (await ask({ cookie })).json()).toBe("ada");
  });

  it("lets the header decide where both come, and leaves the cookie as it is", async () => {
    const made = shop(cookieOrBearer());
    const [line = ""] = (
      await made.ask({}, (session) => session.signIn("eve"))
    ).headers.getSetCookie();
    const cookie = line.split(";", 1)[0] ?? "";
    const authorization = `Bearer ${await tokenOf(made)}`;
    expect(await (await made.ask({ cookie, authorization })).json()).toBe("ada");
    const { headers } = await made.ask({ cookie, authorization }, signOut);
    expect([headers.get("session-token"), headers.getSetCookie()]).toEqual(["", []]);
    expect(await (await made.ask({ cookie })).json()).toBe("eve");
  });

  it.each(["Bearer", "Bearer mistyped", `Bearer ${UNKNOWN}`])(
    "neither opens the cookie's session nor tells a script of it: %s",
    async (authorization) => {
      const made = shop(cookieOrBearer());
      const [line = ""] = (await made.ask({}, signIn)).headers.getSetCookie();
      const cookie = line.split(";", 1)[0] ?? "";
      const answer = await made.ask({ cookie, authorization }, async (session) => {
        await session.regenerate().catch(() => undefined);
        session.set("n", 1);
        return session.userId;
      });
      expect(await answer.json()).toBeNull();
      const told = answer.headers.get("session-token") ?? "";
      expect(await (await made.ask(by(told))).json()).toBeNull();
      expect(await (await made.ask({ cookie })).json()).toBe("ada");
    },
  );

  it("takes over the sessions of an earlier framework, for browsers", () => {
    const adopted = { beside: vi.fn((carrier) => carrier) };
    const sessions = shop(cookieOrBearer(), { adopt: [adopted] });
    expect(adopted.beside).toHaveBeenCalledOnce();
    expect(sessions).toBeDefined();
  });
});
