/**
 * One application process of several: `node theft-worker.ts <subject> <place as JSON> <clock>`. Over IPC
 * it is told what visitors do, several at once, each with the token that they hold, and when it is.
 */
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { detectReuse, everyoneAtOnce, revokeEveryone } from "../../../src/security/theft/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../../history/subjects.ts";
import { Browser } from "../../laws/support/browser.ts";
import { SetClock } from "../../laws/support/clock.ts";

/** What a visitor with a token does, or whoever runs the application. */
export type Act =
  | { readonly does: "signIn"; readonly userId: string; readonly token?: string }
  | { readonly does: "regenerate" | "look"; readonly token: string }
  | { readonly does: "everyone" }
  | { readonly does: "move"; readonly ms: number };

export interface Ask {
  readonly number: number;
  readonly act: Act;
}

/** Who the visitor is, and the token that they hold now. */
export interface Told {
  readonly number: number;
  readonly status: number;
  readonly userId: string | null;
  readonly token: string | undefined;
  /** Which tokens the process has told to have come again since the last answer: the ids. */
  readonly heard: readonly string[];
}

const [, , subject = "", place = "", startsAt = ""] = process.argv;
const clock = new SetClock(Number(startsAt));
const store = await subjects[subject as SubjectName].open(JSON.parse(place) as StorePlace);
const sessions = createSessions<Untyped>({
  store,
  clock,
  storeTimeout: "20s",
  protections: [everyoneAtOnce({ within: "30s" }), detectReuse({ regenerateEvery: "15m" })],
});
let heard: string[] = [];
sessions.on("tokenReused", ({ previousId }) => void heard.push(previousId));

async function visitor(act: Extract<Act, { readonly does: "signIn" | "regenerate" | "look" }>) {
  const browser = new Browser(sessions);
  if (act.token !== undefined) browser.token = act.token;
  const handler = async (session: Session<Untyped>): Promise<string | null> => {
    if (act.does === "signIn") await session.signIn(act.userId);
    else if (act.does === "regenerate" && !session.isEnded) await session.regenerate();
    return session.userId ?? null;
  };
  const answer = await browser.visit(handler);
  const userId = answer.status === 200 ? (answer.json as string | null) : null;
  return { status: answer.status, userId, token: browser.token };
}

async function carryOut(act: Act): Promise<Omit<Told, "number" | "heard">> {
  const nobody = { status: 200, userId: null, token: undefined };
  if (act.does === "move") clock.move(act.ms);
  else if (act.does === "everyone") await revokeEveryone(sessions);
  else return visitor(act);
  return nobody;
}

process.on("message", async ({ number, act }: Ask) => {
  const done = await carryOut(act);
  process.send?.({ number, ...done, heard } satisfies Told);
  heard = [];
});
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
process.send?.("ready");
