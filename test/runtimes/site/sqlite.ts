// Prints what it did with SQLite; its arguments are where the database is.
import { createSessions, type Session } from "sojourn";
import { sqliteStore } from "sojourn/sqlite";

const [path = "", driver] = process.argv.slice(2);

async function bunDatabase(): Promise<Parameters<typeof sqliteStore>[0]> {
  // Its name is not one that other runtimes can resolve.
  const name: string = "bun:sqlite";
  const { Database } = await import(name);
  return new Database(path);
}

const store = sqliteStore(driver === "bun:sqlite" ? await bunDatabase() : path);
const sessions = createSessions({ store, defaults: { visits: 0 } });
let cookie: string | undefined;

async function visit<T>(work: (session: Session<{ visits: number }>) => T): Promise<Awaited<T>> {
  const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
  let result: Awaited<T> | undefined;
  const request = new Request("https://shop.example/", { headers });
  const response = await sessions.handle(request, async (req) => {
    result = await work(await sessions.open(req));
    return new Response();
  });
  if (!response.ok) throw new Error(await response.text());
  cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
  return result as Awaited<T>;
}

const count = (session: Session<{ visits: number }>): Promise<number> =>
  session.update("visits", (n) => n + 1);

await visit(count);
await Promise.all(Array.from({ length: 20 }, () => visit(count)));
await visit((session) => session.signIn("u1"));
const listed = (await sessions.list({ userId: "u1" })).length;
const visits = await visit(count);
const expired = await sessions.deleteExpired();
const revoked = await sessions.revokeAll({ userId: "u1" });
const left = await visit((session) => session.get("visits"));
await sessions.close();
console.log(JSON.stringify({ visits, listed, expired, revoked, left }));
