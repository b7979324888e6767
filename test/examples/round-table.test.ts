import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBrowser } from "../demo/browser.ts";
import { isRunning, startTable, type Table } from "./table.ts";

const NEIGHBOURS = ["flask", "django", "tornado", "fastapi"];

type Side = "python" | "sojourn";

describe("The round table", () => {
  let browser: Browser;
  let table: Table;
  let page: Page;
  beforeAll(async () => {
    [browser, table] = await Promise.all([openBrowser(), startTable()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    table?.signal("SIGTERM");
    await table?.ended;
  });
  beforeEach(async () => {
    const context = await browser.newContext({ baseURL: table.url });
    page = await context.newPage();
    await page.goto("/");
    await verdicts(page);
    return () => context.close();
  });

  it.each(NEIGHBOURS)("has one session for %s and Sojourn, from either side", async (name) => {
    for (const [first, second] of BOTH_WAYS) {
      await press(page, name, first, "Sign in");
      await press(page, name, second, "Add to cart");
      await press(page, name, first, "Add to cart");
      const held = await heldBy(page, name, "python");
      expect(held).toMatch(/^Ada.*tea.*a map/);
      expect(await heldBy(page, name, "sojourn")).toBe(held);
      await press(page, name, first, "Sign out");
      expect(await heldBy(page, name, "python")).toBe("nobody The cart is empty.");
      expect(await heldBy(page, name, "sojourn")).toBe("nobody The cart is empty.");
    }
    expect(await verdicts(page)).toEqual(["agree", "agree", "agree", "agree"]);
  });

  it("carries whoever is signed in at one neighbour on to the next, all the way round", async () => {
    await page.getByText("Grace").click();
    await press(page, "django", "python", "Sign in");
    for (const [from, to] of ROUND) {
      await press(page, from, "sojourn", to);
      expect(await heldBy(page, to.toLowerCase(), "python")).toMatch(/^Grace/);
    }
    expect(await verdicts(page)).toEqual(["agree", "agree", "agree", "agree"]);
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name).sort()).toEqual(COOKIES);
  });

  it("says so where two sides hold different things", async () => {
    const other = { user: null, cart: [{ thing: "soap", by: "Django" }] };
    await page.route("**/sojourn/django/", (route) => route.fulfill({ json: other }));
    await page.reload();
    expect(await verdicts(page)).toEqual(["agree", "differ", "agree", "agree"]);
  });

  it("lets no other site change anything", async () => {
    const headers = { origin: "http://elsewhere.example" };
    for (const path of ["/django/add", "/sojourn/django/add"]) {
      const { status } = await fetch(`${table.url}${path}`, { method: "POST", headers });
      expect(status).toBe(403);
    }
  });
});

describe("The table's programs", () => {
  it.each<[string, NodeJS.Signals]>([
    ["it is told to end", "SIGINT"],
    ["it is killed", "SIGKILL"],
  ])(
    "end when %s",
    async (_, name) => {
      const table = await startTable();
      expect(table.programs).toHaveLength(5);
      table.signal(name);
      expect(await table.ended).toBe(name === "SIGINT" ? 0 : null);
      await expect.poll(() => table.programs.filter(isRunning)).toEqual([]);
    },
    120_000,
  );

  it("end when one of them does", async () => {
    const table = await startTable();
    process.kill(table.programs[2] ?? 0, "SIGKILL");
    expect(await table.ended).toBe(1);
    expect(table.programs.filter(isRunning)).toEqual([]);
  }, 120_000);
});

const BOTH_WAYS: readonly (readonly [Side, Side])[] = [
  ["python", "sojourn"],
  ["sojourn", "python"],
];
const ROUND = [
  ["django", "Flask"],
  ["flask", "Tornado"],
  ["tornado", "FastAPI"],
] as const;
const COOKIES = ["PYCKET_ID", "django_session", "fastapi_session", "flask_session"];

function sideOf(page: Page, name: string, side: Side): Locator {
  return page.locator(`#${name} .side--${side}`);
}

/** Presses a button, and waits until the page has looked at both sides again. */
async function press(page: Page, name: string, side: Side, button: string): Promise<void> {
  await sideOf(page, name, side).getByRole("button", { name: button }).click();
  await page.locator("button:disabled").first().waitFor({ state: "detached" });
}

/** Who is signed in, and what lies in the cart, as the page shows it. */
async function heldBy(page: Page, name: string, side: Side): Promise<string> {
  const lines = sideOf(page, name, side).locator(".user, .cart li");
  return (await lines.allTextContents()).join(" ");
}

/** What the page says of each pair, in its order. */
async function verdicts(page: Page): Promise<string[]> {
  await expect.poll(() => page.locator("[data-agrees] .word").count()).toBe(4);
  return page.locator(".word").allTextContents();
}
