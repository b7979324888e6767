import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allowInsecureRequests, discovery } from "openid-client";
import type { Browser, BrowserContext, Page, Response } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { notesApi } from "../../examples/browser-application/api.ts";
import { application } from "../../examples/browser-application/application.ts";
import { identityProvider } from "../../examples/browser-application/provider.ts";
import { openBrowser } from "../demo/browser.ts";

const CLIENT = { clientId: "notes", clientSecret: "c".repeat(43) };

let browser: Browser;
let world: Awaited<ReturnType<typeof openWorld>>;
let context: BrowserContext;
let page: Page;

async function listening(server: Server, host: string): Promise<string> {
  server.listen(0, host);
  await once(server, "listening");
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/** A key and a certificate that nobody but this test believes. */
function certificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-certificate-"));
  const files = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  const [key = "", cert = ""] = files;
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const about = ["-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-days", "2"];
  execFileSync("openssl", ["req", ...kind, ...about], { stdio: "ignore" });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

/** The example as it would run at work: over HTTPS, with the real cookie. */
async function openWorld() {
  const pages = createSecureServer(certificate());
  const [forProvider, forApi, inside] = [createServer(), createServer(), createServer()];
  const [issuer, api, backChannel] = [
    await listening(forProvider, "127.0.0.1"),
    await listening(forApi, "127.0.0.1"),
    await listening(inside, "127.0.0.1"),
  ];
  const origin = (await listening(pages as unknown as Server, "localhost")).replace(
    "http",
    "https",
  );
  // The first access token is used up at once, so that the page's first calls must refresh it.
  const lifetimeOf = (grant: unknown): number => (grant === "refresh_token" ? 3_600 : 20);
  const known = { issuer, origin, backChannel, lifetimeOf, ...CLIENT };
  const provider = await identityProvider(known);
  const tokens = new Set<string>();
  const grants: unknown[] = [];
  const failures: string[] = [];
  provider.on("access_token.saved", ({ jti }) => void tokens.add(jti));
  provider.on("refresh_token.saved", ({ jti }) => void tokens.add(jti));
  provider.on("grant.success", ({ oidc }) => void grants.push(oidc.params?.["grant_type"]));
  provider.on(
    "backchannel.error",
    (_context, error) => void failures.push(String(error.cause ?? error)),
  );
  forProvider.on("request", provider.callback());
  forApi.on("request", notesApi(issuer));
  const insecure = { execute: [allowInsecureRequests] };
  const { clientId, clientSecret } = CLIENT;
  const configuration = await discovery(
    new URL(issuer),
    clientId,
    clientSecret,
    undefined,
    insecure,
  );
  const app = application({ provider: configuration, clientId, origin, api });
  pages.on("request", app);
  inside.on("request", app);
  const close = (): void => {
    for (const server of [pages, forProvider, forApi, inside]) {
      server.closeAllConnections();
      server.close();
    }
  };
  return { issuer, origin, tokens, grants, failures, close };
}

/** Everything that the application has said to the browser. */
function heard(of: Page): { text(): Promise<string> } {
  const said: Promise<string>[] = [];
  const told = async (response: Response): Promise<string> => {
    const headers = JSON.stringify(await response.allHeaders());
    const body = await response.text().catch(() => "");
    return `${response.url()} ${headers} ${body}`;
  };
  of.on("response", (response) => {
    if (response.url().startsWith(world.origin)) said.push(told(response));
  });
  return { text: async () => (await Promise.all(said)).join("\n") };
}

async function signIn(at: Page, name: string): Promise<void> {
  await at.goto(world.origin);
  await at.getByRole("link", { name: "Sign in" }).click();
  await at.getByPlaceholder("Enter any login").fill(name);
  await at.getByPlaceholder("and password").fill("anything");
  await at.getByRole("button", { name: "Sign-in" }).click();
  await at.getByRole("button", { name: "Continue" }).click();
  await at.getByText(`You are ${name}.`).waitFor();
}

/** Statuses of calls that the page makes at the same moment. */
function calls(at: Page, count: number, headers: Record<string, string>): Promise<number[]> {
  return at.evaluate(
    async ({ count, headers }) => {
      const call = async (): Promise<number> => (await fetch("/api/notes", { headers })).status;
      return Promise.all(Array.from({ length: count }, call));
    },
    { count, headers },
  );
}

const OWN = { "x-notes": "1" };

describe("the browser application", () => {
  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    world?.close();
  });
  beforeEach(async () => {
    world.grants.length = 0;
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    await context.route(/googleapis/, (route) => route.abort());
    page = await context.newPage();
    return () => context.close();
  });

  it("signs in, keeps notes, and lets no token reach the browser", async () => {
    const said = heard(page);
    await signIn(page, "ada");
    await page.getByLabel("Note").fill("Buy tea");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByRole("listitem").getByText("Buy tea").waitFor();

    const text = await said.text();
    expect(text).toContain("/api/notes");
    expect(world.tokens.size).toBeGreaterThanOrEqual(4);
    for (const token of world.tokens) expect(text).not.toContain(token);
    // A JWT, such as the ID token, begins so.
    expect(text).not.toContain("eyJ");
    const seen = await page.evaluate(
      "[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)]",
    );
    expect(seen).toEqual(["", "{}", "{}"]);
    const cookies = await context.cookies(world.origin);
    expect(cookies).toMatchObject([
      { name: "__Host-Http-session", httpOnly: true, secure: true, sameSite: "Lax", path: "/" },
    ]);
    for (const token of world.tokens) expect(cookies[0]?.value).not.toContain(token);
  });

  it("refreshes once for twenty calls at the same moment", async () => {
    // The page's own first call waits, so that none has refreshed before.
    await page.route("**/api/notes", (route) => route.abort(), { times: 1 });
    await signIn(page, "grace");
    expect(world.grants).toEqual(["authorization_code"]);
    expect(await calls(page, 20, OWN)).toEqual(Array(20).fill(200));
    expect(world.grants).toEqual(["authorization_code", "refresh_token"]);
  });

  it("answers nobody without a session, nor a call without the page's header", async () => {
    await page.goto(world.origin);
    expect(await calls(page, 1, OWN)).toEqual([401]);
    await signIn(page, "ada");
    expect(await calls(page, 1, {})).toEqual([403]);
  });

  it("takes an answer of the provider's once, and in the browser alone that asked", async () => {
    let back = "";
    page.on("request", (request) => {
      if (request.url().includes("/callback?")) back = request.url();
    });
    await signIn(page, "ada");
    const other = await browser.newContext({ ignoreHTTPSErrors: true });
    const stranger = await other.newPage();
    await stranger.goto(back);
    await stranger.getByText("Nobody is signed in.").waitFor();
    await other.close();
    await page.goto(back);
    await page.getByText("You are ada.").waitFor();
  });

  it("ends its session when the provider ends its own, by the back channel [ASVS 7.6.1]", async () => {
    await signIn(page, "ada");
    expect(await calls(page, 1, OWN)).toEqual([200]);
    const atProvider = await context.newPage();
    await atProvider.goto(`${world.issuer}/session/end`);
    await atProvider.getByRole("button", { name: "Yes" }).click();
    await atProvider.getByText("Sign-out Success").waitFor();
    expect(world.failures).toEqual([]);
    expect(await calls(page, 1, OWN)).toEqual([401]);
    await page.reload();
    await page.getByText("Nobody is signed in.").waitFor();
  });

  it("signs out here, revokes the tokens, and goes on to the provider to sign out there", async () => {
    await signIn(page, "ada");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Yes" }).click();
    await page.getByText("Nobody is signed in.").waitFor();
    expect(page.url()).toMatch(new RegExp(`^${world.origin}/`));
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByPlaceholder("Enter any login").waitFor();
  });
});
