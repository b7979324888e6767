import { action, createAsync, query, redirect } from "@solidjs/router";
import { Show } from "solid-js";
import { openSession } from "../open-session";

const visit = query(async () => {
  "use server";
  const session = await openSession();
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
}, "visit");

const signIn = action(async (form: FormData) => {
  "use server";
  const session = await openSession();
  // In earnest, after you have checked a password.
  await session.signIn(String(form.get("user")));
  throw redirect("/", { status: 303 });
}, "sign-in");

const signOut = action(async () => {
  "use server";
  const session = await openSession();
  await session.signOut();
  throw redirect("/", { status: 303 });
}, "sign-out");

export default function Home() {
  // Before the first byte, so that a cookie can still be sent.
  const page = createAsync(() => visit(), { deferStream: true });
  return (
    <main>
      <h1>Hello, {page()?.user ?? "stranger"}.</h1>
      <p>Visit {page()?.visits}</p>
      <Show
        when={page()?.user}
        fallback={
          <form method="post" action={signIn}>
            <input name="user" aria-label="Name" placeholder="Name" required />{" "}
            <button type="submit">Sign in</button>
          </form>
        }
      >
        <form method="post" action={signOut}>
          <button type="submit">Sign out</button>
        </form>
      </Show>
    </main>
  );
}
