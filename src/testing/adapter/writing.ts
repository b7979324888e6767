import assert from "node:assert/strict";
import { attributesOf, SHOP, sessionLines } from "./shop.ts";
import { answer, bare, type Handler, type Routes, type Tell } from "./stage.ts";

/** Law 4 for whole responses: nothing leaves before it is kept, and all of it leaves. */
export function tellWriting(tell: Tell): void {
  tell("sends one cookie with every attribute at the first write, and no more", async (stage) => {
    const client = await stage.serve(SHOP);
    const first = await client.get("/set-name");
    assert.equal(await first.text(), "set");
    assert.equal(first.headers.getSetCookie().length, 1);
    assert.match(sessionLines(first)[0] ?? "", /^__Host-Http-session=[\w-]{43};/);
    assert.deepEqual(attributesOf(sessionLines(first)[0]), [
      "HttpOnly",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    assert.equal(first.headers.get("cache-control"), "no-store");
    assert.deepEqual(client.refused(), []);
    const second = await client.get("/count");
    assert.deepEqual(second.headers.getSetCookie(), []);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("lets no cache keep a cookie, whatever the handler says to caches", async (stage) => {
    const rules: Record<string, [string, string]> = {
      "cache-control": ["Cache-Control", "public, max-age=3600"],
      "cdn-cache-control": ["CDN-Cache-Control", "max-age=3600"],
      "surrogate-control": ["Surrogate-Control", "max-age=3600"],
    };
    const routes = Object.entries(rules).map(([name, header]): [string, Handler] => [
      `/${name}`,
      async ({ open }) => {
        (await open()).set("name", "Ada");
        return answer("set", { headers: [header] });
      },
    ]);
    await stage.serve(Object.fromEntries(routes));
    for (const name of Object.keys(rules)) {
      const { headers } = await stage.client().get(`/${name}`);
      assert.equal(headers.getSetCookie().length, 1);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get(name), "no-store");
    }
  });

  tell("keeps what is set, deleted, changed in place and updated", async (stage) => {
    const client = await stage.serve({
      "/fill": async ({ open }) => {
        const session = await open();
        session.set("name", "Ada");
        session.get("cart").push("tea");
        await session.update("visits", (n) => n + 1);
        return answer("filled");
      },
      "/empty": async ({ open }) => {
        const session = await open();
        session.delete("name");
        session.get("cart").pop();
        return answer("emptied");
      },
      "/show": async ({ open }) => answer(JSON.stringify([...(await open()).entries()])),
    });
    const show = async (): Promise<unknown> => (await client.get("/show")).json();
    await client.get("/fill");
    assert.deepEqual(
      new Map((await show()) as [string, unknown][]),
      new Map<string, unknown>([
        ["visits", 1],
        ["name", "Ada"],
        ["cart", ["tea"]],
      ]),
    );
    await client.get("/empty");
    assert.deepEqual(
      new Map((await show()) as [string, unknown][]),
      new Map<string, unknown>([
        ["visits", 1],
        ["name", ""],
        ["cart", []],
      ]),
    );
  });

  tell("shows a redirect's target what was set, with a store that takes 300 ms", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/add": async ({ open }) => {
        (await open()).set("name", "Grace");
        return bare(303, [["Location", "/name"]]);
      },
    });
    stage.store.hinder(() => new Promise((resume) => setTimeout(resume, 300)));
    const page = await client.post("/add");
    assert.equal(page.status, 200);
    assert.equal(await page.text(), "Grace");
  });

  tell("keeps the application's own cookies beside the session's", async (stage) => {
    const client = await stage.serve({
      "/": async ({ open }) => {
        (await open()).set("name", "Ada");
        return answer("cookies", {
          headers: [
            ["Set-Cookie", "theme=dark; Path=/"],
            ["Set-Cookie", "lang=en; Path=/"],
          ],
        });
      },
    });
    const response = await client.get("/");
    const names = response.headers.getSetCookie().map((line) => line.split("=", 1)[0]);
    assert.deepEqual(names.sort(), ["__Host-Http-session", "lang", "theme"]);
  });

  tell("remembers a visitor who asks for it", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/remember": async ({ open }) => {
        const session = await open();
        session.set("name", "Ada");
        session.persistent = true;
        return answer("remembered");
      },
    });
    const response = await client.get("/remember");
    assert.match(sessionLines(response)[0] ?? "", /; Max-Age=7776000; Expires=/);
    stage.clock.advance("13d");
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  for (const status of [204, 205, 304] as const) {
    tell(`commits before a ${status}, which has no body`, async (stage) => {
      const client = await stage.serve({
        ...SHOP,
        "/bare": async ({ open }) => {
          (await open()).set("name", "Ada");
          return bare(status);
        },
      });
      const response = await client.get("/bare");
      assert.equal(response.status, status);
      assert.equal(await response.text(), "");
      assert.equal(sessionLines(response).length, 1);
      assert.equal(await (await client.get("/name")).text(), "Ada");
    });
  }

  tell("commits before the answer to HEAD", async (stage) => {
    const client = await stage.serve(SHOP);
    const response = await client.head("/set-name");
    assert.equal(response.status, 200);
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("sends a body of 5 MB whole", async (stage) => {
    const body = "0123456789abcde\n".repeat(327_680);
    const client = await stage.serve({
      ...SHOP,
      "/large": async ({ open }) => {
        (await open()).set("name", "Ada");
        return answer(body);
      },
    });
    const response = await client.get("/large");
    assert.equal((await response.text()) === body, true);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("shows a message to the next request, once", async (stage) => {
    const client = await stage.serve(MESSAGES);
    await client.get("/leave");
    assert.equal(await (await client.get("/take")).text(), "Saved.");
    assert.equal(await (await client.get("/take")).text(), "none");
  });

  tell("keeps a message that only HEAD or a prefetch has seen", async (stage) => {
    const client = await stage.serve(MESSAGES);
    await client.get("/leave");
    await client.head("/take");
    const ahead = await client.get("/take", { headers: { "Sec-Purpose": "prefetch" } });
    assert.equal(await ahead.text(), "Saved.");
    assert.equal(await (await client.get("/take")).text(), "Saved.");
  });

  tell("refuses to write on a prefetch with 503, and stores nothing", async (stage) => {
    const client = await stage.serve({ ...SHOP });
    for (const path of ["/set-name", "/count", "/sign-in"]) {
      const ahead = await client.get(path, { headers: { "Sec-Purpose": "prefetch;prerender" } });
      assert.equal(ahead.status, 503, path);
      assert.deepEqual(ahead.headers.getSetCookie(), []);
    }
    assert.equal(await (await client.get("/open")).text(), "new");
    assert.deepEqual(stage.store.calls, []);
  });
}

const MESSAGES = {
  "/leave": async ({ open }) => {
    (await open()).flash("notice", "Saved.");
    return answer("left");
  },
  "/take": async ({ open }) => answer((await open()).take("notice") ?? "none"),
} satisfies Routes;
