import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { add, openBrowser, PASSWORD, register, signIn } from "./browser.ts";
import { faultsOf } from "./looks.ts";
import { type ShopServer, startShop } from "./shop-server.ts";

let browser: Browser;
let folder: string;
let shop: ShopServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-pages-"));
  [browser, shop] = await Promise.all([openBrowser(), startShop(join(folder, "shop.db"))]);
});

afterAll(async () => {
  await browser.close();
  await shop.end("SIGTERM");
  await rm(folder, { recursive: true });
});

describe("Every page", () => {
  it.each(["light", "dark"] as const)(
    "fits phones and a desktop, breaks no word and no policy, %s",
    async (theme) => {
      const context = await browser.newContext({ baseURL: shop.url, reducedMotion: "reduce" });
      const page = await context.newPage();
      const violations = violationsOn(page);
      const names: string[] = [];
      const faults: string[] = [];
      const look = async (name: string): Promise<void> => {
        await page.waitForLoadState();
        names.push(name);
        faults.push(...(await faultsOf(page, `${name}-${theme}`)));
      };
      await visitEveryPage(page, theme, look);
      await context.close();

      expect(names).toHaveLength(16);
      expect(faults).toEqual([]);
      expect(violations).toEqual([]);
    },
  );
});

/** What the browser complains of: failed scripts, and what the Content-Security-Policy forbids. */
function violationsOn(page: Page): string[] {
  const violations: string[] = [];
  page.on("pageerror", ({ message }) => violations.push(message));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) violations.push(message.text());
  });
  return violations;
}

/** One journey through the shop, with a look at each page; in the dark, it is in German. */
async function visitEveryPage(
  page: Page,
  theme: "light" | "dark",
  look: (name: string) => Promise<void>,
): Promise<void> {
  await page.goto("/cart");
  await look("cart-empty");
  for (const sku of ["map", "mug", "notebook"]) await add(page, sku);
  const email = await register(page);
  await signIn(page, email, "remember");
  if (theme === "dark") {
    await page.locator("[name=theme]").click();
    await page.locator("[name=language]").click();
    await page.waitForURL("/");
  }
  await page.goto("/session");
  await look("session-quiet");
  await page.locator("[data-race]").click();
  await page.locator(".dots .kept").first().waitFor();
  for (const [name, path] of PATHS) {
    await page.goto(path);
    await look(name);
  }
  await page.goto("/");
  await page.locator(".tab").click();
  await page.locator("#drawer .log li").first().waitFor();
  await look("drawer");
  await page.keyboard.press("Escape");
  await page.goto("/checkout");
  await page.locator("main form button").click();
  await page.waitForURL("/thanks");
  await look("thanks");
  await page.goto("/sign-in");
  await page.locator("[name=email]").fill(email);
  await page.locator("[name=password]").fill(`not ${PASSWORD}`);
  await page.locator("main form button").click();
  await page.getByRole("alert").waitFor();
  await look("sign-in-wrong");
}

const PATHS = [
  ["things", "/"],
  ["product", "/things/lantern"],
  ["cart", "/cart"],
  ["checkout", "/checkout"],
  ["account", "/account"],
  ["end-devices", "/devices/end-all"],
  ["session", "/session"],
  ["sign-in", "/sign-in"],
  ["register", "/register"],
  ["confirm", "/confirm"],
  ["not-found", "/nowhere"],
] as const;
