import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { startRedis } from "../../support/servers/redis.ts";
import { Application, type Step } from "./support/application.ts";

const open: Application[] = [];

async function application(name: string): Promise<Application> {
  const copy = await Application.copyOf(name);
  open.push(copy);
  return copy;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.remove()));
});

const NAMES = ["callbacks", "modules", "typed"];

describe("sojourn migrate express-session --step 2, on whole applications", () => {
  it.each(NAMES)("turns %s as its people would, and once", async (name) => {
    const copy = await application(name);
    const first = await copy.migrate("--step", "2", "--write", "--force");
    expect(first.stderr).toBe("");
    const files = await copy.files();
    expect(files).toEqual(await Application.expected(name));
    await copy.migrate("--step", "2", "--write", "--force");
    expect(await copy.files()).toEqual(files);
  });

  it("lists what it has left, by file, line and reason", async () => {
    const copy = await application("callbacks");
    const { code, stdout } = await copy.migrate("--step", "2");
    expect(code).toBe(1);
    expect(stdout).toContain("41 places turned in 7 files, 4 left to you, by their new lines.");
    expect(stdout).toContain("  routes/account.js:27  the session's own cookie");
    expect(stdout).toContain("  routes/shop.js:48  the whole session is handed on");
    expect(await copy.files()).not.toHaveProperty("sessions.js");
  });
});

const STORIES: Readonly<Record<string, readonly Step[]>> = {
  callbacks: [
    { request: "GET /" },
    { request: "GET /" },
    { request: "GET /pages/one" },
    { request: "GET /pages/one" },
    { request: "GET /pages/two" },
    { request: "GET /cart" },
    { request: "GET /login" },
    { request: "GET /login" },
    { request: "POST /login" },
    { request: "POST /login", form: { name: "Ann", plan: "gold" } },
    { request: "GET /" },
    { request: "GET /account" },
    { request: "POST /cart", form: { sku: "lamp" } },
    { request: "POST /cart", form: { sku: "desk" } },
    { request: "POST /cart", form: {} },
    { request: "GET /cart" },
    { request: "POST /login", form: { name: "Ben" } },
    { request: "GET /account" },
    { request: "GET /cart" },
    { request: "DELETE /cart" },
    { request: "POST /passport", form: { username: "eve", password: "guess" } },
    { request: "POST /passport", form: { username: "eve", password: "secret" } },
    { request: "GET /account" },
    { request: "POST /remember" },
    { request: "GET /" },
    { request: "GET /who" },
    { request: "POST /keep" },
    { request: "GET /who" },
    { request: "POST /logout" },
    { request: "GET /account" },
    { request: "GET /" },
  ],
  modules: [
    { request: "GET /" },
    { request: "GET /account" },
    { request: "PUT /account", json: { name: "Ann", likes: ["tea"] } },
    { request: "GET /" },
    { request: "GET /account" },
    { request: "GET /account" },
    { request: "PUT /account", json: {} },
    { request: "GET /account" },
    { request: "PUT /account", json: { name: "Ben" } },
    { request: "GET /broken" },
    { request: "DELETE /account" },
    { request: "GET /" },
    { request: "GET /account" },
  ],
  typed: [
    { request: "GET /visits" },
    { request: "GET /visits" },
    { request: "GET /private" },
    { request: "POST /sign-in?id=7" },
    { request: "GET /private" },
    { request: "GET /visits" },
    { request: "POST /sign-out" },
    { request: "GET /private" },
    { request: "GET /visits" },
  ],
};

const OWN_STORES: Readonly<Record<string, string>> = {
  callbacks: 'module.exports = require("sojourn").memoryStore();\n',
  modules: 'import { memoryStore } from "sojourn";\nexport default memoryStore();\n',
};

describe("an application behaves as before", () => {
  it.each(NAMES)("%s, after each step, over its own store", async (name) => {
    const module = name === "typed" ? "src/app.ts" : "app.js";
    const story = STORIES[name] ?? [];
    const before = await application(name);
    await before.install();
    const expected = await before.tell(module, story);
    expect(new Set(expected.map(({ status }) => status)).size).toBeGreaterThan(2);
    for (const step of ["1", "2"]) {
      const after = await application(name);
      await after.migrate("--step", step, "--write", "--force");
      await after.install();
      expect(await after.tell(module, story)).toEqual(expected);
    }
  });

  it.each(["1", "2"])("has the types that it had, after step %s", async (step) => {
    const copy = await application("typed");
    await copy.migrate("--step", step, "--write", "--force");
    await copy.install();
    expect(await copy.typeErrors()).toBe("");
  });

  it.each(["callbacks", "modules"])("%s, over a store of ours, in its data", async (name) => {
    const story = STORIES[name] ?? [];
    const answers = [];
    for (const step of ["1", "2"]) {
      const copy = await application(name);
      await copy.write("store.js", OWN_STORES[name] ?? "");
      await copy.migrate("--step", step, "--write", "--force");
      await copy.install();
      answers.push(await copy.tell("app.js", story));
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  it("counts every one of many requests at once, over a store of ours", async () => {
    const copy = await application("callbacks");
    await copy.write("store.js", OWN_STORES["callbacks"] ?? "");
    await copy.migrate("--step", "2", "--write", "--force");
    await copy.install();
    const story = [{ request: "GET /" }, { request: "GET /", atOnce: 20 }, { request: "GET /" }];
    const answers = await copy.tell("app.js", story);
    expect(answers.at(-1)?.body).toContain("views: 22,");
  });

  it("callbacks, over connect-redis, with everybody signed in after each step and back", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const browser = { cookie: "" };
    const login = { request: "POST /login", form: { name: "Ann", plan: "gold" } };
    for (const step of [undefined, "1", "2", "1", undefined]) {
      const copy = await application("callbacks");
      await copy.write("store.js", connectRedis(redis.port));
      if (step !== undefined) await copy.migrate("--step", step, "--write", "--force");
      await copy.install("connect-redis", "redis");
      const isFirst = browser.cookie === "";
      const story = [...(isFirst ? [login] : []), { request: "GET /account" }];
      const answer = (await copy.tell("app.js", story, browser)).at(-1);
      expect(JSON.parse(answer?.body ?? "")).toMatchObject({ user: { name: "Ann" }, plan: "gold" });
      expect(answer?.isNewCookie).toBe(false);
    }
  });
});

function connectRedis(port: number): string {
  return `const { RedisStore } = require("connect-redis");
const client = require("redis").createClient({ url: "redis://127.0.0.1:${port}" });
client.connect();
module.exports = new RedisStore({ client });
`;
}
