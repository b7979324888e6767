import type { ServerResponse } from "node:http";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MINUTE } from "../../laws/support/clock.ts";
import { Profile } from "./support/chromium.ts";
import { BOUND, randomToken } from "./support/device.ts";
import { Shop } from "./support/shop.ts";
import { type Certificate, newCertificate } from "./support/site.ts";

// How a browser takes each answer to a refresh, and what its visitor sees of it. Where a later release
// takes one of them in another way, the answers of ours are to be thought over.

let certificate: Certificate;
let profile: Profile;
let page: Page;
let shop: Shop;
let host: string;
let sites = 0;

beforeAll(async () => {
  certificate = newCertificate();
  profile = await Profile.open(certificate.spki);
});

afterAll(() => profile?.close());

beforeEach(async () => {
  shop = await Shop.open(certificate);
  sites += 1;
  host = `www.answers-${sites}.test`;
  page = await profile.context.newPage();
  profile.events.length = 0;
});

afterEach(async () => {
  await page.close();
  shop.close();
});

const url = (path: string): string => shop.site.url(path, host);
const forget = (): Promise<void> => profile.forget(BOUND, url("/"));

async function bound(): Promise<void> {
  await page.goto(url("/in"));
  await expect
    .poll(async () => (await profile.context.cookies(url("/"))).map(({ name }) => name))
    .toContain(BOUND);
  await page.goto(url("/page"));
  shop.move(2 * MINUTE);
}

/** What the page that follows brings, and what its visitor sees. */
async function visited(): Promise<{
  status: number;
  skipped: unknown;
  cookies: string;
  body: string;
}> {
  shop.site.came.length = 0;
  await page.goto(url("/page"));
  await page.locator("body").waitFor();
  const came = shop.site.of("/page")[0] ?? expect.unreachable();
  return {
    status: came.status,
    skipped: came.headers["secure-session-skipped"],
    cookies: came.headers.cookie ?? "",
    body: (await page.textContent("body")) ?? "",
  };
}

const ended = (): (string | undefined)[] =>
  profile.events.flatMap(({ terminationEventDetails: end }) => (end ? [end.deletionReason] : []));

/** What the browser itself calls the outcome of its refreshes. */
const outcomes = (): (string | undefined)[] =>
  profile.events.flatMap(({ refreshEventDetails: refresh }) => refresh?.fetchResult ?? []);

const BOUND_COOKIE = `${BOUND}=${randomToken()}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600`;

describe("Chromium, where a refresh is answered", () => {
  it.each<[string, (res: ServerResponse) => unknown]>([
    ["200 and nothing", (res) => res.writeHead(200, { "Set-Cookie": BOUND_COOKIE }).end()],
    ["204", (res) => res.writeHead(204, { "Set-Cookie": BOUND_COOKIE }).end()],
  ])(
    "with %s and the cookie, is content without a proof: it is the server that must insist",
    async (_how, answer) => {
      await bound();
      await forget();
      shop.refreshing = (_req, res) => answer(res);
      const { cookies, status } = await visited();
      expect(cookies).toContain(BOUND);
      expect(status).toBe(403);
      // Asked once more, with a cookie that proves as little: nobody is sent round in circles.
      await page.getByText("nobody", { exact: true }).waitFor();
      expect(shop.site.of("/page")).toHaveLength(2);
      expect(ended()).toEqual([]);
    },
  );

  it("with 200 and no cookie, asks anew for each request, and has no proof for any", async () => {
    await bound();
    await forget();
    shop.refreshing = (_req, res) => res.writeHead(200).end();
    expect((await visited()).cookies).not.toContain(BOUND);
    await visited();
    expect(shop.refreshes.length).toBeGreaterThan(0);
    expect(ended()).toEqual([]);
    expect(shop.alarms.filter(({ name }) => name === "revoked")).toEqual([]);
  });

  it("with a challenge, proves its key; with one after another, gives up", async () => {
    await bound();
    await forget();
    shop.refreshing = (req, res) => {
      const id = String(req.headers["sec-secure-session-id"]).replaceAll('"', "");
      res.writeHead(403, { "Secure-Session-Challenge": `"${randomToken()}";id="${id}"` }).end();
    };
    await visited();
    await expect.poll(outcomes).toEqual(["TooManyChallenges"]);
    expect(ended()).toEqual(["RefreshFatalError"]);
  });

  it("with the challenge of another session, gives up", async () => {
    await bound();
    await forget();
    shop.refreshing = (_req, res) =>
      res.writeHead(403, { "Secure-Session-Challenge": `"${randomToken()}";id="other"` }).end();
    await visited();
    // The first where it had no challenge that it could sign.
    await expect
      .poll(outcomes)
      .toEqual([expect.stringMatching(/^(?:InvalidChallenge|TooManyChallenges)$/)]);
    expect(ended()).toEqual(["RefreshFatalError"]);
  });

  it.each([401, 403, 404, 429])(
    "with %i, gives its key up: its visitor signs in again",
    async (status) => {
      await bound();
      await forget();
      shop.refreshing = (_req, res) => res.writeHead(status).end();
      const first = await visited();
      expect([first.status, first.skipped]).toEqual([403, undefined]);
      await expect.poll(() => ended().length).toBe(1);
      await page.getByText("nobody", { exact: true }).waitFor();
      shop.refreshing = undefined;
      await page.goto(url("/in"));
      await page.getByText("ada", { exact: true }).waitFor();
    },
  );

  it("with a redirect to a page, gives its key up", async () => {
    await bound();
    await forget();
    shop.show("/sign-in", "Please sign in.");
    shop.refreshing = (_req, res) => res.writeHead(302, { Location: "/sign-in" }).end();
    await visited();
    await expect.poll(outcomes).toEqual(["InvalidConfigJson"]);
    expect(ended()).toEqual(["InvalidSessionParams"]);
  });

  it.each([500, 503])("with %i, says so, and goes on once that is over", async (status) => {
    await bound();
    await forget();
    shop.refreshing = (_req, res) => res.writeHead(status).end();
    const first = await visited();
    expect([first.status, first.skipped]).toEqual([503, expect.stringContaining("server_error")]);
    shop.refreshing = undefined;
    await expect
      .poll(async () => (await visited()).body, { timeout: 50_000, interval: 500 })
      .toBe("ada");
    expect(ended()).toEqual([]);
    expect(shop.alarms).toEqual([]);
  });

  it("by nobody, says so, and goes on once somebody is there", async () => {
    await bound();
    await forget();
    shop.refreshing = (req) => req.socket.destroy();
    const first = await visited();
    expect([first.status, first.skipped]).toEqual([503, expect.stringContaining("unreachable")]);
    shop.refreshing = undefined;
    await expect
      .poll(async () => (await visited()).body, { timeout: 50_000, interval: 500 })
      .toBe("ada");
    expect(ended()).toEqual([]);
    expect(shop.alarms).toEqual([]);
  });

  it("too often, says that its quota is used up, and nobody is signed out", async () => {
    await bound();
    let skipped: unknown;
    for (let refreshes = 0; refreshes < 8 && skipped === undefined; refreshes += 1) {
      await forget();
      ({ skipped } = await visited());
    }
    expect(skipped).toEqual(expect.stringContaining("quota_exceeded"));
    expect(shop.alarms).toEqual([]);
    expect(ended()).toEqual([]);
  });
});

describe("Chromium, where a registration is answered", () => {
  it("with 403, binds nothing, and its visitor goes on", async () => {
    shop.registering = (_req, res) => res.writeHead(403).end();
    await page.goto(url("/in"));
    await expect.poll(() => profile.events.length).toBeGreaterThan(0);
    shop.move(10 * MINUTE);
    expect((await visited()).body).toBe("ada");
    expect(shop.alarms).toEqual([]);
  });

  it("by nobody, binds nothing, though the server has its key", async () => {
    shop.registering = (req, res) => {
      // It is taken, and nobody hears of it.
      res.end = (() => req.socket.destroy()) as never;
      return false;
    };
    await page.goto(url("/in"));
    await expect
      .poll(() => shop.site.came.some(({ path }) => path.startsWith("/dbsc/register")))
      .toBe(true);
    shop.move(10 * MINUTE);
    expect((await visited()).body).toBe("ada");
    expect(shop.alarms).toEqual([]);
  });
});
