import type { Setup } from "../setup.ts";
import { START, serverFiles } from "./server-files.ts";

const APPLICATION = `import { text } from "node:stream/consumers";
import Koa from "koa";
import { sessionMiddleware } from "sojourn/koa";
import { sessions } from "./sessions.ts";

const app = new Koa();
app.use(sessionMiddleware(sessions));

app.use(async (ctx) => {
  const session = await sessions.open(ctx);
  switch (\`\${ctx.method} \${ctx.path}\`) {
    case "GET /": {
      const visits = await session.update("visits", (n) => n + 1);
      ctx.body = page(session.userId, visits);
      break;
    }
    case "POST /sign-in": {
      const form = new URLSearchParams(await text(ctx.req));
      // Ask for a password here.
      await session.signIn(form.get("user") ?? "");
      ctx.redirect("/");
      ctx.status = 303;
      break;
    }
    case "POST /sign-out":
      await session.signOut();
      ctx.redirect("/");
      ctx.status = 303;
  }
});

app.listen(Number(process.env["PORT"] ?? 3000));
`;

/** Koa 3. */
export const KOA: Setup = {
  name: "koa",
  title: "Koa",
  dependency: "koa",
  files: (_project, store) =>
    serverFiles(store, APPLICATION, {
      sentence: "Mount the sessions before your middlewares:",
      text: 'app.use(sessionMiddleware(sessions)); // from "sojourn/koa" and "./sessions.ts"',
    }),
  next: START,
  guide: "docs/koa.md",
};
