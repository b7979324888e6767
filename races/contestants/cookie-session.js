// cookie-session on Express.
import cookieSession from "cookie-session";
import { serveExpress } from "./support/express.js";

serveExpress(
  {
    packages: ["cookie-session", "express"],
    open: ({ req }) => req.session,
    user: (session) => session.user,
    values: ({ user, ...values }) => values,
    set: (session, key, value) => {
      session[key] = value;
    },
    signIn: ({ req }, user) => {
      req.session = { user };
    },
    signOut: ({ req }) => {
      req.session = null;
    },
  },
  cookieSession({ keys: ["a secret of thirty-two characters"] }),
);
