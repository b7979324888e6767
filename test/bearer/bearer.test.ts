import { describe, expect, it, vi } from "vitest";
import { bearer, cookieOrBearer } from "../../src/cookies/bearer/index.ts";
import { InsecureConnectionError, type Session, type Untyped } from "../../src/index.ts";
import { by, type HeaderMap, shop, signIn, signOut, tokenOf, UNKNOWN } from "./support/shop.ts";

const COOKIE = "__Host-Http-session";

const BOTH = [
  ["bearer()", bearer],
  ["cookieOrBearer()", cookieOrBearer],
] as const;

describe.each(BOTH)("%s", (_, transport) => {
  it("tells a new token in a header that no cache keeps, and sends no cookie", async () => {
    const { ask } = shop(transport());
    const { headers } = await ask({ authorization: "Bearer" }, (session) => session.set("n", 1));
    expect(headers.get("session-token")).toMatch(/^[\w-]{43}$/);
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("vary")).toMatch(/\bAuthorization$/);
  });

  it.each(["Bearer", "bearer", "BEARER"])(
    "opens the session of a token after %s",
    async (scheme) => {
      const made = shop(transport());
      const token = await tokenOf(made);
      const answer = await made.ask({ authorization: `${scheme}   ${token}` });
      expect(await answer.json()).toBe("ada");
      expect(answer.headers.has("session-token")).toBe(false);
      expect(answer.headers.get("cache-control")).toBe("private");
    },
  );

  it("gives another token at sign-in, and lets the old one die [ASVS 7.2.4]", async () => {
    const made = shop(transport());
    const { headers } = await made.ask(by(""), (session) => session.set("n", 1));
    const before = headers.get("session-token");
    const after = await tokenOf(made, by(before));
    expect(after).not.toBe(before);
    expect(await (await made.ask(by(before))).json()).toBeNull();
    expect(await (await made.ask(by(after))).json()).toBe("ada");
  });

  it("tells by an empty header that the session has ended [ASVS 7.4.1]", async () => {
    const made = shop(transport());
    const token = await tokenOf(made);
    const { headers } = await made.ask(by(token), signOut);
    expect(headers.get("session-token")).toBe("");
    expect(headers.getSetCookie()).toEqual([]);
    expect(await (await made.ask(by(token))).json()).toBeNull();
  });

  it("says nothing to whoever stores nothing", async () => {
    const { ask, calls } = shop(transport());
    const { headers } = await ask({ authorization: "Bearer" });
    expect([...headers.keys()]).toEqual(["content-type", "vary"]);
    expect(calls).toEqual([]);
  });

  it.each([
    "Bearer x",
    `Bearer ${UNKNOWN} ${UNKNOWN}`,
    `Bearer ${UNKNOWN}, Bearer ${UNKNOWN}`,
    `Bearer "${UNKNOWN}"`,
    `Bearer ${"A".repeat(9_000)}`,
    "Bearer\teyJhbGciOiJIUzI1NiJ9.e30.c2ln",
  ])("takes what is no token for data: %s", async (authorization) => {
    const { ask, rejections, calls } = shop(transport());
    const answer = await ask({ authorization });
    expect([answer.status, await answer.json(), rejections]).toEqual([200, null, ["malformed"]]);
    expect(calls).toEqual([]);
  });

  it.each([`Basic ${UNKNOWN}`, `Bearers ${UNKNOWN}`, UNKNOWN, "", `DPoP ${UNKNOWN}`])(
    "leaves other credentials alone: %s",
    async (authorization) => {
      const { ask, rejections, calls } = shop(transport());
      expect((await ask({ authorization })).status).toBe(200);
      expect([rejections, calls]).toEqual([[], []]);
    },
  );

  it("tells of a token that nobody knows", async () => {
    const { ask, rejections } = shop(transport());
    await ask(by(UNKNOWN));
    expect(rejections).toEqual(["unknown"]);
  });

  it("reads the session of headers, as a WebSocket brings them", async () => {
    const made = shop(transport());
    const authorization = `Bearer ${await tokenOf(made)}`;
    const headers = { authorization, upgrade: "websocket", origin: "https://evil.example" };
    const { sessions } = made;
    expect((await sessions.read(new Headers(headers)))?.userId).toBe("ada");
    expect((await sessions.read(new Request("https://shop.test/", { headers })))?.userId).toBe(
      "ada",
    );
    expect(await sessions.read(new Headers({ authorization: "Bearer" }))).toBeUndefined();
  });

  it("takes a change from whatever page, as no page can have the header sent unasked", async () => {
    const made = shop(transport());
    const headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    const token = await tokenOf(made);
    const post = (more: HeaderMap): Promise<Response> =>
      made.ask({ ...headers, ...more }, (session) => session.set("n", 1), undefined, "POST");
    expect((await post(by(token))).status).toBe(200);
    expect((await post({})).status).toBe(403);
    // Browsers send these by themselves (RFC 7617), for whatever page.
    expect((await post({ authorization: "Basic YWRhOmFkYQ==" })).status).toBe(403);
    expect((await post({ cookie: `${COOKIE}=${token}` })).status).toBe(403);
  });

  it("takes no token over plain HTTP, and tells none", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    const made = shop(transport());
    const { rejections } = made;
    const token = await tokenOf(made);
    const plain = "http://shop.test/";
    expect(await (await made.ask(by(token), undefined, plain)).json()).toBeNull();
    expect(rejections).toEqual(["insecure"]);
    const kept = await made.ask(by(""), (session) => session.set("n", 1), plain);
    expect(kept.headers.has("session-token")).toBe(false);
    const attempt = async (session: Session<Untyped>): Promise<unknown> => {
      const refusal: unknown = await session.signIn("ada").catch((error: unknown) => error);
      return refusal instanceof InsecureConnectionError && refusal.message;
    };
    expect(await (await made.ask(by(""), attempt, plain)).json()).toMatch(
      /^Cannot .*sign in, as no token can be sent: .*could read the token\. Serve HTTPS/,
    );
    expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringMatching(
        /^No session token was sent, and no new session stored: .*read the token/,
      ),
    ]);
    vi.unstubAllEnvs();
    warn.mockRestore();
  });

  it("speaks over plain HTTP in development, to a client at this machine", async () => {
    vi.stubEnv("NODE_ENV", "development");
    const made = shop(transport());
    const { headers } = await made.ask(by(""), signIn, "http://localhost:3000/");
    const token = headers.get("session-token");
    const answer = await made.ask(by(token), undefined, "http://localhost:3000/");
    expect(await answer.json()).toBe("ada");
    vi.unstubAllEnvs();
  });

  it("keeps its word of a session though the page fails after it", async () => {
    const made = shop(transport());
    const token = await tokenOf(made);
    const answer = await made.sessions.handle(
      new Request("https://shop.test/", { headers: by(token) }),
      async (request) => {
        await (await made.sessions.open(request)).regenerate();
        return new Response("broken", { status: 500 });
      },
    );
    const next = answer.headers.get("session-token");
    expect([answer.status, next]).toEqual([500, expect.stringMatching(/^[\w-]{43}$/)]);
    expect(await (await made.ask(by(next))).json()).toBe("ada");
  });
});
