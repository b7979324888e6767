// next-session on node:http, over Redis by connect-redis, which its README makes promise-based so.
import { RedisStore } from "connect-redis";
import nextSession from "next-session";
import { promisifyStore } from "next-session/lib/compat";
import { plainObject } from "./support/contract.js";
import { serveNode } from "./support/node.js";
import { connectRedis } from "./support/redis.js";

const store = promisifyStore(new RedisStore({ client: await connectRedis() }));
const getSession = nextSession({ store, autoCommit: false });
const open = ({ req, res }) => getSession(req, res);

serveNode({
  ...plainObject,
  packages: ["next-session", "connect-redis", "redis"],
  open,
  save: (_context, session) => session.commit(),
  // It has no way to give a session a new id; to end the old one and begin anew is what is left.
  async signIn(context, user) {
    const old = await open(context);
    if (Object.keys(old).length > 1) await old.destroy();
    delete context.req.session;
    delete context.req.headers.cookie;
    const session = await open(context);
    session.user = user;
    await session.commit();
  },
  signOut: async (context) => (await open(context)).destroy(),
});
