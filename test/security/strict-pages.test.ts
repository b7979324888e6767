import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { createSessions, memoryStore, type Untyped } from "../../src/index.ts";
import { openBrowser } from "../demo/browser.ts";
import { listen, pathOf } from "../frameworks/support/server.ts";
import { Switch, wrapped } from "../laws/support/wrapped-store.ts";
import { find, readText } from "../packaging/support/project.ts";

const POLICY = "default-src 'none'; require-trusted-types-for 'script'";

const connection = new Switch();

const sessions = createSessions<Untyped>({
  store: wrapped(memoryStore(), connection.intercept),
  trustProxy: ["loopback"],
  onError: () => undefined,
});

function form(action: string): string {
  return `<form method="post" action="/${action}"><button>${action}</button></form>`;
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  // Before the library has a say, as helmet and its kin do it.
  res.setHeader("Content-Security-Policy", POLICY);
  req.headers["x-forwarded-proto"] = "https";
  await sessionMiddleware(sessions)(req, res, () => respond(req, res));
}

async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = pathOf(req);
  const session = await sessions.open(req);
  if (path === "/in") await session.signIn("ada");
  if (path === "/out") await session.signOut();
  if (path === "/unstorable") session.set("value", (() => undefined) as never);
  if (req.method === "POST") {
    res.writeHead(303, { Location: "/" }).end();
    return;
  }
  const script = path === "/inline" ? "<script>document.title = 'ran'</script>" : "";
  const who = session.userId ?? "nobody";
  res.setHeader("Content-Type", "text/html");
  res.end(`<!doctype html><title>page</title><p>${who}</p>${form("in")}${form("out")}${script}`);
}

let browser: Browser;
let page: Page;
let server: Awaited<ReturnType<typeof listen>>;
const violations: string[] = [];

beforeAll(async () => {
  server = await listen(createServer((req, res) => void answer(req, res)) as Server);
  browser = await openBrowser();
  const { port } = new URL(server.target);
  const context = await browser.newContext({ baseURL: `http://localhost:${port}` });
  page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  devtools.on("Audits.issueAdded", ({ issue }) => void violations.push(issue.code));
  await devtools.send("Audits.enable");
});

afterAll(async () => {
  await browser?.close();
  await server?.close?.();
  await sessions.close();
});

describe("under a policy that allows no script, no style and no HTML made of texts", () => {
  it("a session works, and its own answers break nothing", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: "in" }).click();
    await page.getByText("ada").waitFor();
    await page.goto("/unstorable");
    expect(await page.locator("body").innerText()).toContain("Something went wrong.");
    connection.behave = () => Promise.reject(new Error("down"));
    const outage = await page.goto("/");
    expect(outage?.status()).toBe(503);
    expect(outage?.headers()["content-security-policy"]).toBe(POLICY);
    connection.behave = (_operation, send) => send();
    await page.goto("/");
    await page.getByRole("button", { name: "out" }).click();
    await page.getByText("nobody").waitFor();
    expect(violations).toEqual([]);
  });

  it("a page that broke it would be seen", async () => {
    await page.goto("/inline");
    expect(await page.title()).toBe("page");
    await expect.poll(() => violations).toContain("ContentSecurityPolicyIssue");
  });
});

describe("what the library writes for browsers", () => {
  it("has neither script nor style", () => {
    // What `sojourn init` writes is the application's own.
    const notServed = /^src\/(?:testing|cli\/init\/setups)\//;
    const files = find("src/**/*.ts").filter((file) => !notServed.test(file));
    const inline = /<script|<style|javascript:|\sstyle=["']|\son[a-z]+=["'\\]/i;
    const code = (file: string) => readText(file).replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, "");
    expect(files.filter((file) => inline.test(code(file)))).toEqual([]);
  });
});
