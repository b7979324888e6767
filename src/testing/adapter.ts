import { OptionsError } from "../core/errors.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import { tellConnection } from "./adapter/connection.ts";
import { tellCrossSite } from "./adapter/cross-site.ts";
import { tellExclusive } from "./adapter/exclusive.ts";
import { tellFailures } from "./adapter/failures.ts";
import { tellFrameworksWays } from "./adapter/frameworks-ways.ts";
import { tellHandOff } from "./adapter/hand-off.ts";
import { tellLeaving } from "./adapter/leaving.ts";
import { tellMounting } from "./adapter/mounting.ts";
import { tellOwnCookies } from "./adapter/own-cookies.ts";
import { tellOwnTimes } from "./adapter/own-times.ts";
import type { ServeRoutes } from "./adapter/port.ts";
import { tellRaces } from "./adapter/races.ts";
import { tellReading } from "./adapter/reading.ts";
import { tellReporting } from "./adapter/reporting.ts";
import { tellSigning } from "./adapter/signing.ts";
import { Stage, type Tell } from "./adapter/stage.ts";
import { tellStreaming } from "./adapter/streaming.ts";
import { tellUntouched } from "./adapter/untouched.ts";
import { tellWriting } from "./adapter/writing.ts";
import { resolveRunner, type TestRunner } from "./runner.ts";

export type {
  AdapterAnswer,
  AdapterCall,
  AdapterData,
  AdapterRoute,
  AdapterServer,
  ServeRoutes,
} from "./adapter/port.ts";

/** How {@link describeAdapter} runs. */
export interface DescribeAdapterOptions {
  /**
   * The test runner's `describe` and `it`.
   *
   * @defaultValue the global ones
   */
  readonly runner?: TestRunner | undefined;
  /**
   * Sentences of the story that this framework cannot keep, as `"chapter: sentence"`, each with the
   * reason, which is printed in the sentence's place.
   */
  readonly deviations?: Readonly<Record<string, string>> | undefined;
}

const CHAPTERS: readonly (readonly [string, (tell: Tell) => void])[] = [
  ["an untouched session", tellUntouched],
  ["reading", tellReading],
  ["writing", tellWriting],
  ["signing in and out", tellSigning],
  ["failures", tellFailures],
  ["reporting", tellReporting],
  ["races", tellRaces],
  ["streaming", tellStreaming],
  ["visitors who leave", tellLeaving],
  ["mounting", tellMounting],
  ["the framework's own ways", tellFrameworksWays],
  ["the connection", tellConnection],
  ["pages of other sites", tellCrossSite],
  ["cookies beside the session", tellOwnCookies],
  ["times and names of its own", tellOwnTimes],
  ["exclusive work", tellExclusive],
  ["a hand-off", tellHandOff],
];

/**
 * Tells the whole HTTP story of a session to an adapter, on a memory store and real requests.
 *
 * @param name - Of the framework, for the report.
 * @param serve - Serves the suite's routes on the framework: a new application at each call.
 * @throws {@link OptionsError} if there is no runner, or for a deviation that the suite does not
 * know.
 * @example
 * describeAdapter("Express", async (managers, routes) => {
 *   const app = express();
 *   for (const sessions of managers) app.use(sessionMiddleware(sessions));
 *   for (const { path, handle } of routes) {
 *     app.all(path, async (request, res) => {
 *       const earlyHints = (link: string) => res.writeEarlyHints({ link });
 *       const { status, headers, body } = await handle({ request, earlyHints });
 *       res.status(status);
 *       for (const [name, value] of headers) res.append(name, value);
 *       if (typeof body === "object") await pipeline(Readable.from(body), res);
 *       else res.end(body);
 *     });
 *   }
 *   const server = app.listen(0);
 *   await once(server, "listening");
 *   const { port } = Object(server.address());
 *   return { target: `http://localhost:${port}`, close: () => server.close() };
 * }, { runner: { describe, it } });
 */
export function describeAdapter(
  name: string,
  serve: ServeRoutes,
  options: DescribeAdapterOptions = {},
): void {
  describeStages(name, () => new Stage(serve), options);
}

/** Tells the story on stages that may differ from the usual one, by how their sessions travel. */
export function describeStages(
  name: string,
  stageFor: () => Stage,
  options: DescribeAdapterOptions = {},
): void {
  requireKnownKeys("describeAdapter(options)", options, ["runner", "deviations"]);
  const { deviations = {} } = options;
  const { describe, it } = resolveRunner(options.runner);
  refuseUnknown(Object.keys(deviations));
  describe(`${name} tells the session's HTTP story`, () => {
    for (const [title, chapter] of CHAPTERS) {
      describe(title, () => {
        chapter((sentence, play) => {
          const reason = deviations[`${title}: ${sentence}`];
          if (reason === undefined) it(sentence, () => playOn(stageFor(), play));
          else it(`${sentence}: deviates, ${reason}`, async () => undefined);
        });
      });
    }
  });
}

async function playOn(stage: Stage, play: (stage: Stage) => Promise<void>): Promise<void> {
  try {
    await play(stage);
  } finally {
    await stage.close();
  }
}

function refuseUnknown(deviations: readonly string[]): void {
  const known = new Set<string>();
  for (const [title, chapter] of CHAPTERS) {
    chapter((sentence) => known.add(`${title}: ${sentence}`));
  }
  const stranger = deviations.find((sentence) => !known.has(sentence));
  if (stranger === undefined) return;
  throw new OptionsError("deviations", `has no such sentence: ${JSON.stringify(stranger)}.`);
}
