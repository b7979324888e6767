import assert from "node:assert/strict";
import { SHOP } from "./shop.ts";
import { answer, type Gate, gate, type Handler, type Tell } from "./stage.ts";

const CROWD = 5;

/** One request of many does the work, whichever the framework serves first. */
export function tellExclusive(tell: Tell): void {
  tell("does it once for parallel requests, and tells each what came of it", async (stage) => {
    let arrived = 0;
    let runs = 0;
    const all = gate();
    const client = await stage.serve({
      ...SHOP,
      "/work": async ({ open }) => {
        const session = await open();
        arrived += 1;
        if (arrived === CROWD) all.open();
        const count = await session.exclusive("count", async (held) => {
          runs += 1;
          await all.pass();
          return held.update("visits", (n) => n + 1);
        });
        return answer(`${count} ${session.get("visits")}`);
      },
    });
    await client.get("/set-name");
    const answers = await Promise.all(Array.from({ length: CROWD }, () => client.get("/work")));
    const texts = await Promise.all(answers.map((each) => each.text()));
    assert.deepEqual(texts, Array(CROWD).fill("1 1"));
    assert.equal(runs, 1);
    assert.equal(await (await client.get("/visits")).text(), "1");
  });

  tell("lets it stand where the handler then ends in a 5xx", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/work": async ({ open }) => {
        const session = await open();
        session.set("name", "Grace");
        await session.exclusive("count", (held) => held.update("visits", (n) => n + 1));
        return answer("broken", { status: 500 });
      },
    });
    await client.get("/set-name");
    assert.equal((await client.get("/work")).status, 500);
    assert.equal(await (await client.get("/visits")).text(), "1");
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("answers 503 where somebody else is at it for too long", async (stage) => {
    const door = gate();
    const client = await stage.serve({ ...SHOP, "/slow": working(door), "/work": working() });
    await client.get("/set-name");
    const slow = client.get("/slow");
    await door.reached;
    const busy = await client.get("/work");
    assert.equal(busy.status, 503);
    assert.notEqual(await busy.text(), "done");
    door.open();
    assert.equal((await slow).status, 200);
    assert.equal(await (await client.get("/visits")).text(), "1");
  });
}

function working(door?: Gate): Handler {
  return async ({ open }) => {
    const session = await open();
    await session.exclusive("count", { wait: 50 }, async (held) => {
      await door?.pass();
      await held.update("visits", (n) => n + 1);
    });
    return answer("done");
  };
}
