import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, HttpVisitor, newEmail, PASSWORD, registered } from "./client.ts";
import { type ShopServer, startShop } from "./shop-server.ts";

const WRONG = "not the password";

let folder: string;
let database: string;
let shop: ShopServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-floods-"));
  database = join(folder, "shop.db");
  shop = await startShop(database);
  // The first record makes the table.
  await new HttpVisitor(shop.url).post("/visits");
});

afterAll(async () => {
  await shop.end("SIGTERM");
  await rm(folder, { recursive: true });
});

let lastAddress = 1;

/** One that nobody came from yet, as the shop counts by address. All of 127.0.0.0/8 is here. */
function newAddress(): string {
  lastAddress += 1;
  return `127.0.0.${lastAddress}`;
}

function visitor(address = newAddress(), headers?: Record<string, string>): HttpVisitor {
  return new HttpVisitor(shop.url, { address, ...(headers && { headers }) });
}

function countRecords(): number {
  const reader = new DatabaseSync(database, { readOnly: true });
  const { n } = reader.prepare("SELECT count(*) AS n FROM sojourn_sessions").get() as { n: number };
  reader.close();
  return n;
}

/** How many of the answers have which status. */
function countStatuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe("Under sixty sign-ins at once, the shop", () => {
  it.each([
    ["for one account", () => "flood@example.com"],
    ["for as many accounts", newEmail],
  ])("serves its pages, its style and who comes from elsewhere, %s", async (_, email) => {
    const known = newEmail();
    await registered(shop.url, { email: known, address: newAddress() });
    const before = countRecords();
    const flooder = visitor();
    const flood = Array.from({ length: 60 }, () =>
      flooder.post("/sign-in", { email: email(), password: WRONG }),
    );
    const signedIn = visitor().post("/sign-in", { email: known, password: PASSWORD });
    const looks = await Promise.all(["/", "/style.css", "/session"].map((p) => visitor().get(p)));
    const answers = await Promise.all(flood);

    expect(looks.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(Math.max(...looks.map(({ ms }) => ms))).toBeLessThan(20_000);
    expect((await signedIn).status).toBe(303);
    const { 422: hashed = 0, 503: refused = 0, ...others } = countStatuses(answers);
    expect(others).toEqual({});
    expect(hashed).toBeLessThanOrEqual(6);
    expect(hashed + refused).toBe(60);
    const told = answers.filter(({ status }) => status === 503).map(({ headers }) => headers);
    expect(told.every((headers) => Number(headers["retry-after"]) > 0)).toBe(true);
    expect(countRecords()).toBe(before + 1);
  });
});

describe("Guessing a password", () => {
  it("is over after ten tries, wherever it is done, and for the right one too", async () => {
    const email = newEmail();
    const address = newAddress();
    const owner = await registered(shop.url, { email });
    const thief = visitor(address);
    thief.cookie = owner.cookie;
    const statuses: number[] = [];
    for (let at = 0; at < 12; at += 1) {
      const path = at % 2 === 0 ? "/confirm" : "/devices/end-all";
      statuses.push((await thief.post(path, { password: `${WRONG} ${at}` })).status);
    }
    expect(statuses).toEqual([...Array(10).fill(422), 429, 429]);

    const right = await thief.post("/confirm", { password: PASSWORD });
    expect(right.status).toBe(429);
    expect(Number(right.headers["retry-after"])).toBeGreaterThan(60);
    const disguised = visitor(address, { "x-forwarded-for": "192.0.2.1" });
    const form = { email: email.toUpperCase(), password: PASSWORD };
    expect((await disguised.post("/sign-in", form)).status).toBe(429);
    expect((await visitor().post("/sign-in", form)).status).toBe(303);
    expect((await thief.get("/account")).status).toBe(200);
  });
});

describe("A stranger who keeps no cookie", () => {
  it("leaves no record behind by looking at pages", async () => {
    const before = countRecords();
    const paths = [
      "/",
      "/things/blanket",
      "/cart",
      "/sign-in",
      "/register",
      "/confirm",
      "/session",
      "/session/panel",
    ];
    const others = ["/account", "/devices", "/checkout", "/thanks", "/nowhere", "/session/events"];
    for (const path of [...paths, ...others]) {
      for (let at = 0; at < 5; at += 1) await visitor().get(path);
      await visitor().head(path);
    }
    expect(countRecords()).toBe(before);
  });

  it("leaves none by signing out, by refused forms, or by taking from an empty cart", async () => {
    const before = countRecords();
    const id = `s_${"A".repeat(43)}`;
    const posts: [string, Record<string, string>][] = [
      ["/sign-out", {}],
      ["/sign-in", { email: "a@example.com", password: WRONG }],
      ["/register", { name: "", email: "", password: "" }],
      ["/confirm", { password: WRONG }],
      ["/checkout", {}],
      ["/cart/mug", { change: "none" }],
      ["/cart/mug", { change: "fewer" }],
      ["/cart/mug", { change: "more" }],
      [`/devices/${id}/end`, { password: WRONG }],
      ["/devices/end-others", {}],
      ["/devices/end-all", {}],
      ["/session/clicks", {}],
      ["/nowhere", {}],
    ];
    for (const [path, form] of posts) {
      const answer = await visitor().post(path, form);
      expect(answer.headers["set-cookie"], path).toBeUndefined();
    }
    expect(countRecords()).toBe(before);
  });
});

describe("Whether an e-mail is known", () => {
  it("is told neither by registering nor by what follows", async () => {
    const email = newEmail();
    await registered(shop.url, { email });
    const answers: string[][] = [];
    for (const address of [email, newEmail()]) {
      const own = { email: address, password: "a sentence of one's own" };
      const asker = visitor();
      const asked = [
        await asker.post("/register", { name: "Eve", ...own }),
        await asker.get("/"),
        await asker.get("/account"),
        await visitor().post("/sign-in", own),
      ];
      answers.push(asked.map((answer) => seen(answer, address)));
    }
    expect(answers[0]?.[0]).toContain("303");
    expect(answers[0]).toEqual(answers[1]);
  });

  it("gives nobody another's account", async () => {
    const email = newEmail();
    const owner = await registered(shop.url, { email });
    await owner.post("/cart", { sku: "mug" });
    const other = visitor();
    await other.post("/register", { name: "Eve", email, password: "a sentence of one's own" });
    const account = await other.get("/account");
    expect(account.text).toContain("Eve");
    expect(account.text.match(/<li class="device/g)).toHaveLength(1);
    const back = visitor();
    await back.post("/sign-in", { email, password: PASSWORD });
    expect((await back.get("/account")).text).toContain("Ada");
  });
});

/** An answer as somebody sees it who compares it with another's. */
function seen({ status, headers, text }: Answer, email: string): string {
  const { date: _, "set-cookie": cookies = [], etag: __, ...rest } = headers;
  const names = [cookies].flat().map((line) => String(line).replace(/=[^;]*/, ""));
  const [name = ""] = email.split("@");
  return JSON.stringify([status, rest, names, text.replaceAll(name, "")]);
}

describe("A form from another origin", () => {
  it.each([
    ["another port", /:\d+$/, ":1"],
    ["a scheme that is none", /^http:/, "ftp:"],
  ])("is refused with %s", async (_, part, instead) => {
    const origin = shop.url.replace(part, instead);
    const answer = await visitor(undefined, { origin }).post("/visits");
    expect(answer.status).toBe(403);
  });

  it("is taken from the shop's own", async () => {
    const answer = await visitor(undefined, { origin: shop.url }).post("/visits");
    expect(answer.status).toBe(303);
  });
});
