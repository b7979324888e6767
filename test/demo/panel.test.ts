import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { add, openBrowser, PASSWORD, register, sessionCookie, signIn } from "./browser.ts";
import { HttpVisitor, newEmail, registered } from "./client.ts";
import { type ShopServer, startShop } from "./shop-server.ts";

let browser: Browser;
let folder: string;
let shop: ShopServer;
const contexts: BrowserContext[] = [];

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
  folder = await mkdtemp(join(tmpdir(), "sojourn-panel-"));
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

describe("The panel", () => {
  it("says that a stranger has no session, and gives them none", async () => {
    const page = await device();
    await page.goto("/session");
    expect(await page.locator(".facts").textContent()).toContain("none yet");
    expect(await page.locator("[data-part=log]").textContent()).toContain("Nothing so far.");
    expect(await page.context().cookies()).toEqual([]);
  });

  it("opens beside every page, and closes by its button and by Escape", async () => {
    const page = await device();
    for (const path of ["/", "/things/mug", "/cart", "/sign-in", "/nowhere"]) {
      await page.goto(path);
      const tab = page.getByRole("button", { name: "Session" });
      await tab.click();
      const drawer = page.getByRole("complementary", { name: "Behind the counter" });
      await drawer.getByText("Twenty clicks at once").waitFor();
      expect(new URL(page.url()).pathname).toBe(path);
      if (path === "/") await drawer.getByRole("button", { name: "Close" }).click();
      else await page.keyboard.press("Escape");
      expect(await drawer.count()).toBe(0);
      expect(await page.evaluate("document.activeElement.className")).toBe("tab");
    }
  });

  it("stays open from page to page in a wide window, and tells what happens", async () => {
    const page = await device();
    await page.goto("/things/mug");
    await page.getByRole("button", { name: "Session" }).click();
    await page.locator("#drawer").getByText("none yet").waitFor();
    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.locator("#drawer .event", { hasText: "created" }).waitFor();
    await page.locator("#drawer .request", { hasText: "POST /cart" }).waitFor();
    expect(await page.locator("#drawer [data-part=code]").textContent()).toContain(
      'await session.update("cart"',
    );
  });

  it("tells at once what another page of the visitor does, and another device", async () => {
    const page = await device();
    const email = await register(page);
    await page.goto("/session");
    await page.locator(".event", { hasText: "signedIn" }).waitFor();
    const other = await page.context().newPage();
    await add(other, "mug");
    await page.locator(".request", { hasText: "POST /cart" }).waitFor();

    const elsewhere = await device();
    await signIn(elsewhere, email);
    await elsewhere.request.post("/devices/end-others", { form: { password: PASSWORD } });
    await page.locator(".event", { hasText: "revoked" }).waitFor();
    await page.locator(".facts", { hasText: "none yet" }).waitFor();
  });

  it("leaves a message for the visitor to the page that shows it", async () => {
    const page = await device();
    await register(page);
    await page.goto("/session");
    const form = { sku: "mug", back: "/things/mug" };
    await page.request.post("/cart", { form, maxRedirects: 0 });
    await page.locator("[data-part=code]", { hasText: "POST /cart" }).waitFor();
    await page.goto("/things/mug");
    expect(await page.getByText("It is in your cart.").count()).toBe(1);
  });

  it("follows the session to its new token, and to no other user", async () => {
    const page = await device();
    await add(page, "mug");
    await page.goto("/session");
    await page.locator(".event", { hasText: "created" }).waitFor();
    const other = await page.context().newPage();
    await register(other);
    await page.locator(".event", { hasText: "signedIn" }).waitFor();
    expect(await page.locator(".event", { hasText: "created" }).count()).toBe(1);

    const form = { name: "Eve", email: newEmail(), password: PASSWORD };
    await other.request.post("/register", { form });
    await page.goto("/session");
    expect(await page.locator(".log code").allTextContents()).toEqual([
      "POST /register",
      "signedIn",
    ]);
  });

  it("shows the last Set-Cookie without its secret", async () => {
    const page = await device();
    await add(page, "mug");
    const token = (await sessionCookie(page.context()))?.value ?? "";
    await page.goto("/session");
    const line = (await page.locator("[data-part=cookie] pre").textContent())?.replace(/\s+/g, " ");
    expect(line).toBe(
      `Set-Cookie: session=${token.slice(0, 4)}••••••••; Path=/; HttpOnly; SameSite=Lax`,
    );
    const source = await (await page.request.get("/session")).text();
    for (let at = 0; at + 6 <= token.length; at += 1) {
      expect(source).not.toContain(token.slice(at, at + 6));
    }
  });

  it("lets its clocks run on", async () => {
    const page = await device();
    await add(page, "mug");
    await page.goto("/session");
    const clock = page.locator(".time").first();
    const before = await clock.textContent();
    await expect.poll(() => clock.textContent()).not.toBe(before);
  });

  it("has all but the live parts without JavaScript", async () => {
    const page = await device({ javaScriptEnabled: false });
    await register(page);
    await page.getByRole("link", { name: "Session" }).click();
    expect(await page.locator(".log code").allTextContents()).toEqual([
      "POST /register",
      "signedIn",
      "created",
    ]);
    expect(await page.getByRole("button", { name: /twenty/ }).isVisible()).toBe(false);
    expect(await page.getByText("This needs JavaScript.").isVisible()).toBe(true);
  });
});

describe("Twenty clicks at once", () => {
  it("are all kept by update, and not by get and set", async () => {
    const page = await device();
    await page.goto("/session");
    await page.getByRole("button", { name: "Click twenty times at once" }).click();
    await expect.poll(() => page.getByRole("status").textContent()).toMatch(/20 of 20.* \d+ of 20/);
    const [byUpdate, bySet] = await page.locator(".tally b").allTextContents();
    expect(byUpdate).toBe("20 of 20");
    expect(Number.parseInt(bySet ?? "", 10)).toBeLessThan(20);
    expect(await page.locator(".dots").first().locator(".kept").count()).toBe(20);
    await page.locator(".log li", { hasText: "POST /session/clicks 20 times" }).waitFor();
    await page.locator(".event", { hasText: "conflict" }).waitFor();
  });

  it("are kept as well when they come from another program, all at the same moment", async () => {
    const visitor = new HttpVisitor(shop.url);
    await visitor.post("/session/race");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => visitor.post("/session/clicks")),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(204));
    const { text } = await visitor.get("/session");
    expect(text).toContain("<b>20 of 20</b>");
  });
});

describe("The stream of events", () => {
  it("is refused to whoever has no session", async () => {
    const stranger = new HttpVisitor(shop.url);
    expect((await stranger.get("/session/events")).status).toBe(204);
    stranger.cookie = `session=${"A".repeat(43)}`;
    expect((await stranger.get("/session/events")).status).toBe(204);
  });

  it("holds no token and nothing of others, and ends with the token that opened it", async () => {
    const thief = new HttpVisitor(shop.url);
    await thief.post("/visits");
    const owner = new HttpVisitor(shop.url);
    owner.cookie = thief.cookie;
    const stream = listen(thief.cookie);
    await stream.begun;
    const other = await registered(shop.url);
    await other.post("/visits");
    await owner.post("/visits");
    await owner.post("/register", { name: "Ada", email: newEmail(), password: PASSWORD });
    await owner.post("/visits");
    const text = await stream.ended;

    const names = [...text.matchAll(/<code>(.*?)<\/code>/g)].map(([, name]) => name);
    expect(names).toEqual(["POST /visits", "signedIn"]);
    for (const { cookie = "" } of [thief, owner, other]) {
      expect(text).not.toContain(cookie.replace("session=", "").slice(0, 6));
    }
    expect((await thief.get("/session/events")).status).toBe(204);
  });

  it("is open four times for a session, and no more", async () => {
    const visitor = new HttpVisitor(shop.url);
    await visitor.post("/visits");
    const streams = Array.from({ length: 4 }, () => listen(visitor.cookie));
    await Promise.all(streams.map(({ begun }) => begun));
    expect((await visitor.get("/session/events")).status).toBe(204);
    for (const { close } of streams) close();
    const reopened = async (): Promise<boolean> => {
      const stream = listen(visitor.cookie);
      const status = await stream.begun;
      stream.close();
      return status === 200;
    };
    await expect.poll(reopened).toBe(true);
  });
});

interface Listening {
  /** The status, when the stream has begun. */
  readonly begun: Promise<number>;
  /** All that was sent, when the shop has ended the stream. */
  readonly ended: Promise<string>;
  close(): void;
}

function listen(cookie = ""): Listening {
  const begun = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<string>();
  const sent = get(`${shop.url}/session/events`, { headers: { cookie } }, (response) => {
    let text = "";
    begun.resolve(response.statusCode ?? 0);
    response.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    response.once("end", () => ended.resolve(text));
    response.once("error", () => ended.resolve(text));
  });
  sent.once("error", () => undefined);
  return { begun: begun.promise, ended: ended.promise, close: () => void sent.destroy() };
}
