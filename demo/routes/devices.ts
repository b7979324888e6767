import { type Request, type Response, Router } from "express";
import { field } from "../form.ts";
import { HttpError } from "../http-error.ts";
import { pagesOf } from "../pages.ts";
import { type Ending, endingPage, type Problem } from "../views/account.ts";
import { accountPage } from "../views/devices.ts";
import { type Services, type SignedIn, signedIn } from "../visitor.ts";

/** What may be ended, and where. */
const ENDINGS: Readonly<Record<Ending, string>> = {
  there: "/devices/:id/end",
  others: "/devices/end-others",
  all: "/devices/end-all",
};

/** "Your account": where else the user is signed in, and ending it. */
export function deviceRoutes(services: Services): Router {
  const { sessions, guard } = services;
  const show = pagesOf(services);
  const router = Router();

  router.get("/account", async (req, res) => {
    const known = await signedIn(req, services);
    if (known === undefined) return res.redirect(303, "/sign-in?next=/account");
    const { session, user } = known;
    await show(req, res, accountPage(user, await sessions.list({ userId: user.id }), session.id));
  });

  router.get("/devices", (_req, res) => res.redirect(301, "/account"));

  for (const [ending, path] of Object.entries(ENDINGS) as [Ending, string][]) {
    router.get(path, (req, res) => ask(req, res, ending));
    // OWASP ASVS 5.0, 7.5.2: whoever ends sessions has just shown again who they are.
    router.post(path, async (req, res, next) => {
      const known = await signedIn(req, services);
      const password = field(req, "password");
      if (known === undefined || password === "") return ask(req, res, ending);
      if (await guard.confirm(req, known.user, password)) return next();
      await ask(req, res, ending, "wrongPassword");
    });
  }

  router.post(ENDINGS.there, async (req, res) => {
    const { session, user } = await proven(req);
    // With `userId`, an id from the URL can only end a session of this user.
    const ended = await sessions.revoke(String(req.params["id"]), { userId: user.id });
    session.flash("notice", ended ? "endedThere" : "endedAlready");
    res.redirect(303, "/account");
  });

  router.post(ENDINGS.others, async (req, res) => {
    const { session, user } = await proven(req);
    await sessions.revokeAll({ userId: user.id, except: session.id });
    session.flash("notice", "endedOthers");
    res.redirect(303, "/account");
  });

  router.post(ENDINGS.all, async (req, res) => {
    const { session, user } = await proven(req);
    // Here first, so that what follows may keep the theme and the language.
    await session.signOut({ keep: ["theme", "language"] });
    await sessions.revokeAll({ userId: user.id });
    session.flash("notice", "endedAll");
    res.redirect(303, "/");
  });

  /** Asks for the password, or to sign in first. */
  async function ask(
    req: Request,
    res: Response,
    ending: Ending,
    problem?: Problem,
  ): Promise<void> {
    const known = await signedIn(req, services);
    if (known === undefined) return res.redirect(303, "/sign-in?next=/account");
    const page = endingPage(known.user, ending, { action: req.path, problem });
    await show(req, res, page, req.method === "GET" ? 200 : 422);
  }

  async function proven(req: Request): Promise<SignedIn> {
    const known = await signedIn(req, services);
    if (known === undefined) throw new HttpError(403);
    return known;
  }

  return router;
}
