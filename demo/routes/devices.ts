import { Router } from "express";
import { pagesOf } from "../pages.ts";
import { devicesPage } from "../views/devices.ts";
import type { Services } from "../visitor.ts";

/** "Your devices": where else the user is signed in, and ending it. */
export function deviceRoutes(services: Services): Router {
  const { sessions } = services;
  const show = pagesOf(services);
  const router = Router();

  router.get("/devices", async (req, res) => {
    const { id, userId } = await sessions.open(req);
    if (userId === undefined) return res.redirect(303, "/sign-in?next=/devices");
    await show(req, res, devicesPage(await sessions.list({ userId }), id));
  });

  router.post("/devices/:id/end", async (req, res) => {
    const session = await sessions.open(req);
    if (session.userId === undefined) return res.redirect(303, "/sign-in?next=/devices");
    // With `userId`, an id from the URL can only end a session of this user.
    const ended = await sessions.revoke(req.params.id, { userId: session.userId });
    session.flash("notice", ended ? "endedThere" : "endedAlready");
    res.redirect(303, "/devices");
  });

  router.post("/devices/end-others", async (req, res) => {
    const session = await sessions.open(req);
    if (session.userId === undefined) return res.redirect(303, "/sign-in?next=/devices");
    await sessions.revokeAll({ userId: session.userId, except: session.id });
    session.flash("notice", "endedOthers");
    res.redirect(303, "/devices");
  });

  router.post("/devices/end-all", async (req, res) => {
    const session = await sessions.open(req);
    const { userId } = session;
    if (userId === undefined) return res.redirect(303, "/sign-in?next=/devices");
    // Here first, so that what follows may keep the theme and the language.
    await session.signOut({ keep: ["theme", "language"] });
    await sessions.revokeAll({ userId });
    session.flash("notice", "endedAll");
    res.redirect(303, "/");
  });

  return router;
}
