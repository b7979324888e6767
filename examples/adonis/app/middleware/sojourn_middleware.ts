import { sessionMiddleware } from "sojourn/adonis";
import { sessions } from "#services/sessions";

export default sessionMiddleware(sessions, { accessor: true });

declare module "@adonisjs/core/http" {
  interface HttpContext {
    session: Awaited<ReturnType<typeof sessions.open>>;
  }
}
