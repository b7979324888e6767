import { openSession } from "../lib/sessions";
import { count, signIn, signOut } from "./actions";

export default async function Page() {
  const session = await openSession();
  return (
    <main>
      <h1>{`Hello, ${session.userId ?? "stranger"}.`}</h1>
      <p>{`Visit ${session.get("visits")}`}</p>
      <form action={count}>
        <button type="submit">Count</button>
      </form>
      {session.userId === undefined ? (
        <form action={signIn}>
          <input name="user" aria-label="Name" required />
          <button type="submit">Sign in</button>
        </form>
      ) : (
        <form action={signOut}>
          <button type="submit">Sign out</button>
        </form>
      )}
    </main>
  );
}
