import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Setup } from "../../../src/cli/init/setup.ts";
import { STORES } from "../../../src/cli/init/stores.ts";
import { openBrowser } from "../../demo/browser.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { freePort, type TestServer } from "../../support/servers/test-server.ts";
import { type Front, startFront } from "./front.ts";
import { type Project, project, ROOT, type Server } from "./project.ts";

/** A command of the framework's own, such as `["vite", "dev"]`; its port is in `PORT` and after `port`. */
export interface Command {
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** What a newcomer to a framework does. */
export interface TenMinutes {
  /** The folder below examples/. */
  readonly example: string;
  readonly setup: Setup;
  /** Starts the development server, on the port. `undefined` where there is none. */
  readonly develop: ((port: number) => Command) | undefined;
  /** Makes the production build. `undefined` where nothing is built. */
  readonly build: Command | undefined;
  /** Starts it, on the port. */
  readonly start: (port: number) => Command;
  /** What counts a visit: the page itself, or a button "Count" where pages cannot write. */
  readonly countsBy?: "visit" | "button" | undefined;
}

/** A development server may load its page anew while somebody fills in a form. */
const ATTEMPTS_IN_DEVELOPMENT = 3;
/** What a page is made of is there in this time. */
const LOADED_MS = 20_000;

/**
 * Ten minutes as a new user, from the packed library in a folder outside the repository: `sojourn init`,
 * a counter and a sign-in, in development, and in the production build behind an nginx that ends TLS;
 * with a file and with Redis; signed in still after a restart.
 */
export function describeTenMinutes(plan: TenMinutes): void {
  describe.each(["sqlite", "redis"])(`ten minutes with ${plan.setup.title} and %s`, (store) => {
    let browser: Browser;
    let redis: TestServer | undefined;
    let app: Project;
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
      browser = await openBrowser();
      redis = store === "redis" ? await startRedis() : undefined;
      env = redis === undefined ? {} : { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
      app = await project(plan.example);
      await setUp(app, plan.setup, store);
    });

    afterAll(async () => {
      await browser?.close();
      await app?.remove();
      await redis?.stop();
    });

    const serve = (made: Command, port: number, mode?: NodeJS.ProcessEnv): Promise<Server> => {
      const [command = "", ...args] = made.command;
      return app.start(command, args, { port, env: { ...env, ...mode, ...made.env } });
    };

    it.runIf(plan.develop)("works in development, at plain http with nothing set", async () => {
      const port = await freePort();
      const server = await serve(plan.develop?.(port) ?? { command: [] }, port);
      const page = await newPage(browser);
      try {
        await signInAndOut(page, `http://localhost:${port}/`, plan, ATTEMPTS_IN_DEVELOPMENT);
      } finally {
        await page.context().close();
        await server.stop();
      }
    });

    it("works in production behind nginx, and is signed in still after a restart", async () => {
      const production = { NODE_ENV: "production" };
      if (plan.build !== undefined) {
        // No store is at hand where an application is built.
        const [command = "", ...args] = plan.build.command;
        await app.run(command, args, { ...production, ...plan.build.env });
      }
      const port = await freePort();
      const front: Front = await startFront(port);
      const page = await newPage(browser);
      let server = await serve(plan.start(port), port, production);
      try {
        await signInAndOut(page, `${front.url}/`, plan);
        await signIn(page, "ada");
        const [cookie] = await page.context().cookies();
        expect(cookie).toMatchObject({ name: "__Host-Http-session", secure: true, httpOnly: true });
        await server.stop();
        server = await serve(plan.start(port), port, production);
        await page.goto(`${front.url}/`);
        await page.getByText("Hello, ada.").waitFor();
      } finally {
        await page.context().close();
        await server.stop();
        await front.stop();
      }
      // The largest takes minutes to build where little else is to be had.
    }, 400_000);
  });

  it(`the example of ${plan.setup.title} is what sojourn init writes`, async () => {
    const [sqlite] = STORES;
    const typed = { dependencies: {}, isTypeScript: true, hasFile: () => false };
    for (const { path, text } of sqlite === undefined ? [] : plan.setup.files(typed, sqlite)) {
      const file = join(ROOT, "examples", plan.example, path);
      expect(`${path}\n${await readFile(file, "utf8")}`).toBe(`${path}\n${text}`);
    }
  });
}

/** As somebody does who has the framework's own beginning, and nothing of ours. */
async function setUp(app: Project, setup: Setup, store: string): Promise<void> {
  const typed = { dependencies: {}, isTypeScript: true, hasFile: () => false };
  for (const each of STORES) {
    for (const { path } of setup.files(typed, each))
      await rm(join(app.folder, path), { force: true });
  }
  if (store === "redis") await install(app, ["ioredis"]);
  const command = join(app.folder, "node_modules/sojourn/dist/cli/sojourn.js");
  const printed = await app.run("node", [command, "init", setup.name, "--store", store]);
  expect(printed).not.toContain("is there");
}

/** From what the repository has installed: with what it needs itself. */
async function install({ folder }: Project, names: readonly string[]): Promise<void> {
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")) as Lock;
  const paths = new Set<string>();
  const collect = (name: string, from: string): void => {
    const nested = `${from}/node_modules/${name}`;
    const path = nested in lock.packages ? nested : `node_modules/${name}`;
    if (paths.has(path)) return;
    paths.add(path);
    for (const each of Object.keys(lock.packages[path]?.dependencies ?? {})) collect(each, path);
  };
  for (const name of names) collect(name, "");
  for (const path of paths) {
    await cp(join(ROOT, path), join(folder, path), { recursive: true, force: false });
  }
}

/** What is read of a package-lock.json. */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: object }>>;
}

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  return context.newPage();
}

/** The way of a visitor: comes back, signs in, signs out, and is a stranger again. */
async function signInAndOut(
  page: Page,
  url: string,
  { countsBy }: TenMinutes,
  attempts = 1,
): Promise<void> {
  const count = async (): Promise<number> => {
    if (countsBy === "button") {
      const before = await visits(page);
      await untilShown(page, `Visit ${before + 1}`, attempts, () =>
        page.getByRole("button", { name: "Count" }).click(),
      );
    } else {
      await go(page, url, attempts);
    }
    return visits(page);
  };
  await go(page, url, attempts);
  await page.getByText("Hello, stranger.").waitFor();
  const first = await count();
  // A development server may have loaded the page again by itself.
  expect(await count()).toBeGreaterThan(first);
  await signIn(page, "ada", attempts);
  await go(page, url, attempts);
  await page.getByText("Hello, ada.").waitFor();
  expect(await count()).toBeGreaterThan(first + 1);
  await untilShown(page, "Hello, stranger.", attempts, () =>
    page.getByRole("button", { name: "Sign out" }).click(),
  );
  await go(page, url, attempts);
  await page.getByText("Hello, stranger.").waitFor();
}

/**
 * Vite loads a page again, in the middle of whatever it does, once it has found what that needs; what the page before
 * was made of may then never come. The page itself has to be answered each time.
 */
async function go(page: Page, url: string, attempts = 1): Promise<void> {
  await page.goto(url, { waitUntil: "commit" }).catch((error: unknown) => {
    if (!String(error).includes("ERR_ABORTED")) throw error;
    return page.goto(url, { waitUntil: "commit" });
  });
  try {
    await page.waitForLoadState("load", { timeout: LOADED_MS });
  } catch (error) {
    if (attempts === 1) throw error;
    await go(page, url, attempts - 1);
  }
}

async function signIn(page: Page, user: string, attempts = 1): Promise<void> {
  await untilShown(page, `Hello, ${user}.`, attempts, async () => {
    await page.locator("input[name=user]").fill(user);
    await page.getByRole("button", { name: "Sign in" }).click();
  });
}

/** A form that Vite has taken away with its page is filled in once more, as anybody would. */
async function untilShown(
  page: Page,
  text: string,
  attempts: number,
  act: () => Promise<void>,
): Promise<void> {
  const shown = page.getByText(text);
  const isShown = (): Promise<boolean> =>
    shown.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    );
  for (let left = attempts; left > 1; left -= 1) {
    await act();
    if (await isShown()) return;
    await page.reload({ waitUntil: "commit" });
    if (await isShown()) return;
  }
  await act();
  await shown.waitFor();
}

async function visits(page: Page): Promise<number> {
  const text = await page
    .getByText(/Visit \d+/)
    .first()
    .textContent();
  return Number(/Visit (\d+)/.exec(text ?? "")?.[1]);
}
