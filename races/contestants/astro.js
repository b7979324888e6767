// Astro's sessions without Astro around them: the class behind `Astro.session` and its cookies, as its pipeline makes
// them for a request and stores them after the handler. Over unstorage's driver for Redis.
import redisDriver from "unstorage/drivers/redis";
import { answer } from "./support/contract.js";
import { listen } from "./support/node.js";

const FOLDER = new URL("../node_modules/astro/dist/core/", import.meta.url);
const { AstroSession, PERSIST_SYMBOL } = await import(new URL("session/runtime.js", FOLDER));
const { AstroCookies } = await import(new URL("cookies/index.js", FOLDER));

const config = { driver: "redis", options: { url: process.env.RACES_REDIS } };

const face = {
  packages: ["astro", "unstorage", "ioredis"],
  open: async (session) => ({ session, entries: Object.fromEntries(await session.entries()) }),
  user: ({ entries }) => entries.user,
  values: ({ entries: { user, ...values } }) => values,
  set: ({ session }, key, value) => session.set(key, value),
  async signIn(session, user) {
    await session.regenerate();
    session.set("user", user);
  },
  signOut: (session) => session.destroy(),
};

async function handle(req, res) {
  const request = new Request(`http://127.0.0.1${req.url}`, { headers: req.headers });
  const cookies = new AstroCookies(request);
  const session = new AstroSession({
    cookies,
    config,
    runtimeMode: "development",
    driverFactory: redisDriver,
    mockStorage: null,
    logger: console,
  });
  const { status, body, location } = await answer(face, req.method, req.url, session);
  await session[PERSIST_SYMBOL]();
  for (const line of cookies.headers()) res.appendHeader("set-cookie", line);
  if (location !== undefined) res.writeHead(status, { location }).end();
  else res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

listen((req, res) => {
  handle(req, res).catch((error) => {
    console.error(error);
    if (!res.headersSent) res.writeHead(500);
    res.end();
  });
});
