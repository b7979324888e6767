import assert from "node:assert/strict";
import type { SessionEvents } from "../../core/events.ts";
import { SHOP, sessionLines } from "./shop.ts";
import { answer, gate, type Handler, type Tell } from "./stage.ts";

/** Laws 1 and 2, with requests that really run at the same time. */
export function tellRaces(tell: Tell): void {
  for (const path of ["/destroy", "/sign-out", "/regenerate", "/sign-in"] as const) {
    tell(`fails a slow writer that meets ${path} with 409 and no cookie`, async (stage) => {
      const slow = slowWriter();
      const client = await stage.serve({ ...SHOP, "/slow": slow.handle });
      await client.get("/sign-in");
      const late = client.get("/slow");
      await slow.reached;
      const newest = await client.get(path);
      assert.equal(newest.status, 200);
      slow.open();
      const response = await late;
      assert.equal(response.status, 409);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.notEqual(await response.text(), "slow");
      assert.equal(await (await client.get("/name")).text(), "");
      const isSignedIn = path === "/regenerate" || path === "/sign-in";
      assert.equal(await (await client.get("/who")).text(), isSignedIn ? "ada" : "nobody");
    });
  }

  tell("fails a slow writer whose session is revoked with 409 and no cookie", async (stage) => {
    const slow = slowWriter();
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions], { ...SHOP, "/slow": slow.handle });
    await client.get("/sign-in");
    const late = client.get("/slow");
    await slow.reached;
    await sessions.revokeAll({ userId: "ada" });
    slow.open();
    const response = await late;
    assert.equal(response.status, 409);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(await (await client.get("/who")).text(), "nobody");
  });

  tell("lets a slow reader of an ended session pass, without a cookie", async (stage) => {
    const door = gate();
    const client = await stage.serve({
      ...SHOP,
      "/slow": async ({ open }) => {
        const session = await open();
        await door.pass();
        return answer(session.get("name"));
      },
    });
    await client.get("/set-name");
    const late = client.get("/slow");
    await door.reached;
    await client.get("/destroy");
    door.open();
    const response = await late;
    assert.equal(response.status, 200);
    assert.deepEqual(sessionLines(response), []);
    assert.deepEqual(client.cookies(), []);
  });

  tell("reads a dead cookie as ended, and leaves the browser's newer one alone", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/ended": async ({ open }) => answer((await open()).isEnded),
    });
    await client.get("/sign-in");
    const [{ name = "", value = "" } = {}] = client.cookies();
    await client.get("/regenerate");
    const late = await client.get("/ended", { headers: { cookie: `${name}=${value}` } });
    assert.equal(await late.text(), "true");
    assert.deepEqual(late.headers.getSetCookie(), []);
    const write = await client.get("/set-name", { headers: { cookie: `${name}=${value}` } });
    assert.equal(write.status, 409);
    assert.deepEqual(write.headers.getSetCookie(), []);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("loses no update of twenty parallel requests", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/count");
    const counted = await Promise.all(
      Array.from({ length: 20 }, async () => Number(await (await client.get("/count")).text())),
    );
    const expected = Array.from({ length: 20 }, (_, index) => index + 2);
    assert.deepEqual(
      counted.sort((a, b) => a - b),
      expected,
    );
    assert.equal(await (await client.get("/visits")).text(), "21");
  });

  tell("keeps what parallel requests change under different keys", async (stage) => {
    const doors = [gate(), gate()] as const;
    const [first, second] = doors;
    const client = await stage.serve({
      ...SHOP,
      "/one": async ({ open }) => {
        const session = await open();
        await first.pass();
        session.set("name", "Ada");
        return answer("one");
      },
      "/other": async ({ open }) => {
        const session = await open();
        await second.pass();
        session.get("cart").push("tea");
        return answer("other");
      },
      "/both": async ({ open }) => {
        const session = await open();
        return answer(`${session.get("name")} ${session.get("cart").join()}`);
      },
    });
    await client.get("/count");
    const requests = [client.get("/one"), client.get("/other")];
    await Promise.all([first.reached, second.reached]);
    for (const door of doors) door.open();
    await Promise.all(requests);
    assert.equal(await (await client.get("/both")).text(), "Ada tea");
  });

  tell("reports a late write", async (stage) => {
    const slow = slowWriter();
    const sessions = stage.manager();
    const late: SessionEvents["lateWrite"][] = [];
    sessions.on("lateWrite", (event) => late.push(event));
    const client = await stage.serveWith([sessions], { ...SHOP, "/slow": slow.handle });
    await client.get("/set-name");
    const response = client.get("/slow");
    await slow.reached;
    await client.get("/destroy");
    slow.open();
    await response;
    assert.deepEqual(
      late.map(({ attempt, reason }) => [attempt, reason]),
      [["write", "destroyed"]],
    );
  });
}

/** A handler that has opened its session and is slow to write. */
function slowWriter(): { handle: Handler; readonly reached: Promise<void>; open(): void } {
  const door = gate();
  return {
    handle: async ({ open }) => {
      const session = await open();
      await door.pass();
      session.set("name", "too late");
      return answer("slow");
    },
    reached: door.reached,
    open: () => door.open(),
  };
}
