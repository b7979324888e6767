import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  add,
  cartLines,
  end,
  isSignedIn,
  openBrowser,
  PASSWORD,
  register,
  sessionCookie,
  sessionId,
  signIn,
} from "./browser.ts";
import { type ShopServer, startShop } from "./shop-server.ts";

let browser: Browser;
let folder: string;
let shop: ShopServer;
const contexts: BrowserContext[] = [];

/** A device of its own, with an empty cookie jar. */
async function device(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: shop.url,
    reducedMotion: "reduce",
    ...options,
  });
  contexts.push(context);
  return context.newPage();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-shop-"));
  [browser, shop] = await Promise.all([openBrowser(), startShop(join(folder, "shop.db"))]);
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

afterAll(async () => {
  await browser.close();
  await shop.end("SIGTERM");
  await rm(folder, { recursive: true });
});

describe("A visit", () => {
  it("costs no cookie until there is something to remember", async () => {
    const page = await device();
    await page.goto("/");
    await page.goto("/cart");
    expect(await page.context().cookies()).toEqual([]);
  });

  it("is kept by a cookie that no script can read and that ends with the browser", async () => {
    const page = await device();
    await add(page, "mug");
    expect(await sessionCookie(page.context())).toMatchObject({
      httpOnly: true,
      sameSite: "Lax",
      path: "/",
      expires: -1,
    });
    expect(await page.evaluate("document.cookie")).toBe("");
  });

  it("keeps theme, language and the things seen", async () => {
    const page = await device();
    await page.goto("/things/kettle");
    await page.getByRole("button", { name: "Switch to dark" }).click();
    await page.getByRole("button", { name: "Deutsch" }).click();
    await page.getByRole("heading", { name: "Wasserkessel", level: 1 }).waitFor();
    await page.goto("/");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    expect(await page.locator("html").getAttribute("lang")).toBe("de");
    expect(await page.locator(".recent span").allTextContents()).toEqual(["Wasser\u00ADkessel"]);
  });

  it("counts twenty parallel clicks exactly", async () => {
    const page = await device();
    await page.goto("/session");
    await page.getByRole("button", { name: "Stamp once" }).click();
    await page.getByText("1 stamp", { exact: true }).waitFor();
    const statuses = await page.evaluate(
      `Promise.all(Array.from({ length: 20 }, () =>
        fetch("/visits", { method: "POST" }).then((response) => response.status)))`,
    );
    expect(statuses).toEqual(Array(20).fill(200));
    await page.reload();
    expect(await page.locator("#visits").textContent()).toBe("21");
  });

  it("loses no parallel click in the cart", async () => {
    const page = await device();
    await add(page, "mug");
    await page.evaluate(
      `Promise.all(["mug", "map", "mug", "tea", "map", "mug"].map((sku) =>
        fetch("/cart", { method: "POST", body: new URLSearchParams({ sku }) })))`,
    );
    expect((await cartLines(page)).toSorted()).toEqual([
      "1 Tea for the road",
      "2 Walking map",
      "4 Enamel mug",
    ]);
  });

  it("shows a message exactly once", async () => {
    const page = await device();
    await add(page, "mug");
    expect(await page.getByRole("status").count()).toBe(1);
    await page.reload();
    expect(await page.getByRole("status").count()).toBe(0);
  });
});

describe("The cart", () => {
  it("changes and removes its lines", async () => {
    const page = await device();
    await add(page, "mug");
    await add(page, "map");
    await page.goto("/cart");
    await page.getByRole("button", { name: "One more Enamel mug" }).click();
    await page.getByRole("button", { name: "Remove Walking map" }).click();
    await page.getByText("Taken out of your cart.").waitFor();
    expect(await cartLines(page)).toEqual(["2 Enamel mug"]);
    await page.getByRole("button", { name: "One Enamel mug fewer" }).click();
    await page.getByRole("button", { name: "One Enamel mug fewer" }).click();
    await page.getByText("Nothing in it yet.").waitFor();
  });

  it("survives registration and sign-in", async () => {
    const page = await device();
    await add(page, "lantern");
    const before = await sessionCookie(page.context());
    const email = await register(page);
    expect(await cartLines(page)).toEqual(["1 Storm lantern"]);
    expect((await sessionCookie(page.context()))?.value).not.toBe(before?.value);

    const other = await device();
    await add(other, "tea");
    await signIn(other, email);
    expect(await cartLines(other)).toEqual(["1 Tea for the road"]);
  });

  it("is ordered by a user who signed in just now, and is empty afterwards", async () => {
    const page = await device();
    await add(page, "stool");
    await page.goto("/checkout");
    expect(page.url()).toContain("/sign-in?next=/checkout");
    await register(page);
    await page.goto("/checkout");
    await page.getByRole("button", { name: "Place the order" }).click();
    await page.getByText(/Your order W-\d+/).waitFor();
    await page.reload();
    expect(new URL(page.url()).pathname).toBe("/");
    expect(await cartLines(page)).toEqual([]);
  });
});

describe("An account", () => {
  it("is remembered on request by a cookie that outlives the browser", async () => {
    const page = await device();
    await signIn(page, await register(page), "remember");
    const cookie = await sessionCookie(page.context());
    expect(cookie?.expires).toBeGreaterThan(Date.now() / 1_000 + 13 * 86_400);
  });

  it("keeps theme and language at sign-out, and nothing else", async () => {
    const page = await device();
    await register(page);
    await add(page, "mug");
    await page.getByRole("button", { name: "Switch to dark" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    expect(await page.locator(".recent").count()).toBe(0);
    expect(await cartLines(page)).toEqual([]);
  });

  it("is not betrayed by a failed sign-in", async () => {
    const page = await device();
    const known = await register(page);
    const answers: string[] = [];
    for (const email of [known, "nobody@example.com"]) {
      const form = { email, password: "not the password" };
      const response = await page.request.post("/sign-in", { form });
      answers.push(`${response.status()} ${(await response.text()).replaceAll(email, "")}`);
    }
    expect(answers[0]).toMatch(/^422 .*do not belong together/s);
    expect(answers[0]).toBe(answers[1]);
  });

  it("goes on to the shop's own pages only", async () => {
    const page = await device();
    await page.goto("/sign-in?next=//evil.example/");
    expect(await page.locator("[name=next]").inputValue()).toBe("/");
  });
});

describe("Your devices", () => {
  it("shows every device, and ends one of them, all others or all [ASVS 7.5.2]", async () => {
    const here = await device();
    const email = await register(here);
    const there = await device();
    const elsewhere = await device();
    await signIn(there, email);

    await here.goto("/account");
    const names = await here.locator(".device h3").allTextContents();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^Chrome( Headless)? \d+ on Linux\s+This device\s*$/);
    await end(here, "Sign out there");
    await here.getByText("Signed out there.").waitFor();
    expect(await here.locator(".device").count()).toBe(1);
    expect(await isSignedIn(there)).toBe(false);

    await signIn(elsewhere, email);
    await here.reload();
    await end(here, "Sign out everywhere else");
    await here.getByText("Signed out everywhere else.").waitFor();
    expect(await isSignedIn(elsewhere)).toBe(false);
    expect(await isSignedIn(here)).toBe(true);

    await here.goto("/account");
    await end(here, "Sign out everywhere");
    await here.getByText("Signed out everywhere, here too.").waitFor();
    expect(await isSignedIn(here)).toBe(false);
  });

  it("ends no device of somebody else", async () => {
    const victim = await device();
    await register(victim);
    const id = await sessionId(victim);
    const attacker = await device();
    await register(attacker);
    await attacker.request.post(`/devices/${id}/end`, { form: { password: PASSWORD } });
    expect(await isSignedIn(victim)).toBe(true);
  });

  it("ends none without the password, however long ago the sign-in was [ASVS 7.5.2]", async () => {
    const owner = await device();
    const email = await register(owner);
    const thief = await device();
    await signIn(thief, email);
    const paths = [
      `/devices/${await sessionId(owner)}/end`,
      "/devices/end-others",
      "/devices/end-all",
    ];
    for (const path of paths) {
      for (const form of [{}, { password: "not the password" }]) {
        expect((await thief.request.post(path, { form })).status()).toBe(422);
      }
    }
    expect(await isSignedIn(owner)).toBe(true);
    expect(await isSignedIn(thief)).toBe(true);
  });
});

describe("The shop", () => {
  it("works without client JavaScript", async () => {
    const page = await device({ javaScriptEnabled: false });
    await add(page, "mug");
    await register(page, "<b>Ada</b>");
    expect(await cartLines(page)).toEqual(["1 Enamel mug"]);
    await page.getByRole("link", { name: "Session" }).click();
    expect(await page.locator(".facts").textContent()).toContain("<b>Ada</b>");
    await page.getByRole("button", { name: "Stamp once" }).click();
    expect(await page.locator("#visits").textContent()).toBe("1");
    expect(await page.locator(".time").allTextContents()).toEqual([
      expect.stringMatching(/^(30:00|29:5\d)$/),
      expect.stringMatching(/^(12:00:00|11:59:5\d)$/),
    ]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
  });

  it("refuses forms from another site, and from another port of its own", async () => {
    const elsewhere = await serveForm(`${shop.url}/cart`);
    const { port } = elsewhere.address() as AddressInfo;
    const page = await device();
    await add(page, "mug");
    for (const host of ["localhost", "127.0.0.1"]) {
      await page.goto(`http://${host}:${port}/`);
      const answered = page.waitForResponse(`${shop.url}/cart`);
      await page.getByRole("button").click();
      expect((await answered).status()).toBe(403);
      await page.getByRole("heading", { name: "Not from over there" }).waitFor();
    }
    expect(await cartLines(page)).toEqual(["1 Enamel mug"]);
    elsewhere.close();
  });

  it("judges a browser without Sec-Fetch-Site by its Origin", async () => {
    const { request } = await device();
    const statusFor = async (origin: string): Promise<number> => {
      const answer = await request.post("/visits", { headers: { origin }, maxRedirects: 0 });
      return answer.status();
    };
    expect(await statusFor(shop.url)).toBe(303);
    expect(await statusFor("http://evil.example")).toBe(403);
    expect(await statusFor("null")).toBe(403);
  });

  it("takes a malformed request for data", async () => {
    const { request } = await device();
    const statusOf = async (path: string, body: string): Promise<number> => {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return (await request.post(path, { data: body, headers })).status();
    };
    expect(await statusOf("/cart", "sku=unicorn")).toBe(404);
    expect(await statusOf("/cart", "sku=mug&sku=map")).toBe(404);
    expect(await statusOf("/cart/mug", "change=__proto__")).toBe(400);
    expect(await statusOf("/preferences/theme", "theme=%")).toBe(400);
    expect(await statusOf("/cart", `sku=${"x".repeat(20_000)}`)).toBe(413);
    expect((await request.get("/things/%E0%A4%A")).status()).toBe(400);
    expect((await request.get("/things/unicorn")).status()).toBe(404);
  });

  it("tells a visitor whose session has ended meanwhile", async () => {
    const page = await device();
    await register(page);
    const stale = await page.context().cookies();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.context().addCookies(stale);
    await page.locator(".chip--plus").first().click();
    await page.getByRole("heading", { name: "This session has ended" }).waitFor();
  });

  it("answers an outage with 503 and signs nobody out", async () => {
    const page = await device();
    await register(page);
    const blocker = new DatabaseSync(join(folder, "shop.db"));
    blocker.exec("BEGIN IMMEDIATE");
    const answer = await page.request.post("/visits");
    expect(answer.status()).toBe(503);
    expect(await answer.text()).toContain("Back in a moment");
    blocker.exec("ROLLBACK");
    blocker.close();
    expect(await isSignedIn(page)).toBe(true);
  });
});

describe("The shop's process", () => {
  it("asks for the password again before an order, eleven minutes after sign-in [ASVS 7.5.3]", async () => {
    const own = await startShop(join(folder, "later.db"));
    const page = await device({ baseURL: own.url });
    await register(page);
    await add(page, "mug");
    own.later();
    const checkoutPath = async (): Promise<string> => {
      await page.goto("/checkout");
      return new URL(page.url()).pathname;
    };
    await expect.poll(checkoutPath).toBe("/confirm");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Place the order" }).waitFor();
    expect(await own.end("SIGTERM")).toBe(0);
  });

  it("may be killed: after a restart everybody is signed in and every cart is there", async () => {
    const database = join(folder, "killed.db");
    const first = await startShop(database);
    const page = await device({ baseURL: first.url });
    const stranger = await device({ baseURL: first.url });
    await register(page);
    await add(page, "mug");
    await add(stranger, "map");
    await first.end("SIGKILL");

    const second = await startShop(database, first.port);
    expect(second.url).toBe(first.url);
    expect(await isSignedIn(page)).toBe(true);
    expect(await cartLines(page)).toEqual(["1 Enamel mug"]);
    expect(await cartLines(stranger)).toEqual(["1 Walking map"]);
    await second.end("SIGTERM");
  });

  it("takes the next free port where its own is taken", async () => {
    const next = await startShop(join(folder, "next.db"), shop.port);
    expect(next.port).toBeGreaterThan(shop.port);
    await next.end("SIGTERM");
  });
});

/** Another site, with a form that puts something into this shop's cart. */
function serveForm(action: string): Promise<Server> {
  const form = `<form method="post" action="${action}"><button name="sku" value="map">Win</button></form>`;
  const server = createServer((_req, res) => {
    res.setHeader("Content-Type", "text/html").end(form);
  });
  return new Promise((resolve) => {
    server.listen(0, () => resolve(server));
  });
}
