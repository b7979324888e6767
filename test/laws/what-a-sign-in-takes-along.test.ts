import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOfOneLogin } from "../../src/core/keeping.ts";
import type { Session, Untyped } from "../../src/index.ts";
import { MINUTE } from "./support/clock.ts";
import { World } from "./support/world.ts";

const dataOf = (session: Session<Untyped>): Untyped => Object.fromEntries([...session.entries()]);

/** What is left of the data after a sign-in. */
async function takenAlong(data: Untyped, options: Record<string, unknown> = {}): Promise<unknown> {
  const browser = await new World(options).returning(data);
  await browser.visit((session) => session.signIn("ada"));
  return (await browser.visit(dataOf)).json;
}

describe("a visitor who signs in", () => {
  it.each([
    ["csrfToken"],
    ["_csrf"],
    ["_csrf_token"],
    ["CSRFSecret"],
    ["xsrf"],
    ["oauthState"],
    ["oidc.nonce"],
    ["pkce_verifier"],
    ["pendingMfa"],
    ["otp"],
    ["2fa_user"],
    ["returnTo"],
    ["redirect_url"],
  ])(
    "leaves %s behind, which whoever planted the session knows [CVE-2022-35943, CVE-2022-24895, CVE-2023-29020]",
    async (key) => {
      expect(await takenAlong({ [key]: "planted", cart: ["tea"] })).toEqual({ cart: ["tea"] });
    },
  );

  it.each([
    ["cart"],
    ["theme"],
    ["returns"],
    ["state"],
    ["token"],
    ["announcement"],
    ["samlet"],
    ["adoption"],
    ["total"],
  ])("takes %s along", async (key) => {
    expect(await takenAlong({ [key]: 1 })).toEqual({ [key]: 1 });
  });

  it("takes along what this request has set before it signed in, whatever it is called", async () => {
    const browser = await new World().returning({ csrfToken: "planted" });
    await browser.visit(async (session) => {
      session.get("csrfToken");
      session.set("oauthTokens", { access: "fresh" });
      await session.signIn("ada");
    });
    expect((await browser.visit(dataOf)).json).toEqual({ oauthTokens: { access: "fresh" } });
  });

  it("takes along only what the options name, or nothing, or all", async () => {
    const data = { cart: 1, theme: 2, csrfToken: 3 };
    expect(await takenAlong(data, { keepAtSignIn: ["cart"] })).toEqual({ cart: 1 });
    expect(await takenAlong(data, { keepAtSignIn: "none" })).toEqual({});
    expect(await takenAlong(data, { keepAtSignIn: "all" })).toEqual(data);
    expect(() => new World({ keepAtSignIn: "cart" as never })).toThrow(
      "keepAtSignIn: must be one of",
    );
  });

  it("keeps all at a step-up, which plants nothing", async () => {
    const browser = await new World({ keepAtSignIn: "none" }).signedIn("ada");
    await browser.visit((session) => session.set("csrfToken", "own"));
    await browser.visit((session) => session.signIn("ada", { factors: ["totp"] }));
    expect((await browser.visit(dataOf)).json).toEqual({ csrfToken: "own" });
  });

  it("leaves its time behind with what it leaves", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => {
      session.set("nonce", 1, { expiresIn: "10m" });
      session.set("cart", 1, { expiresIn: "10m" });
    });
    await browser.visit((session) => session.signIn("ada"));
    await browser.visit((session) => session.set("nonce", 2));
    world.clock.move(10 * MINUTE);
    expect((await browser.visit(dataOf)).json).toEqual({ nonce: 2 });
  });

  it("has what the sign-in itself says, as ever", async () => {
    const browser = await new World({ keepAtSignIn: "none" }).returning({ csrfToken: 1, cart: 2 });
    await browser.visit((session) => session.signIn("ada", { keep: ["csrfToken"] }));
    expect((await browser.visit(dataOf)).json).toEqual({ csrfToken: 1 });
  });
});

describe("the name of a key", () => {
  it("tells of a CSRF token however it is spelt", () => {
    const spelling = fc.constantFrom("csrf", "CSRF", "Csrf", "xsrf", "XSRF");
    const edge = fc.constantFrom("", "_", "app.", "my-", "x_");
    const rest = fc.constantFrom("", "Token", "_token", "-secret", "TOKEN", "token");
    fc.assert(
      fc.property(edge, spelling, rest, (before, name, after) =>
        isOfOneLogin(`${before}${name}${after}`),
      ),
    );
  });
});
