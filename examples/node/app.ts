import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { sessionMiddleware } from "sojourn/node";
import { sessions } from "./sessions.ts";

const withSessions = sessionMiddleware(sessions);

const server = createServer((req, res) => withSessions(req, res, () => answer(req, res)));

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const session = await sessions.open(req);
  switch (`${req.method} ${req.url}`) {
    case "GET /": {
      const visits = await session.update("visits", (n) => n + 1);
      res.setHeader("Content-Type", "text/html; charset=utf-8");
      res.end(page(session.userId, visits));
      break;
    }
    case "POST /sign-in": {
      const form = new URLSearchParams(await text(req));
      // Ask for a password here.
      await session.signIn(form.get("user") ?? "");
      res.writeHead(303, { Location: "/" }).end();
      break;
    }
    case "POST /sign-out":
      await session.signOut();
      res.writeHead(303, { Location: "/" }).end();
      break;
    default:
      res.writeHead(404).end();
  }
}

server.listen(Number(process.env["PORT"] ?? 3000));

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
