import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Session } from "../../../src/core/session.ts";
import { createSessions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { describeAdapter, type TestClient, testClient } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { blocksOf, isInExample } from "../support/guide.ts";
import { type Built, built, hand, serveBuilt } from "../support/kit.ts";

const LOST_HEAD = "srvx lets go of a head that it has not flushed where the body breaks at once";

let app: Built;

beforeAll(async () => {
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
  app = await built({
    example: "solid-start",
    overlays: ["h3-suite", "solid-start"],
    command: ["vite", "build"],
    entry: ".output/server/index.mjs",
    exported: "middleware",
  });
});
afterAll(() => app?.project.remove());

describeAdapter(
  "SolidStart",
  serveBuilt(() => app),
  {
    runner: { describe, it },
    deviations: {
      "reporting: reports a response that breaks off": LOST_HEAD,
      "streaming: cuts the response where what changed after the first byte is lost": LOST_HEAD,
    },
  },
);

interface Data {
  name: string;
}
type Page = (session: Session<Data>) => unknown;

describe("SolidStart", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** A browser at the application, whose server functions are these. */
  async function visit(pages: Readonly<Record<string, Page>>): Promise<TestClient> {
    const sessions = createSessions<Data>({
      store: memoryStore(),
      trustProxy: ["loopback"],
      defaults: { name: "" },
    });
    const opened = Object.entries(pages).map(([name, page]) => [
      name,
      async (request: Request) => page(await sessions.open(request)),
    ]);
    hand({ managers: [sessions] as never, routes: [], pages: Object.fromEntries(opened) });
    const server = await listen(createServer(app.handler));
    closing.push(
      () => sessions.close(),
      () => server.close?.(),
    );
    return testClient(server.target, { origin: "https://shop.example", maxRedirects: 0 });
  }

  const who: Page = (session) => `${session.userId} ${session.get("name")}`;

  async function read(client: TestClient, path: string): Promise<string> {
    // What Solid notes in a page to find its texts again.
    return (await (await client.get(path)).text()).replaceAll(/<!--.*?-->/g, "");
  }

  it("keeps what a query does before the first byte, and what one does after it", async () => {
    const client = await visit({
      "load who": who,
      "load set": (session) => session.set("name", "Ada"),
      "later set": (session) => session.set("name", "Grace"),
    });
    expect((await client.get("/page/set")).headers.getSetCookie()).toHaveLength(1);
    expect(await read(client, "/page/who")).toContain("now: undefined Grace.");
  });

  it("reads a session that is opened while the page streams", async () => {
    const client = await visit({
      "load who": () => "",
      "later who": who,
      "load set": (session) => session.set("name", "Ada"),
    });
    await client.get("/page/set");
    expect(await read(client, "/page/who")).toContain("later: undefined Ada.");
  });

  it("keeps a sign-in and its redirect, of a form without JavaScript", async () => {
    const client = await visit({ "load who": who, "act in": (session) => session.signIn("ada") });
    const action = /action="([^"]+)"/.exec(await read(client, "/page/who"))?.[1] ?? "";
    const response = await client.post(action, { form: { name: "in" }, redirect: "manual" });
    expect([response.status, response.headers.getSetCookie().length]).toEqual([303, 1]);
    expect(new URL(response.headers.get("location") ?? "", "https://shop.example").pathname).toBe(
      "/page/who",
    );
    expect(await read(client, "/page/who")).toContain("now: ada .");
  });
});

it("shows in its guide what stands in the example", async () => {
  const blocks = await blocksOf("solid-start");
  expect(blocks.length).toBeGreaterThan(2);
  for (const block of blocks) expect(await isInExample("solid-start", block), block).toBe(true);
});
