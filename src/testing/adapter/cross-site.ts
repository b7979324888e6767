import assert from "node:assert/strict";
import { SHOP } from "./shop.ts";
import { ORIGIN, type Tell } from "./stage.ts";

/** What a browser says of a page that sends a form here. */
const FOREIGN: readonly Record<string, string>[] = [
  { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
  { "sec-fetch-site": "same-site", origin: "https://blog.shop.example" },
  { origin: "https://evil.example" },
  { origin: "null" },
  { origin: "http://shop.example" },
];

const OWN: readonly Record<string, string>[] = [
  { "sec-fetch-site": "same-origin", origin: ORIGIN },
  { "sec-fetch-site": "none" },
  { origin: ORIGIN },
];

/** Whose page has sent a request decides whether it gets a session (CSRF). */
export function tellCrossSite(tell: Tell): void {
  tell(
    "answers 403 to what another site's page posts, and asks the store nothing",
    async (stage) => {
      const client = await stage.serve(SHOP);
      await client.get("/sign-in");
      const asked = stage.store.calls.length;
      for (const headers of FOREIGN) {
        for (const path of ["/count", "/sign-in", "/sign-out"]) {
          const response = await client.post(path, { headers });
          assert.equal(response.status, 403, JSON.stringify(headers));
          assert.deepEqual(response.headers.getSetCookie(), []);
        }
      }
      assert.equal(stage.store.calls.length, asked);
      assert.equal(await (await client.get("/who")).text(), "ada");
      assert.equal(await (await client.get("/visits")).text(), "0");
      assert.deepEqual(stage.reports, []);
    },
  );

  tell("serves the application's own pages, and who is no browser", async (stage) => {
    const client = await stage.serve(SHOP);
    let count = 0;
    for (const headers of [...OWN, {}]) {
      count += 1;
      const response = await client.post("/count", { headers });
      assert.equal(await response.text(), String(count), JSON.stringify(headers));
    }
  });

  tell("lets links of other sites lead to pages", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/sign-in");
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    assert.equal(await (await client.get("/who", { headers })).text(), "ada");
  });

  tell("opens the session where the route allows it, and for nobody else", async (stage) => {
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions], {
      ...SHOP,
      "/callback": async ({ request }) => {
        const session = await sessions.open(request, { crossSite: "allow" });
        const refused = await sessions.open(request).then(
          () => "opened",
          () => "refused",
        );
        return { status: 200, headers: [], body: `${session.isNew} ${refused}` };
      },
    });
    const [headers] = FOREIGN;
    assert.equal(await (await client.post("/callback", { headers })).text(), "true refused");
  });
}
