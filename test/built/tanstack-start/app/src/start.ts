import { createMiddleware, createStart } from "@tanstack/react-start";
import { sessionMiddleware } from "sojourn/tanstack-start";
import "./suite";

export const startInstance = createStart(() => ({
  requestMiddleware: globalThis.suite.sessions.map((sessions) =>
    createMiddleware().server(sessionMiddleware(sessions)),
  ),
}));
