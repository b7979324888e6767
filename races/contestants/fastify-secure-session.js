// @fastify/secure-session.
import secureSession from "@fastify/secure-session";
import { serveFastify } from "./support/fastify.js";

const open = ({ request }) => request.session;

await serveFastify(
  {
    packages: ["@fastify/secure-session", "fastify"],
    open,
    user: (session) => session.get("user"),
    values: (session) => ({ ...session.data(), user: undefined }),
    set: (session, key, value) => session.set(key, value),
    signIn: ({ request }, user) => {
      request.session.regenerate();
      request.session.set("user", user);
    },
    signOut: ({ request }) => request.session.delete(),
  },
  (app) =>
    app.register(secureSession, { key: Buffer.alloc(32, 7), cookie: { path: "/", secure: false } }),
);
