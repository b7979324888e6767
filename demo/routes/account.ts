import { type Request, Router } from "express";
import { field, ownPath } from "../form.ts";
import { pagesOf } from "../pages.ts";
import { confirmPage, type Problem, registerPage, signInPage } from "../views/account.ts";
import { type Services, signedIn } from "../visitor.ts";

/** Becoming known, and unknown again. */
export function accountRoutes(services: Services): Router {
  const { sessions, guard } = services;
  const show = pagesOf(services);
  const router = Router();

  router.get("/register", (req, res) => show(req, res, registerPage({ next: nextOf(req) })));

  router.post("/register", async (req, res) => {
    const form = formOf(req);
    const problem = problemOf(form);
    if (problem !== undefined) return show(req, res, registerPage({ ...form, problem }), 422);
    const user = await guard.register(req, form);
    const session = await sessions.open(req);
    await session.signIn(user.id, { persistent: form.remember });
    session.flash("notice", "registered");
    res.redirect(303, form.next);
  });

  router.get("/sign-in", (req, res) => show(req, res, signInPage({ next: nextOf(req) })));

  router.post("/sign-in", async (req, res) => {
    const form = formOf(req);
    const user = await guard.authenticate(req, form.email, form.password);
    if (user === undefined) {
      return show(req, res, signInPage({ ...form, problem: "wrong" }), 422);
    }
    const session = await sessions.open(req);
    await session.signIn(user.id, { persistent: form.remember });
    session.flash("notice", "signedIn");
    res.redirect(303, form.next);
  });

  router.get("/confirm", async (req, res) => {
    const known = await signedIn(req, services);
    if (known === undefined) return res.redirect(303, "/sign-in");
    await show(req, res, confirmPage(known.user, { next: nextOf(req) }));
  });

  // A second sign-in of the same user: the data stays, the token and `authenticatedAt` are new.
  router.post("/confirm", async (req, res) => {
    const { next, password } = formOf(req);
    const known = await signedIn(req, services);
    if (known === undefined) return res.redirect(303, "/sign-in");
    const { session, user } = known;
    if (!(await guard.confirm(req, user, password))) {
      return show(req, res, confirmPage(user, { next, problem: "wrongPassword" }), 422);
    }
    await session.signIn(user.id);
    res.redirect(303, next);
  });

  router.post("/sign-out", async (req, res) => {
    const session = await sessions.open(req);
    // A stranger has nothing to leave, and gets no session for the asking.
    if (session.userId === undefined) return res.redirect(303, "/");
    await session.signOut({ keep: ["theme", "language"] });
    session.flash("notice", "signedOut");
    res.redirect(303, "/");
  });

  return router;
}

function nextOf(req: Request): string {
  return ownPath(req.query["next"]);
}

interface Form {
  readonly next: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly remember: boolean;
}

function formOf(req: Request): Form {
  return {
    next: ownPath(field(req, "next")),
    name: field(req, "name").trim(),
    email: field(req, "email").trim().toLowerCase(),
    password: field(req, "password"),
    remember: field(req, "remember") === "on",
  };
}

function problemOf({ name, email, password }: Form): Problem | undefined {
  if (name === "" || name.length > 60) return "badName";
  if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254) return "badEmail";
  return password.length < 10 ? "badPassword" : undefined;
}
