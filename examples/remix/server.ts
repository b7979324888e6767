import { createServer } from "node:http";
import { createRouter } from "@remix-run/fetch-router";
import { createRequestListener } from "@remix-run/node-fetch-server";
import { sessionMiddleware } from "sojourn/remix";
import { sessions } from "./sessions.ts";

const addresses = new WeakMap<Request, string>();
const remoteAddress = (request: Request) => addresses.get(request);
const router = createRouter({ middleware: [sessionMiddleware(sessions, { remoteAddress })] });

router.get("/", async (context) => {
  const session = await sessions.open(context);
  const visits = await session.update("visits", (n) => n + 1);
  return page(session.userId, visits);
});

router.post("/sign-in", async (context) => {
  const session = await sessions.open(context);
  const form = await context.request.formData();
  // In earnest, after you have checked a password.
  await session.signIn(String(form.get("user")));
  return home();
});

router.post("/sign-out", async (context) => {
  const session = await sessions.open(context);
  await session.signOut();
  return home();
});

function home() {
  return new Response(null, { status: 303, headers: { Location: "/" } });
}

function page(user: string | undefined, visits: number) {
  const signIn =
    '<form method="post" action="/sign-in">' +
    '<input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button></form>';
  const signOut = '<form method="post" action="/sign-out"><button>Sign out</button></form>';
  const lines = [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sojourn with Remix</title>',
    "<h1>Hello, " + escaped(user ?? "stranger") + ".</h1><p>Visit " + visits + "</p>",
    user === undefined ? signIn : signOut,
  ];
  return new Response(lines.join(""), { headers: { "Content-Type": "text/html" } });
}

function escaped(text: string) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

const listener = createRequestListener((request: Request, client: { address: string }) => {
  addresses.set(request, client.address);
  return router.fetch(request);
});
const port = Number(process.env["PORT"] ?? 3000);
createServer(listener).listen(port, "127.0.0.1", () => {
  console.log("http://localhost:" + port);
});
