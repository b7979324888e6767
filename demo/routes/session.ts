import { setTimeout as sleep } from "node:timers/promises";
import { type Response, Router } from "express";
import { HttpError } from "../http-error.ts";
import { pagesOf } from "../pages.ts";
import type { Watcher } from "../session-log.ts";
import { render } from "../views/layout.ts";
import { sessionPage } from "../views/session.ts";
import { logLine } from "../views/session-lines.ts";
import { visitOf } from "../visit.ts";
import { type Services, visitorOf } from "../visitor.ts";
import { type Language, WORDS } from "../words/words.ts";

/** As long as a handler waits that asks a database. */
const PAUSE_MS = 25;

const MAX_STREAMS = 200;

const MAX_UNREAD_BYTES = 65_536;

/** A stream is begun anew now and then, so that it lasts no longer than its session. */
const STREAM_MS = 10 * 60_000;

/** The panel: what the library does for this visit, and a race to watch. */
export function sessionRoutes(services: Services): Router {
  const { sessions, log } = services;
  const show = pagesOf(services);
  const router = Router();
  let streams = 0;

  router.get("/session", async (req, res) => {
    res.set("Cache-Control", "no-store");
    await show(req, res, sessionPage(await visitOf(req, services)));
  });

  // The same page, as the panel's script loads it beside the one that the visitor looks at.
  router.get("/session/panel", async (req, res) => {
    const visitor = await visitorOf(req, services, "script");
    res.set("Cache-Control", "no-store");
    res.send(render(sessionPage(await visitOf(req, services)), visitor));
  });

  // Twenty clicks at once need one session, so this begins it.
  router.post("/session/race", async (req, res) => {
    const session = await sessions.open(req);
    session.set("clicks", 0);
    session.set("naiveClicks", 0);
    session.set("isRaced", true);
    res.sendStatus(204);
  });

  router.post("/session/clicks", async (req, res) => {
    const session = await sessions.open(req);
    if (session.isNew) throw new HttpError(400);

    const before = session.get("naiveClicks");
    await sleep(PAUSE_MS);
    session.set("naiveClicks", before + 1);

    await session.update("clicks", (clicks) => clicks + 1);
    res.sendStatus(204);
  });

  // `read` creates, touches and sends nothing: whoever only watches is not active.
  router.get("/session/events", async (req, res) => {
    const view = await sessions.read(req);
    // An EventSource that is answered so asks no more.
    const isRefused = view === undefined || req.method === "HEAD" || streams >= MAX_STREAMS;
    if (isRefused) return void res.sendStatus(204);
    const stop = log.watch(view.id, eventStream(res, view.get("language")));
    if (stop === undefined) return void res.sendStatus(204);
    streams += 1;
    const timer = setTimeout(() => res.end(), STREAM_MS).unref();
    res.once("close", () => {
      streams -= 1;
      clearTimeout(timer);
      stop();
    });
    res.set({ "Content-Type": "text/event-stream", "Cache-Control": "no-store", Vary: "Cookie" });
    res.write("retry: 1000\n\n");
  });

  return router;
}

/** Tells a page what happens, in the lines of its log. */
function eventStream(res: Response, language: Language): Watcher {
  return {
    tell(entry) {
      // Whoever does not read is not waited for.
      if (res.writableLength > MAX_UNREAD_BYTES) return void res.destroy();
      const line = logLine(entry, { language, now: Date.now() }, WORDS[language]);
      res.write(`data: ${line}\n\n`);
    },
    end: () => void res.end(),
  };
}
