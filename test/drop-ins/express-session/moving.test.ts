import expressSession from "express-session";
import { expect, it, onTestFinished } from "vitest";
import session, { type SessionMiddleware } from "../../../src/drop-ins/express-session/index.ts";
import { movingStore } from "../../../src/drop-ins/express-session/moving/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { browse, type Handle, type Middleware } from "./support/hosts.ts";

const SECRET = "keyboard cat";
const SETTINGS = { secret: SECRET, resave: false, saveUninitialized: false };

const counts: Handle = (request, response) => {
  request.session.n = (request.session.n ?? 0) + 1;
  response.end(String(request.session.n));
};

it("moves all that can be moved, whatever one of them is, and tells of the others", async () => {
  const theirs = new expressSession.MemoryStore();
  const old = expressSession({ ...SETTINGS, store: theirs }) as unknown as Middleware;
  const browser = await browse(old, counts);
  const first = browser.twin();
  const last = browser.twin();
  await first.get();
  theirs.set("broken", { cookie: {} } as never);
  await last.get();
  const really = theirs.get.bind(theirs);
  theirs.get = (sid, callback) => {
    if (sid === "broken") callback(new SyntaxError("cut off"));
    else really(sid, callback);
  };
  const ours = memoryStore();
  const moving = movingStore(theirs, ours, { secret: SECRET }).moveAll();
  await expect(moving).rejects.toThrow("1 of 3 sessions could not be taken over");
  await expect(moving).rejects.toMatchObject({ errors: [expect.any(SyntaxError)] });
  const alone = session({ ...SETTINGS, store: ours }) as SessionMiddleware & Middleware;
  onTestFinished(() => alone.sessions.close());
  for (const { cookie } of [first, last]) {
    const young = await browse(alone, counts);
    young.cookie = cookie;
    expect((await young.get()).text).toBe("2");
  }
});
