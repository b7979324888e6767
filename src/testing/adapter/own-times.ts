import assert from "node:assert/strict";
import { SHOP, sessionLines } from "./shop.ts";
import { answer, type Tell } from "./stage.ts";

/** What ends at a time of its own, and what else a session is told of itself. */
export function tellOwnTimes(tell: Tell): void {
  tell("shows a value until it is due, and the session goes on", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/code": async ({ open }) => {
        const session = await open();
        session.set("name", "123456", { expiresIn: "10m" });
        session.set("cart", ["tea"]);
        return answer("sent");
      },
      "/cart": async ({ open }) => answer((await open()).get("cart")),
    });
    await client.get("/code");
    stage.clock.advance("9m");
    assert.equal(await (await client.get("/name")).text(), "123456");
    stage.clock.advance("2m");
    assert.equal(await (await client.get("/name")).text(), "");
    assert.equal(await (await client.get("/cart")).text(), "tea");
  });

  tell("gives a sign-in a lifetime of its own, and its cookie no longer one", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/kiosk": async ({ open }) => {
        const session = await open();
        await session.signIn("ada", { persistent: true, absoluteTimeout: "20m" });
        return answer(session.endsAt - session.createdAt);
      },
    });
    const response = await client.get("/kiosk");
    assert.equal(await response.text(), "1200000");
    assert.match(sessionLines(response)[0] ?? "", /; Max-Age=1200; Expires=/);
    stage.clock.advance("19m");
    assert.equal(await (await client.get("/who")).text(), "ada");
    stage.clock.advance("2m");
    assert.equal(await (await client.get("/who")).text(), "nobody");
  });

  tell("shows every message to the next request, by its key, and no more", async (stage) => {
    const client = await stage.serve({
      "/leave": async ({ open }) => {
        const session = await open();
        for (const text of ["Saved.", "Sent."]) session.flash("notice", text);
        session.flash("error", "Lost.");
        return answer("left");
      },
      "/take": async ({ open }) => answer(JSON.stringify((await open()).takeAll())),
    });
    await client.get("/leave");
    const taken: unknown = await (await client.get("/take")).json();
    assert.deepEqual(taken, { notice: ["Saved.", "Sent."], error: ["Lost."] });
    assert.deepEqual(await (await client.get("/take")).json(), {});
  });

  tell("keeps what a device is called for the list of devices", async (stage) => {
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions], {
      "/sign-in": async ({ open }) => {
        await (await open()).signIn("ada", { label: "Phone", place: "Lisbon" });
        return answer("signed in");
      },
      "/call": async ({ open }) => {
        (await open()).label = "Kitchen tablet";
        return answer("called");
      },
    });
    const devices = async (): Promise<unknown> =>
      (await sessions.list({ userId: "ada" })).map(({ label, place }) => [label, place]);
    await client.get("/sign-in");
    assert.deepEqual(await devices(), [["Phone", "Lisbon"]]);
    await client.get("/call");
    assert.deepEqual(await devices(), [["Kitchen tablet", "Lisbon"]]);
  });
}
