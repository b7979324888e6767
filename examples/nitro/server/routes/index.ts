import { defineHandler } from "nitro";
import { sessions } from "../utils/sessions.ts";

export default defineHandler(async (event) => {
  const session = await sessions.open(event);
  const visits = await session.update("visits", (n) => n + 1);
  const { userId = "stranger" } = session;
  const name = userId.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const form = session.userId
    ? '<form method="post" action="/sign-out"><button>Sign out</button></form>'
    : '<form method="post" action="/sign-in"><input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button></form>';
  event.res.headers.set("Content-Type", "text/html; charset=utf-8");
  return `<!doctype html><title>Sessions</title><p>Hello, ${name}.<p>Visit ${visits}${form}`;
});
