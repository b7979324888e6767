// No library: a session in Redis that wins every race, to show that each can be won. A field for each value,
// and nothing is written unless the session is still there. With `who`, one that holds nothing but who is there.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { serveNode } from "./support/node.js";
import { connectRedis } from "./support/redis.js";

const SET =
  'if redis.call("EXISTS", KEYS[1]) == 1 then return redis.call("HSET", KEYS[1], unpack(ARGV)) end';
const ADD =
  'if redis.call("EXISTS", KEYS[1]) == 1 then return redis.call("HINCRBY", KEYS[1], ARGV[1], 1) end';

const PATIENCE_MS = 1_000;

const redis = await connectRedis({ disableOfflineQueue: true });

async function open({ req, res }) {
  const id = /(?:^|; )id=([\w-]+)/.exec(req.headers.cookie ?? "")?.[1];
  const fields = id === undefined ? {} : await asked(redis.hGetAll(`session:${id}`));
  const isLive = Object.keys(fields).length > 0;
  return { id: isLive ? id : await begin(res), user: fields.user, fields };
}

async function begin(res, fields = {}) {
  const id = randomBytes(24).toString("base64url");
  await asked(redis.hSet(`session:${id}`, { begun: 1, ...fields }));
  res.setHeader("set-cookie", `id=${id}; Path=/; HttpOnly`);
  return id;
}

async function end(id) {
  await asked(redis.del(`session:${id}`));
}

/** Nobody who is gone writes. */
async function write(script, id, ...args) {
  const done = await asked(redis.eval(script, { keys: [`session:${id}`], arguments: args }));
  if (done === null) throw Object.assign(new Error("The session has ended."), { status: 409 });
}

async function asked(reply) {
  try {
    return await Promise.race([reply, silence()]);
  } catch (cause) {
    throw Object.assign(new Error("The store does not answer.", { cause }), { status: 503 });
  }
}

async function silence() {
  await pause(PATIENCE_MS, undefined, { ref: false });
  throw new Error("silence");
}

const theirs = (user) => asked(redis.sMembers(`user:${user}`));

serveNode({
  packages: ["redis"],
  open,
  user: ({ user }) => user,
  values: ({ fields: { user, begun, count, ...values } }) => ({
    ...values,
    ...(count && { count: Number(count) }),
  }),
  ...(process.argv[2] !== "who" && {
    set: ({ id }, key, value) => write(SET, id, key, String(value)),
  }),
  increment: ({ id }) => write(ADD, id, "count"),
  async signIn(context, user) {
    await end((await open(context)).id);
    const id = await begin(context.res, { user });
    await asked(redis.sAdd(`user:${user}`, id));
  },
  signOut: async (context) => end((await open(context)).id),
  list: async (user) => (await theirs(user)).length,
  endAll: async (user) => {
    for (const id of await theirs(user)) await end(id);
  },
});
