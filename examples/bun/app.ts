import { sessions } from "./sessions.ts";

/** @param remoteAddress - Who is at the other end of the socket: your proxy, or a browser. */
export function answer(request: Request, remoteAddress: string | undefined): Promise<Response> {
  return sessions.handle(request, route, { remoteAddress });
}

async function route(request: Request): Promise<Response> {
  const session = await sessions.open(request);
  switch (`${request.method} ${new URL(request.url).pathname}`) {
    case "GET /": {
      const visits = await session.update("visits", (n) => n + 1);
      const headers = { "Content-Type": "text/html; charset=utf-8" };
      return new Response(page(session.userId, visits), { headers });
    }
    case "POST /sign-in": {
      const form = await request.formData();
      // Ask for a password here.
      await session.signIn(String(form.get("user")));
      return toStart();
    }
    case "POST /sign-out":
      await session.signOut();
      return toStart();
    default:
      return new Response("There is no such page.", { status: 404 });
  }
}

function toStart(): Response {
  return new Response(null, { status: 303, headers: { Location: "/" } });
}

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
