import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type TestClient, testClient } from "sojourn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../demo/browser.ts";
import { freePort } from "../support/servers/test-server.ts";
import { markdownExamples } from "./support/examples.ts";
import { type Server, startServer } from "./support/processes.ts";
import { folderInside } from "./support/project.ts";

const RECIPES = markdownExamples().filter(({ place }) => place.startsWith("docs/hand-off.md"));

let folder: string;
let data: string;
/** Two sites to a browser, and two cookie jars: another port alone is neither. */
let accounts: string;
let shop: string;
let service: string;
const servers: Server[] = [];

async function start(name: string, port: number): Promise<void> {
  const listening = new RegExp(`${name}\\.listen\\(\\d+\\);`);
  const recipe = RECIPES.find(({ code }) => listening.test(code));
  const code = (recipe?.code ?? "")
    .replaceAll("https://accounts.example", accounts)
    .replaceAll("https://shop.example", shop)
    .replace(listening, `${name}.listen(${port}, () => console.log(${port}));`);
  expect(code).toContain(`${name}.listen(${port}`);
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, code);
  servers.push(await startServer([file], { cwd: data }));
}

beforeAll(async () => {
  folder = folderInside("hand-off");
  data = mkdtempSync(join(tmpdir(), "sojourn-hand-off-"));
  const [one, other, third] = [await freePort(), await freePort(), await freePort()];
  accounts = `http://localhost:${one}`;
  shop = `http://127.0.0.1:${other}`;
  service = `http://localhost:${third}`;
  await start("accounts", one);
  await start("shop", other);
  await start("service", third);
}, 240_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

/** What the form of a page would post, and where. */
async function formOf(
  page: Response,
): Promise<{ readonly action: string; readonly form: Record<string, string> }> {
  const html = await page.text();
  const [, action = ""] = /<form method="post" action="([^"]*)"/.exec(html) ?? [];
  const fields = [...html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  const form = Object.fromEntries(fields.map(([, name = "", value = ""]) => [name, value]));
  return { action: new URL(action, page.url).href, form };
}

async function press(client: TestClient, page: Response): Promise<Response> {
  const { action, form } = await formOf(page);
  return client.post(action, { form });
}

/** A visitor who has signed in on the one domain, and stands before the button to the other one. */
async function atTheButton(client: TestClient): Promise<Response> {
  const question = await client.get(`${shop}/sign-in`);
  expect(question.status).toBe(401);
  return press(client, question);
}

describe("two domains, as docs/hand-off.md shows them, in two processes", () => {
  it("carry a sign-in over", async () => {
    const client = testClient(shop);
    expect(await (await client.get("/")).text()).toBe("Nobody");
    const button = await atTheButton(client);
    expect(button.url).toContain(`${accounts}/hand-off?challenge=`);
    expect(button.headers.get("cache-control")).toBe("no-store");
    expect(button.headers.get("referrer-policy")).toBe("no-referrer");
    const arrival = await press(client, button);
    expect(arrival.url).toBe(`${shop}/arrive`);
    expect(arrival.headers.getSetCookie()).toEqual([]);
    const home = await press(client, arrival);
    expect(home.url).toBe(`${shop}/`);
    expect(await home.text()).toBe("Signed in as ada");
    expect(
      client
        .cookies()
        .map(({ domain }) => domain)
        .sort(),
    ).toEqual(["127.0.0.1", "localhost"]);
  });

  it("put no code into any address [ASVS 14.2.1]", async () => {
    const client = testClient(shop);
    const button = await atTheButton(client);
    const { action, form } = await formOf(button);
    expect(form["code"]).toMatch(/^[\w-]{43}$/);
    const arrival = await client.post(action, { form });
    for (const url of [button.url, arrival.url, (await press(client, arrival)).url]) {
      expect(url).not.toContain(form["code"]);
    }
  });

  it("sign nobody in by a code that somebody else sends them", async () => {
    const attacker = testClient(shop);
    const { form } = await formOf(await atTheButton(attacker));
    const victim = testClient(shop);
    expect((await victim.post("/redeem", { form })).status).toBe(403);
    await victim.get("/sign-in", { redirect: "manual" });
    const answer = await victim.post("/redeem", { form });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toBe("That did not work. Please begin again.");
    expect(await (await victim.get("/")).text()).toBe("Nobody");
  });

  it("take two clicks for one", async () => {
    const client = testClient(shop);
    const { form } = await formOf(await atTheButton(client));
    const answers = await Promise.all([1, 2].map(() => client.post("/redeem", { form })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await (await client.get("/")).text()).toBe("Signed in as ada");
  });
});

describe("the same in a real browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });

  afterAll(() => browser?.close());

  it("which sends no cookie with another site's form, but with the page that follows it", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const cookies: Record<string, string | undefined> = {};
    page.on("request", async (request) => {
      const { pathname } = new URL(request.url());
      if (request.method() === "POST") cookies[pathname] = (await request.allHeaders())["cookie"];
    });
    await page.goto(`${shop}/sign-in`);
    await page.click("text=Sign in");
    await page.click("text=Continue to the shop");
    await page.waitForURL(`${shop}/`);
    expect(await page.textContent("body")).toBe("Signed in as ada");
    expect(cookies).toEqual({
      "/sign-in": expect.any(String),
      "/arrive": undefined,
      "/redeem": expect.stringMatching(/^session=/),
    });
    await context.close();
  });
});

describe("an app and its web view, as docs/hand-off.md shows them", () => {
  it("carry a sign-in over by a verifier of the app's own", async () => {
    const app = testClient(service);
    await app.post("/sign-in");
    const verifier = randomBytes(32).toString("base64url");
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const answer = await app.post("/hand-off", { json: { challenge } });
    const { code } = JSON.parse(await answer.text());
    const webView = testClient(service);
    const stolen = testClient(service);
    expect((await stolen.post("/app", { form: { code } })).status).toBe(403);
    const guess = randomBytes(32).toString("base64url");
    expect((await stolen.post("/app", { form: { code, verifier: guess } })).status).toBe(403);
    const home = await webView.post("/app", { form: { code, verifier } });
    expect(await home.text()).toBe("Signed in as ada");
    expect((await stolen.post("/app", { form: { code, verifier } })).status).toBe(403);
    expect(await (await app.get("/")).text()).toBe("Signed in as ada");
  });

  it("answer a challenge that is none with 422", async () => {
    const app = testClient(service);
    await app.post("/sign-in");
    expect((await app.post("/hand-off", { json: { challenge: "<script>" } })).status).toBe(422);
    expect((await app.post("/hand-off", { json: {} })).status).toBe(400);
  });
});
