import type { StoredSession } from "../../../src/core/record.ts";
import {
  createSessions,
  memoryStore,
  type Session,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { elevate, isElevated } from "../../../src/security/assurance/index.ts";
import { FlowError, flow, pendingSignIn } from "../../../src/security/flows/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { bytesOf, Finding, type Subject, type Target, type Verdict } from "../target.ts";

const reset = flow("reset", { steps: ["asked", "proved"], expiresIn: "15m" }).holding<{
  n: number;
}>();
const signIns = pendingSignIn();

/** The library's own notes, as somebody has damaged them: whoever asks hears nothing, and no error. */
async function open(): Promise<Subject> {
  const memory = memoryStore();
  let notes: string | undefined;
  const sessions = createSessions<Untyped>({
    store: {
      profile: memory.profile,
      load: async (id, call) => doctored(await memory.load(id, call), notes),
      create: (...given) => memory.create(...given),
      update: (...given) => memory.update(...given),
      end: (...given) => memory.end(...given),
    },
    onError: () => undefined,
  }) as Sessions<Untyped>;
  const browser = new Browser(sessions);
  const noted = async (act: (session: Session<Untyped>) => Promise<unknown>): Promise<string> => {
    const { json } = await browser.visit(async (session) => {
      await act(session);
      return session.id;
    });
    const call = { now: Date.now(), signal: AbortSignal.timeout(60_000) };
    return (await memory.load(json as never, call))?.notes ?? "{}";
  };
  const seeds = [
    await noted((session) => signIns.begin(session, "ada", { factors: ["password"] })),
    await noted((session) => session.signIn("ada", { factors: ["password"], label: "phone" })),
    await noted((session) => elevate(session, { purpose: "pay", factors: ["totp"], for: "5m" })),
    await noted((session) => reset.begin(session, { n: 1 })),
    await noted((session) => session.set("soon", 1, { expiresIn: "5m" }) as never),
  ];
  return {
    seeds: bytesOf(...seeds),
    pieces: bytesOf(
      ...["null", "0", "1e999", "{}", "[]", '""', "true", '"a":', '"v":', '"m":', '"j":', '"k":'],
      ...[
        '"reset":',
        '"pay":',
        '"state":',
        '"endsAt":',
        '"factors":',
        '"f":',
        '"p":',
        '"h":',
        '"n":',
      ],
    ),
    async attempt(input) {
      notes = input.toString("utf8");
      let failure: unknown;
      // What fails within a request is answered, so it is held on to here.
      const handler = (session: Session<Untyped>): Verdict | undefined => {
        try {
          return asked(session);
        } catch (error) {
          failure = error;
          return undefined;
        }
      };
      const { status } = await browser.copy().visit(handler, { method: "POST" });
      notes = undefined;
      if (failure !== undefined) throw failure;
      if (status === 503) return "refused";
      if (status !== 200) throw new Error(`The answer is ${status}.`);
      return "taken";
    },
    close: () => sessions.close(),
  };
}

function doctored(
  stored: StoredSession | undefined,
  notes: string | undefined,
): StoredSession | undefined {
  return stored === undefined || notes === undefined ? stored : { ...stored, notes };
}

/** All that can be asked of a session without a change of it. */
function asked(session: Session<Untyped>): Verdict {
  [session.label, session.place, session.factors, session.isFresh("5m"), session.get("soon")];
  const run = reset.at(session);
  if (run !== undefined && !(Date.now() < run.endsAt)) throw new Finding("a flow without an end");
  const half = signIns.at(session);
  if (half !== undefined && !(Date.now() < half.endsAt))
    throw new Finding("a sign-in without an end");
  if (isElevated(session, "other")) throw new Finding("it is elevated for what nobody asked");
  session.isFresh("5m", { factors: ["totp"] });
  return "taken";
}

/** Steps that a client names itself, though an application should not ask it. */
async function openSteps(): Promise<Subject> {
  const sessions = createSessions<Untyped>({ store: memoryStore() }) as Sessions<Untyped>;
  const ready = Promise.withResolvers<Subject>();
  const done = Promise.withResolvers<void>();
  const visit = new Browser(sessions).visit(async (session) => {
    ready.resolve({
      seeds: bytesOf("asked", "proved", "password-reset", "__proto__", "constructor"),
      pieces: bytesOf("proved", "asked", "__proto__", "0", "length"),
      async attempt(input): Promise<Verdict> {
        const step = input.toString("latin1");
        const failure = await reset
          .step(session, step as "proved")
          .catch((error: unknown) => error);
        const isRefused =
          failure instanceof FlowError || (failure as Error).name === "OptionsError";
        if (!isRefused) throw failure instanceof Error ? failure : new Finding("it took a step");
        return "refused";
      },
      async close() {
        done.resolve();
        await visit;
        await sessions.close();
      },
    });
    await done.promise;
  });
  return ready.promise;
}

export const notes: Target = { name: "notes of sessions", share: 2, open };
export const flowSteps: Target = { name: "steps of flows", share: 5, open: openSteps };
