import { createMiddleware, createStart } from "@tanstack/react-start";
import { sessionMiddleware } from "sojourn/tanstack-start";
import "./suite";

const outermost = createMiddleware().server(async ({ next }) => {
  try {
    return await next();
  } catch (error) {
    globalThis.suite.failed(error);
    throw error;
  }
});

export const startInstance = createStart(() => ({
  requestMiddleware: [
    outermost,
    ...globalThis.suite.sessions.map((sessions, place) =>
      globalThis.suite.hasAccessor && place === 0
        ? createMiddleware().server(async (args) => {
            const result = await sessionMiddleware(sessions, { accessor: true })(args);
            globalThis.suite.answered(result.context);
            return result;
          })
        : createMiddleware().server(sessionMiddleware(sessions)),
    ),
  ],
}));
