import { createFileRoute, redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { sessions } from "../sessions";

const visit = createServerFn().handler(async () => {
  const session = await sessions.open(getRequest());
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
});

const signIn = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("user")))
  .handler(async ({ data: user }) => {
    const session = await sessions.open(getRequest());
    // In earnest, after you have checked a password.
    await session.signIn(user);
    throw redirect({ to: "/", statusCode: 303 });
  });

const signOut = createServerFn({ method: "POST" }).handler(async () => {
  const session = await sessions.open(getRequest());
  await session.signOut();
  throw redirect({ to: "/", statusCode: 303 });
});

export const Route = createFileRoute("/")({ loader: () => visit(), component: Home });

function Home() {
  const { user, visits } = Route.useLoaderData();
  return (
    <main>
      <h1>Hello, {user ?? "stranger"}.</h1>
      <p>Visit {visits}</p>
      {user === undefined ? (
        <form method="post" encType="multipart/form-data" action={signIn.url}>
          <input name="user" aria-label="Name" placeholder="Name" required />{" "}
          <button type="submit">Sign in</button>
        </form>
      ) : (
        <form method="post" encType="multipart/form-data" action={signOut.url}>
          <button type="submit">Sign out</button>
        </form>
      )}
    </main>
  );
}
