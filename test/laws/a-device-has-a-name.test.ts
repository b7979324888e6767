import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OptionsError } from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { SetClock } from "./support/clock.ts";
import { places } from "./support/everywhere.ts";
import { World } from "./support/world.ts";

const PLACES = places();
beforeAll(() => PLACES.start());
afterAll(() => PLACES.stop());

const naming = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => [session.label ?? null, session.place ?? null])).json;

describe.each(PLACES.all)("a device's name, $name", (place) => {
  async function visitor(): Promise<Browser> {
    const [sessions] = await place.open(new SetClock(Date.now()));
    return new Browser(sessions);
  }

  it("is what the sign-in says, and so is the place", async () => {
    const browser = await visitor();
    await browser.visit((session) =>
      session.signIn("ada", { label: "Ada's tablet", place: "Lisbon, Portugal" }),
    );
    expect(await naming(browser)).toEqual(["Ada's tablet", "Lisbon, Portugal"]);
  });

  it("is what the user calls it later, stored with the response", async () => {
    const browser = await visitor();
    await browser.visit((session) => session.signIn("ada", { label: "Tablet", place: "Lisbon" }));
    await browser.visit((session) => {
      session.label = "Kitchen tablet";
      expect(session.label).toBe("Kitchen tablet");
    });
    expect(await naming(browser)).toEqual(["Kitchen tablet", "Lisbon"]);
    await browser.visit((session) => {
      session.label = undefined;
      expect(session.label).toBeUndefined();
    });
    expect(await naming(browser)).toEqual([null, "Lisbon"]);
  });

  it("stays under a new token, and with the same user", async () => {
    const browser = await visitor();
    await browser.visit((session) => session.signIn("ada", { label: "Tablet", place: "Lisbon" }));
    await browser.visit((session) => session.regenerate());
    expect(await naming(browser)).toEqual(["Tablet", "Lisbon"]);
    await browser.visit((session) => session.signIn("ada"));
    expect(await naming(browser)).toEqual(["Tablet", "Lisbon"]);
    await browser.visit((session) => session.signIn("ada", { place: "Porto", label: "" }));
    expect(await naming(browser)).toEqual([null, "Porto"]);
  });

  it("ends with the sign-out, and is no other user's", async () => {
    const browser = await visitor();
    await browser.visit((session) => session.signIn("ada", { label: "Tablet", place: "Lisbon" }));
    await browser.visit((session) => session.signIn("bob"));
    expect(await naming(browser)).toEqual([null, null]);
    await browser.visit(async (session) => {
      await session.signIn("ada");
      session.label = "Ada's";
      await session.signIn("bob");
    });
    expect(await naming(browser)).toEqual([null, null]);
    await browser.visit((session) => session.signIn("bob", { label: "Phone", place: "Porto" }));
    await browser.visit((session) => session.signOut());
    expect(await naming(browser)).toEqual([null, null]);
  });

  it("may be given before the sign-in, which takes it along", async () => {
    const browser = await visitor();
    await browser.visit((session) => {
      session.label = "Stored before";
    });
    await browser.visit((session) => session.signIn("ada"));
    expect(await naming(browser)).toEqual(["Stored before", null]);
    await browser.visit(async (session) => {
      session.label = "Wished in the same request";
      await session.signIn("ada");
    });
    expect(await naming(browser)).toEqual(["Wished in the same request", null]);
  });

  it("is seen from outside", async () => {
    const browser = await visitor();
    await browser.visit((session) => session.signIn("ada", { label: "Tablet", place: "Lisbon" }));
    const cookie = [...browser.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const view = await browser.sessions.read(new Headers({ cookie }));
    expect([view?.label, view?.place]).toEqual(["Tablet", "Lisbon"]);
  });
});

describe.each(PLACES.where("finds by user"))("the list of devices, $name", (place) => {
  it("shows each name and each place, in every process", async () => {
    const [here, there] = await place.open(new SetClock(Date.now()));
    const signedIn = async (label: string | undefined, where: string | undefined) => {
      const browser = new Browser(here);
      await browser.visit((session) => session.signIn("ada", { label, place: where }), {
        headers: { "user-agent": "Test/1.0" },
      });
      return browser;
    };
    await signedIn(undefined, undefined);
    await signedIn(`${"Küche 👩‍🍳 ".repeat(30)}`, "Ελλάδα");
    const renamed = await signedIn("Phone", "Lisbon");
    await renamed.visit((session) => {
      session.label = "Kitchen tablet";
    });
    const listed = await there.list({ userId: "ada" });
    expect(listed.map(({ label, place: where }) => [label, where])).toEqual(
      expect.arrayContaining([
        [undefined, undefined],
        ["Küche 👩‍🍳 ".repeat(30).slice(0, 200).trim(), "Ελλάδα"],
        ["Kitchen tablet", "Lisbon"],
      ]),
    );
    expect(listed.map(({ device }) => device)).toEqual(Array(3).fill("Test/1.0"));
    const { json: id } = await renamed.visit((session) => session.id);
    expect(await there.find(String(id))).toMatchObject({ label: "Kitchen tablet" });
  });
});

describe("a device's name", () => {
  it.each([
    ["a control character", "Tab\0let\u001b[31m", "Tab let [31m"],
    ["a line break", " Kitchen\r\ntablet\u2028", "Kitchen tablet"],
    ["what turns the direction of reading", "\u202egnp.exe", "gnp.exe"],
    ["half of a surrogate pair", "A\ud83d", "A"],
    ["too much", "x".repeat(5_000_000), "x".repeat(200)],
    ["half of the last character", `${"x".repeat(199)}👍`, "x".repeat(199)],
    ["a joined character, which stays", "👩‍🍳", "👩‍🍳"],
    ["nothing to be seen", " \n\u200e ", undefined],
    ["what looks like a note", '"k":{"a":1}', '"k":{"a":1}'],
  ])("is kept on one line and short where it has %s", async (_what, given, kept) => {
    const world = new World();
    const browser = await world.signedIn("ada", { a: 1 });
    await browser.visit((session) => {
      session.label = given;
      expect(session.label).toBe(kept);
    });
    expect(await naming(browser)).toEqual([kept ?? null, null]);
    await browser.visit((session) => session.signIn("ada", { label: given, place: given }));
    expect(await naming(browser)).toEqual([kept ?? null, kept ?? null]);
    expect((await browser.visit((session) => session.get("a"))).json).toBe(1);
  });

  it("must be a text, which a programmer is told", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      expect(() => Object.assign(session, { label: 7 })).toThrow(OptionsError);
      expect(() => Object.assign(session, { label: null })).toThrow("session.label");
      expect(() => Object.assign(session, { place: "Lisbon" })).toThrow("can only be read");
      await expect(session.signIn("ada", { label: 7 as never })).rejects.toThrow("signIn(label)");
      await expect(session.signIn("ada", { place: {} as never })).rejects.toThrow("signIn(place)");
    });
    expect(await naming(browser)).toEqual([null, null]);
  });

  it("costs no write where it is given the name that it has", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit((session) => {
      session.label = "Tablet";
    });
    world.switch.forget();
    await browser.visit((session) => {
      session.label = "Phone";
      session.label = " Tablet ";
    });
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("is merged with what parallel requests write", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      session.label = "Tablet";
      session.set("a", 1, { expiresIn: "1m" });
      await browser.copy(world.process()).visit((theirs) => {
        theirs.set("b", 2, { expiresIn: "1m" });
        theirs.persistent = true;
      });
    });
    const { json } = await browser.visit((session) => [
      session.label,
      session.get("a"),
      session.get("b"),
      session.persistent,
    ]);
    expect(json).toEqual(["Tablet", 1, 2, true]);
  });

  it("outlives the sign-in of a request that was on its way when it was given", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(async (session) => {
      await browser.copy(world.process()).visit((theirs) => {
        theirs.label = "Tablet";
      });
      await session.signIn("ada");
    });
    expect(await naming(browser)).toEqual(["Tablet", null]);
  });

  it("is dropped with a response that fails", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await browser.visit(
      (session) => {
        session.label = "Tablet";
      },
      { status: 500 },
    );
    expect(await naming(browser)).toEqual([null, null]);
  });
});
