import router from "@adonisjs/core/services/router";

router.get("/", async ({ session, response }) => {
  const visits = await session.update("visits", (n) => n + 1);
  response.type("html");
  return page(session.userId, visits);
});

router.post("/sign-in", async ({ session, request, response }) => {
  // Ask for a password here.
  await session.signIn(String(request.input("user")));
  response.redirect().status(303).toPath("/");
});

router.post("/sign-out", async ({ session, response }) => {
  await session.signOut();
  response.redirect().status(303).toPath("/");
});

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
