import { Body, Controller, Get, Header, Post, Redirect } from "@nestjs/common";
import type { Session } from "sojourn";
import { CurrentSession, SignedIn } from "sojourn/nest";

type Visitor = Session<{ visits: number }>;

@Controller()
export class AppController {
  @Get()
  @Header("Content-Type", "text/html; charset=utf-8")
  async page(@CurrentSession() session: Visitor): Promise<string> {
    const visits = await session.update("visits", (n) => n + 1);
    const form = session.userId === undefined ? SIGN_IN : SIGN_OUT;
    return `<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions in Nest</title>
<p>Hello, ${escaped(session.userId ?? "stranger")}.</p>
<p>Visit ${visits}</p>
${form}`;
  }

  @Post("sign-in")
  @Redirect("/", 303)
  async signIn(@CurrentSession() session: Visitor, @Body("user") user: string): Promise<void> {
    // Ask for a password here.
    await session.signIn(user);
  }

  @SignedIn()
  @Post("sign-out")
  @Redirect("/", 303)
  async signOut(@CurrentSession() session: Visitor): Promise<void> {
    await session.signOut();
  }
}

const SIGN_IN = `<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>`;
const SIGN_OUT = `<form method="post" action="/sign-out"><button>Sign out</button></form>`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
