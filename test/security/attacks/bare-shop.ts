import express, { type Express } from "express";
import session from "express-session";

declare module "express-session" {
  interface SessionData {
    user: string;
    changes: number;
  }
}

export const BARE_COOKIE = "sid";

/**
 * A shop without a single defence, as tutorials show it: each attack has to succeed here, or it would
 * prove nothing where it fails.
 */
export function bareShop(): Express {
  const app = express();
  app.use(
    session({
      name: BARE_COOKIE,
      secret: "keyboard cat",
      resave: false,
      saveUninitialized: true,
      cookie: { httpOnly: false, secure: false },
    }),
  );
  app.use(express.urlencoded({ extended: false }));
  const standing = "who";
  app.get(["/", `/${standing}`, `/account/${standing}`], (req, res) => {
    const { user = "nobody", changes = 0 } = req.session;
    res.send(`<!doctype html><title>bare</title><p id="user">${user}</p><p id="n">${changes}</p>`);
  });
  // The same token as before.
  app.all("/sign-in", (req, res) => {
    req.session.user = String(req.query["user"]);
    res.send("signed in");
  });
  // By GET too, as links are so convenient.
  app.all("/change", (req, res) => {
    req.session.changes = (req.session.changes ?? 0) + 1;
    res.send("changed");
  });
  // The browser forgets it, and the server does not.
  app.all("/sign-out", (_req, res) => {
    res.clearCookie(BARE_COOKIE).send("signed out");
  });
  return app;
}
