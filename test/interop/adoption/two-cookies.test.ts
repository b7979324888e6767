import { beforeEach, describe, expect, it } from "vitest";
import { KEY, OldSite, show } from "../support/old-site.ts";

const PLANTED = "00000000-0000-4000-8000-000000000002";
const ADA = { user: "ada", values: { cart: ["tea"] } };
let site: OldSite;
beforeEach(() => {
  site = new OldSite();
  site.visitor({ cart: ["tea"], _user: "ada" });
});

/** What a request with old cookies of these keys is shown; browsers send longer paths first. */
async function shown(...keys: readonly string[]): Promise<unknown> {
  const manager = site.open();
  const cookie = keys.map((key) => `toy=${key}`).join("; ");
  const request = new Request("https://localhost/", { headers: { cookie } });
  const response = await manager.handle(request, async (asked) =>
    Response.json(show(await manager.open(asked))),
  );
  return response.json();
}

describe("of two old cookies", () => {
  it("the one counts that is signed in, and it alone is taken over", async () => {
    site.visitor({ cart: ["rum"] }, {}, PLANTED);
    expect(await shown(PLANTED, KEY)).toEqual(ADA);
    expect([...site.rows.rows.keys()]).toEqual([PLANTED]);
    expect(site.told).toEqual(["created ada"]);
    // Also with late requests, whatever has been made of the other one meanwhile.
    await shown(PLANTED);
    expect(await shown(PLANTED, KEY)).toEqual(ADA);
  });

  it("the first counts where both are signed in", async () => {
    site.visitor({ cart: ["rum"], _user: "bob" }, {}, PLANTED);
    expect(await shown(KEY, PLANTED)).toEqual(ADA);
    expect([...site.rows.rows.keys()]).toEqual([PLANTED]);
  });

  it("the one counts that can go on, were it not signed in", async () => {
    const browser = site.visitor({ cart: ["rum"], _user: "bob" }, {}, PLANTED);
    browser.jar.set("toy", PLANTED);
    await browser.visit((session) => session.signOut());
    expect(await shown(PLANTED, KEY)).toEqual(ADA);
    site.visitor({ cart: ["milk"] }, {}, "00000000-0000-4000-8000-000000000003");
    expect(await shown(PLANTED, "00000000-0000-4000-8000-000000000003")).toEqual({
      user: null,
      values: { cart: ["milk"] },
    });
  });
});
