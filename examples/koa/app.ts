import { text } from "node:stream/consumers";
import Koa from "koa";
import { sessionMiddleware } from "sojourn/koa";
import { sessions } from "./sessions.ts";

const app = new Koa();
app.use(sessionMiddleware(sessions));

app.use(async (ctx) => {
  const session = await sessions.open(ctx);
  switch (`${ctx.method} ${ctx.path}`) {
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

function page(userId: string | undefined, visits: number): string {
  const form = userId === undefined ? SIGN_IN : SIGN_OUT;
  return `<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions</title>
<p>Hello, ${escaped(userId ?? "stranger")}.</p>
<p>Visit ${visits}</p>
${form}`;
}

const SIGN_IN = `<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>`;
const SIGN_OUT = `<form method="post" action="/sign-out"><button>Sign out</button></form>`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
