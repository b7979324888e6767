// No library: a session in Redis that loses every race, to show that each can be lost. Each line that loses
// one says which.
import { randomBytes } from "node:crypto";
import { createClient } from "redis";
import { serveNode } from "./support/node.js";

// Outage: without a listener a lost connection ends the process.
const redis = createClient({ url: process.env.RACES_REDIS });
await redis.connect();

async function open({ req, res }) {
  const sent = /(?:^|; )id=([\w-]+)/.exec(req.headers.cookie ?? "")?.[1];
  // Fixation: whatever the browser brings becomes the session's id.
  const id = sent ?? randomBytes(24).toString("base64url");
  const data = JSON.parse((await redis.get(`session:${id}`)) ?? "{}");
  // Resurrection: every answer, however late, brings the cookie back.
  res.setHeader("set-cookie", `id=${id}; Path=/; HttpOnly`);
  return { id, data };
}

// Lost update: the whole session is written as it was read.
const save = ({ id, data }) => redis.set(`session:${id}`, JSON.stringify(data));

serveNode({
  packages: ["redis"],
  open,
  user: ({ data }) => data.user,
  values: ({ data: { user, ...values } }) => values,
  set: ({ data }, key, value) => {
    data[key] = value;
  },
  // Redirect: it does not wait for what was set.
  async save({ req }, session) {
    const saved = save(session);
    if (!req.url.startsWith("/redirect/")) await saved;
  },
  async signIn(context, user) {
    const session = await open(context);
    session.data.user = user;
    await save(session);
  },
  // Sign-out: the cookie goes, and the session stays.
  signOut: ({ res }) => {
    res.setHeader("set-cookie", "id=; Path=/; Max-Age=0");
  },
  list: () => 0,
  // Revocation: said, and not done.
  endAll: () => undefined,
});
