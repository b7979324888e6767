/**
 * One application process of several: `node hand-off-worker.ts <subject> <place as JSON>`. It redeems
 * the codes that it is sent over IPC, each for the visitor whose cookie comes with it.
 */
import { createSessions, type Untyped } from "../../../src/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../../history/subjects.ts";

/** A code for a visitor. */
export interface Ask {
  readonly round: number;
  readonly cookie: string;
  readonly code: string;
}

/** What became of it: the user who is signed in now, or why nobody is. */
export interface Told {
  readonly round: number;
  readonly outcome: string;
  readonly cookies: readonly string[];
}

const [, , subject = "", place = ""] = process.argv;
const store = await subjects[subject as SubjectName].open(JSON.parse(place) as StorePlace);
const sessions = createSessions<Untyped>({ store, storeTimeout: "20s" });

process.on("message", async ({ round, cookie, code }: Ask) => {
  const request = new Request("https://localhost/", { method: "POST", headers: { cookie } });
  const response = await sessions.handle(request, async () => {
    const redeemed = await sessions.redeem(request, code);
    return new Response(redeemed.ok ? `as ${redeemed.session.userId}` : redeemed.reason);
  });
  const outcome = response.status === 200 ? await response.text() : String(response.status);
  const told: Told = { round, outcome, cookies: response.headers.getSetCookie() };
  process.send?.(told);
});
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
process.send?.("ready");
