// @hono/session: node hono-session.js cookie | redis
import { useSession, useSessionStorage } from "@hono/session";
import { Hono } from "hono";
import { respondInHono, serveFetch } from "./support/fetch.js";
import { jsonInRedis } from "./support/redis.js";

const face = {
  packages: ["@hono/session", "hono"],
  open: async (c) => ({ current: c.var.session, data: (await c.var.session.get()) ?? {} }),
  user: ({ data }) => data.user,
  values: ({ data }) => ({ ...data, user: undefined }),
  set: ({ current }, key, value) => current.update((data) => ({ ...data, [key]: value })),
  increment: ({ current }) =>
    current.update((data) => ({ ...data, count: (data?.count ?? 0) + 1 })),
  // A session keeps its id: there is no regenerate, and after `delete` the same id is written again.
  signIn: (c, user) => c.var.session.update({ user }),
  signOut: async (c) => {
    await c.var.session.get();
    c.var.session.delete();
  },
};

const app = new Hono();
if (process.argv[2] === "redis") app.use(useSessionStorage(await jsonInRedis()));
app.use(useSession({ secret: "a secret of thirty-two characters" }));
app.all("*", (c) => respondInHono(face, c));
app.onError((error, c) => {
  console.error(error);
  return c.text("error", 500);
});
serveFetch(app.fetch);
