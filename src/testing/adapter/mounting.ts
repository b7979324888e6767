import assert from "node:assert/strict";
import { COOKIE_NAME, SHOP } from "./shop.ts";
import { answer, type Tell } from "./stage.ts";

/** How the adapter is mounted, and how it is not. */
export function tellMounting(tell: Tell): void {
  tell("tells a program that mounted no adapter what to mount", async (stage) => {
    const client = await stage.serveWith([], {
      "/": async ({ open }) => answer(await failureOf(open())),
    });
    assert.match(await (await client.get("/")).text(), /^ERR_SESSION_OPTIONS .*sessionMiddleware/);
  });

  tell("tells a program that passes something else what to pass", async (stage) => {
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions], {
      "/": async () => {
        const others = [{}, undefined, null, "request", 7] as readonly object[];
        const failures = others.map(async (other) => failureOf(sessions.open(other)));
        return answer((await Promise.all(failures)).join("\n"));
      },
    });
    const failures = (await (await client.get("/")).text()).split("\n");
    assert.equal(failures.length, 5);
    for (const failure of failures) assert.match(failure, /^ERR_SESSION_OPTIONS .*open\(request\)/);
  });

  tell("takes a manager that is mounted twice for one that is mounted once", async (stage) => {
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions, sessions], SHOP);
    const response = await client.get("/set-name");
    assert.equal(response.headers.getSetCookie().length, 1);
    assert.deepEqual(stage.store.calls, ["create"]);
    assert.equal(await (await client.get("/name")).text(), "Ada");
    stage.store.failWrites();
    assert.equal((await client.get("/count")).status, 503);
  });

  tell("keeps two managers apart that are mounted together", async (stage) => {
    const shop = stage.manager();
    const office = stage.manager({ name: "office" });
    const client = await stage.serveWith([shop, office], {
      ...SHOP,
      "/both": async ({ request }) => {
        const [visitor, clerk] = await Promise.all([shop.open(request), office.open(request)]);
        visitor.set("name", "Ada");
        clerk.set("name", "Grace");
        return answer("both");
      },
      "/office": async ({ request }) => answer((await office.open(request)).get("name")),
    });
    const response = await client.get("/both");
    const names = response.headers.getSetCookie().map((line) => line.split("=", 1)[0]);
    assert.deepEqual(names.sort(), ["__Host-Http-office", COOKIE_NAME]);
    assert.equal(await response.text(), "both");
    assert.equal(await (await client.get("/name")).text(), "Ada");
    assert.equal(await (await client.get("/office")).text(), "Grace");
  });

  tell("answers 503 where one of two managers cannot store", async (stage) => {
    const shop = stage.manager();
    const office = stage.manager({ name: "office" });
    const client = await stage.serveWith([shop, office], {
      "/both": async ({ request }) => {
        (await shop.open(request)).get("name");
        (await office.open(request)).set("name", "Grace");
        return answer("both");
      },
    });
    stage.store.failWrites();
    const response = await client.get("/both");
    assert.equal(response.status, 503);
    assert.deepEqual(response.headers.getSetCookie(), []);
  });
}

async function failureOf(opening: Promise<unknown>): Promise<string> {
  return opening.then(
    () => "opened",
    (error: { readonly code: string; readonly message: string }) =>
      `${error.code} ${error.message}`,
  );
}
