import { Form, redirect } from "react-router";
import { sessions } from "../sessions.server";
import type { Route } from "./+types/home";

export async function loader({ context }: Route.LoaderArgs) {
  const session = await sessions.open(context);
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
}

export async function action({ request, context }: Route.ActionArgs) {
  const session = await sessions.open(context);
  const form = await request.formData();
  if (form.get("intent") === "sign-out") await session.signOut();
  // In earnest, after you have checked a password.
  else await session.signIn(String(form.get("user")));
  return redirect("/");
}

export default function Home({ loaderData: { user, visits } }: Route.ComponentProps) {
  return (
    <main>
      <h1>Hello, {user ?? "stranger"}.</h1>
      <p>Visit {visits}</p>
      {user === undefined ? (
        <Form method="post">
          <input name="user" aria-label="Name" placeholder="Name" required />{" "}
          <button type="submit">Sign in</button>
        </Form>
      ) : (
        <Form method="post">
          <button type="submit" name="intent" value="sign-out">
            Sign out
          </button>
        </Form>
      )}
    </main>
  );
}
