import assert from "node:assert/strict";
import { connect } from "node:net";
import type { AdapterAnswer } from "./port.ts";
import { COOKIE_NAME, SHOP, sessionLines, tokenOf } from "./shop.ts";
import { answer, ORIGIN, type Routes, type Tell } from "./stage.ts";

/** What a framework does by itself: redirects, error pages, mounted parts, requests in a row. */
export function tellFrameworksWays(tell: Tell): void {
  tell("keeps what was set before its redirect", async (stage) => {
    const client = await stage.serve({ ...SHOP, "/set-and-go": settingThen(redirect("/name")) });
    const response = await client.get("/set-and-go", { redirect: "manual" });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "/name");
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("sends the cookie of a sign-in along with its redirect", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/sign-in-and-go": signingInThen(redirect("/who")),
    });
    const response = await client.post("/sign-in-and-go", { redirect: "manual" });
    assert.equal(response.status, 303);
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("keeps what was set before its error of the visitor's making", async (stage) => {
    const client = await stage.serve({ ...SHOP, "/refuse": settingThen(failure(422)) });
    const response = await client.get("/refuse");
    assert.equal(response.status, 422);
    await response.text();
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell(
    "stores nothing before its error of the server's making, but what was saved",
    async (stage) => {
      const client = await stage.serve({
        ...SHOP,
        "/fail": settingThen(failure(500)),
        "/save-and-fail": async ({ open }) => {
          const session = await open();
          session.set("name", "saved");
          await session.save();
          session.set("name", "lost");
          return failure(500);
        },
      });
      const failed = await client.get("/fail");
      assert.equal(failed.status, 500);
      await failed.text();
      assert.deepEqual(sessionLines(failed), []);
      assert.equal(await (await client.get("/name")).text(), "");
      const saved = await client.get("/save-and-fail");
      assert.equal(saved.status, 500);
      await saved.text();
      assert.equal(sessionLines(saved).length, 1);
      assert.equal(await (await client.get("/name")).text(), "saved");
    },
  );

  tell("shows its error page after a sign-in, with the cookie", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/sign-in-and-fail": signingInThen(failure(422)),
      "/fail": () => failure(422),
    });
    const usual = startOf(await (await client.get("/fail")).text());
    const response = await client.post("/sign-in-and-fail");
    assert.equal(response.status, 422);
    assert.equal(sessionLines(response).length, 1);
    assert.equal(startOf(await response.text()), usual);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("tells a browser that its page is the newest, and stores what was set", async (stage) => {
    const etag: [string, string] = ["ETag", '"page"'];
    const client = await stage.serve({
      ...SHOP,
      "/page": settingThen({ status: 304, headers: [etag], body: undefined }),
    });
    const headers = { "If-None-Match": '"page"' };
    const response = await client.get("/page", { headers });
    assert.equal(response.status, 304);
    assert.equal(response.headers.get("etag"), '"page"');
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("finds the session in what is mounted", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/mounted/count": async ({ open }) =>
        answer(await (await open()).update("visits", (n) => n + 1)),
      "/mounted/sign-in": signingInThen(redirect("/who")),
    });
    assert.equal(await (await client.get("/mounted/count")).text(), "1");
    assert.equal(await (await client.get("/visits")).text(), "1");
    await (await client.post("/mounted/sign-in", { redirect: "manual" })).text();
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell(
    "answers requests that come in a row on one connection, each by its own session",
    async (stage) => {
      const client = await stage.serve({
        ...SHOP,
        "/set-ada": settingThen(answer("Ada")),
        "/set-eve": async ({ open }) => {
          (await open()).set("name", "Eve");
          return answer("Eve");
        },
      });
      if (typeof stage.target !== "string") {
        throw new Error("Only a socket carries several. Declare the deviation, with its reason.");
      }
      const paths = ["/untouched", "/set-ada", "/set-eve", "/name"];
      const replies = await inARow(new URL(stage.target), paths);
      assert.deepEqual(
        replies.map(({ head }) => /^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
        ["200", "200", "200", "200"],
      );
      const tokens = replies.map(({ head }) => tokenIn(head));
      assert.deepEqual(
        tokens.map((token) => token !== undefined),
        [false, true, true, false],
      );
      for (const [place, name] of [
        [1, "Ada"],
        [2, "Eve"],
      ] as const) {
        const headers = { cookie: `${COOKIE_NAME}=${tokens[place]}` };
        assert.equal(await (await stage.client().get("/name", { headers })).text(), name);
      }
      assert.equal(await (await client.get("/name")).text(), "");
    },
  );
}

type Handler = Routes[string];

/** In development some pages show a stack, which differs from route to route. */
function startOf(page: string): string {
  return page.slice(0, 60);
}

function settingThen(next: AdapterAnswer): Handler {
  return async ({ open }) => {
    (await open()).set("name", "Ada");
    return next;
  };
}

function signingInThen(next: AdapterAnswer): Handler {
  return async ({ open }) => {
    await (await open()).signIn("ada");
    return next;
  };
}

function redirect(location: string): AdapterAnswer {
  return { status: 303, headers: [["Location", location]], body: undefined, by: "redirect" };
}

function failure(status: number): AdapterAnswer {
  return { ...answer(`Error ${status}`, { status }), by: "error" };
}

/** One answer, of a connection that carries several. */
interface Reply {
  readonly head: string;
}

/** Sends all of them before it reads the first answer. The last one closes the connection. */
async function inARow({ hostname, port, host }: URL, paths: readonly string[]): Promise<Reply[]> {
  const socket = connect(Number(port), hostname);
  const proto = `X-Forwarded-Proto: ${new URL(ORIGIN).protocol.slice(0, -1)}`;
  socket.write(
    paths
      .map((path, place) => {
        const isLast = place === paths.length - 1;
        const close = isLast ? "\r\nConnection: close" : "";
        return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${proto}${close}\r\n\r\n`;
      })
      .join(""),
  );
  const text = Buffer.concat(await socket.toArray()).toString("latin1");
  return text
    .split(/(?=HTTP\/1\.1 \d{3})/)
    .filter((part) => part.startsWith("HTTP/"))
    .map((part) => ({ head: part.split("\r\n\r\n", 1)[0] ?? "" }));
}

function tokenIn(head: string): string | undefined {
  const line = head.split("\r\n").find((each) => each.toLowerCase().startsWith("set-cookie: "));
  return line === undefined ? undefined : tokenOf(line.slice("set-cookie: ".length));
}
