import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBrowser } from "../demo/browser.ts";
import { type Attempt, openDevServer, openSites, type Sites } from "./sites.ts";

const FORMS = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"] as const;

let browser: Browser;
let context: BrowserContext;
let page: Page;
let sites: Sites;
let own: string;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  sites = await openSites();
  own = `http://localhost:${sites.port}`;
  context = await browser.newContext();
  page = await context.newPage();
});

afterEach(async () => {
  await context.close();
  await sites.close();
});

/** Who is signed in, and how often something was changed, as the visitor's own page shows it. */
async function standing(): Promise<unknown> {
  await page.goto(`${own}/who`);
  return JSON.parse((await page.textContent("body")) ?? "");
}

async function signIn(): Promise<void> {
  await page.goto(`${own}/in`);
  expect(await standing()).toEqual({ user: "ada", n: 0 });
  sites.attempts.length = 0;
}

/** The last request that may have changed something. */
async function attempt(): Promise<Attempt> {
  await expect.poll(() => sites.attempts.length).toBeGreaterThan(0);
  return sites.attempts.at(-1) ?? expect.unreachable();
}

/** Runs a script in the page, which has what is given to it as `given`. */
function run(script: string, given: unknown): Promise<unknown> {
  return page.evaluate(`(async (given) => {${script}})(${JSON.stringify(given)})`);
}

/** Posts a form, and waits for the answer's page. */
async function submit(
  action: string,
  { enctype = "application/x-www-form-urlencoded", leadsTo = action, to = "mallory" } = {},
): Promise<void> {
  await run(
    `
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: given.action, enctype: given.enctype });
    form.innerHTML = '<input name="to" value="' + given.to + '">';
    document.body.append(form);
    form.submit();`,
    { action, enctype, to },
  );
  await page.waitForURL(leadsTo);
}

/** Another port of the same host gets the cookie, another host does not: both are refused. */
const NEIGHBOURS = [
  ["another port", "localhost", "same-site", true],
  ["another site", "127.0.0.1", "cross-site", false],
] as const;

describe.each(NEIGHBOURS)("in Chromium, a page of %s", (_, host, site, hasCookie) => {
  let foreign: string;

  beforeEach(async () => {
    foreign = `http://${host}:${sites.foreignPort}`;
    await signIn();
    await page.goto(`${foreign}/`);
  });

  it.each(FORMS)("posts no form: %s [ASVS 3.5.1] [ASVS 3.5.2] [WSTG-SESS-05]", async (enctype) => {
    await submit(`${own}/change`, { enctype });
    expect(await attempt()).toMatchObject({ outcome: 403, site, hasCookie });
    expect(await standing()).toEqual({ user: "ada", n: 0 });
  });

  it("fetches nothing that changes something, though nobody asks before [ASVS 3.5.2]", async () => {
    await run(
      `
      const init = { method: "POST", mode: "no-cors", credentials: "include" };
      await fetch(given, { ...init, body: new Blob(["{}"], { type: "text/plain" }) });`,
      `${own}/change`,
    );
    expect(await attempt()).toMatchObject({ outcome: 403, site, hasCookie });
    await run(`navigator.sendBeacon(given, "x");`, `${own}/change`);
    await expect.poll(() => sites.attempts.length).toBe(2);
    expect(await attempt()).toMatchObject({ outcome: 403, site });
    expect(await standing()).toEqual({ user: "ada", n: 0 });
  });

  it("signs nobody in as somebody else [ASVS 7.6.2]", async () => {
    await submit(`${own}/in?user=mallory`);
    expect(await attempt()).toMatchObject({ outcome: 403, site });
    expect(await standing()).toEqual({ user: "ada", n: 0 });
    await context.clearCookies();
    await page.goto(`${foreign}/`);
    await submit(`${own}/in?user=mallory`);
    await expect.poll(() => sites.attempts.length).toBe(2);
    expect(await context.cookies()).toEqual([]);
  });

  it("opens no WebSocket as the visitor [ASVS 4.4.2]", async () => {
    const url = `ws://localhost:${sites.port}/live`;
    expect(await told(url)).toBe("nobody");
    expect(await attempt()).toMatchObject({ method: "GET", hasCookie, origin: foreign });
  });
});

/** What a WebSocket of the page is told. */
function told(url: string): Promise<unknown> {
  return run(
    `
    const socket = new WebSocket(given);
    return new Promise((resolve, reject) => {
      socket.onmessage = ({ data }) => {
        resolve(data);
        socket.close();
      };
      socket.onerror = () => reject(new Error("no WebSocket"));
    });`,
    url,
  );
}

describe("in Chromium, what is nobody's page", () => {
  it("posts no form: a sandboxed frame, whose origin is opaque", async () => {
    await signIn();
    await page.goto(`${own}/page`);
    // Within the application's own page, as where it shows what a visitor has uploaded.
    await run(
      `
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts allow-forms");
      frame.srcdoc =
        '<form method="post" action="' + given + '"></form><script>document.forms[0].submit()</' + 'script>';
      document.body.append(frame);`,
      `${own}/change`,
    );
    expect(await attempt()).toMatchObject({ outcome: 403, origin: "null" });
    expect(await standing()).toEqual({ user: "ada", n: 0 });
  });

  it.each([
    ["another port", "localhost"],
    ["another site", "127.0.0.1"],
  ])("is led back by %s: a form of one's own that is redirected", async (_, host) => {
    await signIn();
    sites.redirectTo = `${own}/change`;
    await page.goto(`${own}/page`);
    const leadsTo = `${own}/change`;
    await submit(`http://${host}:${sites.foreignPort}/redirect`, { leadsTo });
    expect(await attempt()).toMatchObject({ outcome: 403, origin: "null" });
    expect(await standing()).toEqual({ user: "ada", n: 0 });
  });
});

describe("in Chromium, the application's own page", () => {
  it.each(FORMS)("posts its forms: %s", async (enctype) => {
    await signIn();
    await page.goto(`${own}/page`);
    await submit(`${own}/change`, { enctype });
    expect(await attempt()).toMatchObject({ outcome: 200, site: "same-origin", hasCookie: true });
    expect(await standing()).toEqual({ user: "ada", n: 1 });
  });

  it("fetches, and opens its WebSockets", async () => {
    await signIn();
    await page.goto(`${own}/page`);
    await run(`await fetch(given, { method: "PUT", body: "{}" });`, "/change");
    expect(await attempt()).toMatchObject({ outcome: 200, site: "same-origin" });
    expect(await told(`ws://localhost:${sites.port}/live`)).toBe("ada");
  });

  it("posts its forms through a dev server that changes Host, and no other page does", async () => {
    const dev = await openDevServer(sites.port);
    own = `http://localhost:${dev.port}`;
    await signIn();
    await page.goto(`${own}/page`);
    await submit(`${own}/change`);
    expect(await attempt()).toMatchObject({ outcome: 200, site: "same-origin", origin: own });
    await page.goto(`http://localhost:${sites.foreignPort}/`);
    await submit(`${own}/change`);
    expect(await attempt()).toMatchObject({ outcome: 403, site: "same-site", hasCookie: true });
    expect(await standing()).toEqual({ user: "ada", n: 1 });
    dev.close();
  });

  it("is reached by a link of another site, signed in", async () => {
    await signIn();
    await page.goto(`http://127.0.0.1:${sites.foreignPort}/`);
    await run(
      `
      const link = document.createElement("a");
      link.href = given;
      document.body.append(link);
      link.click();`,
      `${own}/who`,
    );
    await page.waitForURL(`${own}/who`);
    expect(JSON.parse((await page.textContent("body")) ?? "")).toEqual({ user: "ada", n: 0 });
  });

  it("posts its forms where Chromium does not say whose page it was: plain HTTP, by Origin", async () => {
    // Such a name counts for no secure context, so that no Sec-Fetch-Site is sent.
    await context.close();
    await browser.close();
    browser = await openBrowser(["--host-resolver-rules=MAP *.local 127.0.0.1"]);
    context = await browser.newContext();
    page = await context.newPage();
    own = `http://shop.local:${sites.port}`;
    await signIn();
    await page.goto(`${own}/page`);
    await submit(`${own}/change`);
    expect(await attempt()).toMatchObject({ outcome: 200, site: undefined, origin: own });
    await page.goto(`http://evil.local:${sites.foreignPort}/`);
    await submit(`${own}/change`);
    await expect.poll(() => sites.attempts.length).toBe(2);
    expect(await attempt()).toMatchObject({ outcome: 403, site: undefined });
    expect(await standing()).toEqual({ user: "ada", n: 1 });
  });
});

describe("in Chromium, another site's form that was asked for", () => {
  async function begun(of: Page): Promise<string> {
    await of.goto(`${own}/saml`);
    return (await of.textContent("body")) ?? "";
  }

  it("signs in, and the session that did not come with it goes on", async () => {
    await page.goto(`${own}/page`);
    await run(`await fetch(given, { method: "POST" });`, "/change");
    const to = await begun(page);
    await page.goto(`http://127.0.0.1:${sites.foreignPort}/`);
    await submit(`${own}/acs`, { to, leadsTo: `${own}/who` });
    expect(await attempt()).toMatchObject({
      ...{ path: "/acs", outcome: 303, site: "cross-site", hasCookie: false },
    });
    expect(await standing()).toEqual({ user: "ada", n: 1 });
    // Once.
    await page.goto(`http://127.0.0.1:${sites.foreignPort}/`);
    await submit(`${own}/acs`, { to });
    expect(await attempt()).toMatchObject({ path: "/acs", outcome: 403 });
  });

  it("signs nobody in by what somebody else has begun (login CSRF) [ASVS 7.6.2]", async () => {
    const mallory = await browser.newContext();
    const planted = await begun(await mallory.newPage());
    await page.goto(`${own}/saml`);
    await page.goto(`http://127.0.0.1:${sites.foreignPort}/`);
    await submit(`${own}/acs`, { to: planted });
    expect(await attempt()).toMatchObject({ path: "/acs", outcome: 403 });
    expect(await standing()).toEqual({ user: null, n: 0 });
    await mallory.close();
  });
});
