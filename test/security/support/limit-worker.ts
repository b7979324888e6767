/**
 * One application process of several: `node limit-worker.ts <subject> <place as JSON> <how>`. It signs
 * visitors in as it is told over IPC, several at once.
 */
import { createSessions, type Untyped } from "../../../src/index.ts";
import { limitSessions, type OnLimit } from "../../../src/security/limits/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../../history/subjects.ts";
import { Browser } from "../../laws/support/browser.ts";
import { times } from "../../laws/support/world.ts";

/** So many visitors sign in as one user at the same moment. */
export interface Ask {
  readonly round: number;
  readonly onLimit: OnLimit;
  readonly count: number;
}

/** How each of them was answered, and what each holds now. */
export interface Told {
  readonly round: number;
  readonly answers: readonly (readonly [status: number, token: string | undefined])[];
}

/** How many sessions a user may have. */
export const PER_USER = 2;

const [, , subject, place] = process.argv;
if (subject !== undefined && place !== undefined && process.send !== undefined) {
  const store = await subjects[subject as SubjectName].open(JSON.parse(place) as StorePlace);
  const at = (onLimit: OnLimit): ReturnType<typeof createSessions<Untyped>> =>
    createSessions<Untyped>({
      store,
      name: "session",
      storeTimeout: "20s",
      protections: [limitSessions({ perUser: PER_USER, onLimit })],
    });
  const one = at((process.argv[4] ?? "endOldest") as OnLimit);
  process.on("message", async ({ round, count }: Ask) => {
    const answers = await times(count, async () => {
      const browser = new Browser(one);
      const { status } = await browser.visit((session) => session.signIn(`user ${round}`));
      return [status, browser.token] as const;
    });
    process.send?.({ round, answers } satisfies Told);
  });
  // Nobody outlives the tests.
  process.on("disconnect", () => process.exit());
  process.send("ready");
}
