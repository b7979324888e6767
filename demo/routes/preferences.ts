import { Router } from "express";
import { field, ownPath } from "../form.ts";
import { HttpError } from "../http-error.ts";
import type { Services } from "../visitor.ts";

/** The lights, the language, and the stamps on the ticket. */
export function preferenceRoutes({ sessions }: Services): Router {
  const router = Router();

  router.post("/preferences/theme", async (req, res) => {
    const theme = field(req, "theme");
    if (theme !== "light" && theme !== "dark") throw new HttpError(400);
    const session = await sessions.open(req);
    session.set("theme", theme);
    res.redirect(303, ownPath(field(req, "back")));
  });

  router.post("/preferences/language", async (req, res) => {
    const language = field(req, "language");
    if (language !== "en" && language !== "de") throw new HttpError(400);
    const session = await sessions.open(req);
    session.set("language", language);
    res.redirect(303, ownPath(field(req, "back")));
  });

  router.post("/visits", async (req, res) => {
    const session = await sessions.open(req);
    await session.update("visits", (visits) => visits + 1);
    res.redirect(303, ownPath(field(req, "back")));
  });

  return router;
}
