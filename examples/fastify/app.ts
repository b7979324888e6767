import Fastify from "fastify";
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

function page(userId: string | undefined, visits: number): string {
  const form = userId === undefined ? SIGN_IN : SIGN_OUT;
  return `<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions</title>
<p>Hello, ${escaped(userId ?? "stranger")}.</p>
<p>Visit ${visits}</p>
${form}`;
}

const SIGN_IN = `<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>`;
const SIGN_OUT = `<form method="post" action="/sign-out"><button>Sign out</button></form>`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
