import type { Setup } from "../setup.ts";
import { START, serverFiles } from "./server-files.ts";

const APPLICATION = `import Fastify from "fastify";
import { sessionPlugin } from "sojourn/fastify";
import { sessions } from "./sessions.ts";

const app = Fastify();
await app.register(sessionPlugin(sessions));
app.addContentTypeParser(
  "application/x-www-form-urlencoded",
  { parseAs: "string" },
  (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
);

app.get("/", async (request, reply) => {
  const session = await sessions.open(request);
  const visits = await session.update("visits", (n) => n + 1);
  return reply.type("text/html; charset=utf-8").send(page(session.userId, visits));
});

app.post<{ Body: { user: string } }>("/sign-in", async (request, reply) => {
  const session = await sessions.open(request);
  // Ask for a password here.
  await session.signIn(request.body.user);
  return reply.redirect("/", 303);
});

app.post("/sign-out", async (request, reply) => {
  const session = await sessions.open(request);
  await session.signOut();
  return reply.redirect("/", 303);
});

await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
`;

/** Fastify 5. */
export const FASTIFY: Setup = {
  name: "fastify",
  title: "Fastify",
  dependency: "fastify",
  files: (_project, store) =>
    serverFiles(store, APPLICATION, {
      sentence: "Register the sessions before your routes:",
      text: 'await app.register(sessionPlugin(sessions)); // from "sojourn/fastify" and "./sessions.ts"',
    }),
  next: START,
  guide: "docs/fastify.md",
};
