import { createMiddleware, createServerFn, createStart } from "@tanstack/react-start";
import { createSessions, type Session } from "sojourn";
import { sessionMiddleware } from "sojourn/tanstack-start";

// Never run: what is said here is for the compiler.
const sessions = createSessions<{ name: string }>({ defaults: { name: "" } });
const withSession = createMiddleware().server(sessionMiddleware(sessions, { accessor: true }));
const plain = createMiddleware().server(sessionMiddleware(sessions));

export const ofFunction = createServerFn()
  .middleware([withSession])
  .handler(({ context }) => {
    const session: Session<{ name: string }> = context.session;
    // @ts-expect-error: a name is text.
    const count: number = session.get("name");
    return [session.get("name").toUpperCase(), count];
  });

export const ofPlainFunction = createServerFn()
  .middleware([plain])
  // @ts-expect-error: nothing has put it there.
  .handler(({ context }) => context.session);

const further = createMiddleware()
  .middleware([withSession])
  .server(({ next, context }) => next({ context: { name: context.session.get("name") } }));

export const startInstance = createStart(() => ({
  requestMiddleware: [withSession, further],
}));
