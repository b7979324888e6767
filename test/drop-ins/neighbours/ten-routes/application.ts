/**
 * An application of ten routes with passport and connect-redis, in a process of its own:
 * `node application.ts <redis port> <express-session | drop-in> <theirs | moving | ours>`. What it is
 * told as the second argument is the one line that an application changes.
 */
import { RedisStore } from "connect-redis";
import express from "express";
import expressSession from "express-session";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { createClient } from "redis";
import dropIn from "../../../../src/drop-ins/express-session/index.ts";
import { movingStore } from "../../../../src/drop-ins/express-session/moving/index.ts";
import { redisStore } from "../../../../src/stores/redis/index.ts";

const [redisPort, library, kept] = process.argv.slice(2);
const secret = "keyboard cat";
const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
await client.connect();

const theirs = new RedisStore({ client });
const ours = redisStore(client);
const moving = movingStore(theirs, ours, { secret });
const settings = {
  secret,
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 3_600_000 },
};

function middleware(): express.RequestHandler {
  if (library === "express-session") return expressSession({ ...settings, store: theirs });
  if (kept === "theirs") return dropIn({ ...settings, store: theirs });
  return dropIn({ ...settings, store: kept === "moving" ? moving : ours });
}

/** What the application keeps beside passport's user. */
function keptIn({ session }: express.Request): Record<string, unknown> & { cart?: string[] } {
  return session as never;
}

const passport = new Passport();
passport.use(new Strategy((username, _password, done) => done(null, { id: username })));
passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
passport.deserializeUser((id: string, done) => done(null, { id }));

const app = express();
app.use(express.urlencoded({ extended: false }), middleware(), passport.session());
app.get("/", (request, response) => {
  response.send(request.isAuthenticated() ? `Hello ${nameOf(request)}` : "Hello stranger");
});
app.post(
  "/sign-in",
  passport.authenticate("local", { keepSessionInfo: true }),
  (_request, response) => {
    response.send("ok");
  },
);
app.post("/sign-out", (request, response, next) => {
  request.logout((error) => (error ? next(error) : response.send("ok")));
});
app.get("/account", (request, response) => {
  response.status(request.isAuthenticated() ? 200 : 401).send(nameOf(request));
});
app.get("/cart", (request, response) => void response.json(keptIn(request).cart ?? []));
app.post("/cart/:item", (request, response) => {
  const kept = keptIn(request);
  kept.cart = [...(kept.cart ?? []), String(request.params["item"])];
  response.send("ok");
});
app.delete("/cart", (request, response) => {
  delete keptIn(request).cart;
  response.send("ok");
});
app.post("/settings/:key/:value", (request, response) => {
  keptIn(request)[`setting ${request.params["key"]}`] = request.params["value"];
  response.send("ok");
});
app.get("/settings", (request, response) => {
  const keys = Object.keys(request.session).filter((key) => key.startsWith("setting "));
  response.json(keys.map((key) => key.slice("setting ".length)));
});
app.get("/id", (request, response) => void response.send(request.sessionID));

function nameOf({ user }: express.Request): string {
  return (user as { id: string } | undefined)?.id ?? "stranger";
}

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
