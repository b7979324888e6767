/**
 * Another process over the same store: `node ending-process.ts <subject> <place>`. It begins sessions
 * and ends them as its parent tells it to.
 */
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { subjects } from "../../history/subjects.ts";
import type { Act, Answer, Asked, Held } from "./other-process.ts";

const [, , name = "", place = ""] = process.argv;
const subject = subjects[name as keyof typeof subjects];
const sessions = createSessions<Untyped>({
  store: await subject.open(JSON.parse(place)),
  storeTimeout: "10s",
});

/** Visits with a cookie, and resolves to the session's id and the cookie after it. */
async function visit(
  cookie: string,
  change: (session: Session<Untyped>) => Promise<void>,
): Promise<Held> {
  const request = new Request("https://localhost/", { headers: { cookie } });
  const response = await sessions.handle(request, async (request) => {
    const session = await sessions.open(request);
    await change(session);
    return new Response(session.id);
  });
  const id = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${id}`);
  const [line = ""] = response.headers.getSetCookie();
  return { id, cookie: line.split(";", 1)[0] ?? "" };
}

const ACTS: Readonly<Record<Act, (text: string) => Promise<unknown>>> = {
  begin: (userId) => visit("", (session) => session.signIn(userId)),
  regenerate: (cookie) => visit(cookie, (session) => session.regenerate()),
  signOut: (cookie) => visit(cookie, (session) => session.signOut()),
  revoke: (id) => sessions.revoke(id),
  revokeAll: (userId) => sessions.revokeAll({ userId }),
};

process.on("message", async ({ number, act, text }: Asked) => {
  try {
    answer({ number, result: await ACTS[act](text) });
  } catch (error) {
    answer({ number, failure: String(error) });
  }
});
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
answer({ number: 0 });

function answer(words: Answer): void {
  process.send?.(words);
}
