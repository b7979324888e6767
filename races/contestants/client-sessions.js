// client-sessions on Express.
import clientSessions from "client-sessions";
import { plainObject } from "./support/contract.js";
import { serveExpress } from "./support/express.js";

serveExpress(
  {
    ...plainObject,
    packages: ["client-sessions", "express"],
    open: ({ req }) => req.session,
    signIn: ({ req }, user) => {
      req.session.reset();
      req.session.user = user;
    },
    signOut: ({ req }) => req.session.reset(),
  },
  clientSessions({ cookieName: "session", secret: "a secret of thirty-two characters" }),
);
