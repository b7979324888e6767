import assert from "node:assert/strict";
import { OptionsError } from "../core/errors.ts";
import { requireKnownKeys } from "../core/option-checks.ts";
import type { SessionStore } from "../core/store.ts";
import { resolveRunner, type TestRunner } from "./runner.ts";
import { tellAnnouncing } from "./store/announcing.ts";
import { tellCreating } from "./store/creating.ts";
import {
  tellCounting,
  tellEndingAll,
  tellGenerations,
  tellListing,
  tellScanning,
} from "./store/directory.ts";
import { tellEnding } from "./store/ending.ts";
import { tellExpiring } from "./store/expiring.ts";
import { tellFailing } from "./store/failing.ts";
import { tellForgetting } from "./store/forgetting.ts";
import { tellLoading } from "./store/loading.ts";
import { tellOddData } from "./store/odd-data.ts";
import type { OpenStore } from "./store/port.ts";
import { type Play, Stage, type Tell } from "./store/stage.ts";
import { tellTouching } from "./store/touching.ts";
import { tellUpdating } from "./store/updating.ts";

export type { OpenStore, StoreUnderTest } from "./store/port.ts";

/** How {@link describeStore} runs. */
export interface DescribeStoreOptions {
  /**
   * The test runner's `describe` and `it`.
   *
   * @defaultValue the global ones
   */
  readonly runner?: TestRunner | undefined;
  /**
   * Sentences of the contract that this store cannot keep, as `"group: sentence"`, each with the
   * reason, which is printed in the sentence's place.
   */
  readonly deviations?: Readonly<Record<string, string>> | undefined;
}

const GROUPS: readonly (readonly [string, (tell: Tell) => void])[] = [
  ["load", tellLoading],
  ["create", tellCreating],
  ["update", tellUpdating],
  ["end", tellEnding],
  ["touch", tellTouching],
  ["generations", tellGenerations],
  ["list", tellListing],
  ["endAll", tellEndingAll],
  ["forget", tellForgetting],
  ["scan", tellScanning],
  ["count", tellCounting],
  ["deleteExpired", tellExpiring],
  ["announcements", tellAnnouncing],
  ["odd data", tellOddData],
  ["failures", tellFailing],
];

/**
 * Checks that a store keeps the contract of {@link SessionStore}, sentence by sentence, with calls
 * that really race. What the store does not offer (touch, directory, expiry,
 * announcements) is not asked of it.
 *
 * @param name - Of the store, for the report.
 * @param open - Opens the store; called for each test.
 * @throws {@link OptionsError} if there is no runner, or for a deviation that the suite does not
 * know.
 * @example
 * describeStore("Redis", async () => {
 *   const client = createClient({ url });
 *   client.on("error", (error) => console.error(error));
 *   await client.connect();
 *   const close = async (): Promise<void> => client.destroy();
 *   return { store: redisStore(client), close };
 * }, { runner: { describe, it } });
 */
export function describeStore(
  name: string,
  open: OpenStore,
  options: DescribeStoreOptions = {},
): void {
  requireKnownKeys("describeStore(options)", options, ["runner", "deviations"]);
  const { deviations = {} } = options;
  const { describe, it } = resolveRunner(options.runner);
  refuseUnknown(Object.keys(deviations));
  describe(`${name} keeps the contract of a session store`, () => {
    it("declares how far it keeps the laws", () => playOn(open, declare(name)));
    for (const [group, tellGroup] of GROUPS) {
      describe(group, () => {
        tellGroup((sentence, play) => {
          const reason = deviations[`${group}: ${sentence}`];
          if (reason === undefined) it(sentence, () => playOn(open, play));
          else it(`${sentence}: deviates, ${reason}`, async () => undefined);
        });
      });
    }
  });
}

function refuseUnknown(deviations: readonly string[]): void {
  const known = new Set<string>();
  for (const [group, tellGroup] of GROUPS) {
    tellGroup((sentence) => known.add(`${group}: ${sentence}`));
  }
  const stranger = deviations.find((sentence) => !known.has(sentence));
  if (stranger === undefined) return;
  throw new OptionsError("deviations", `has no such sentence: ${JSON.stringify(stranger)}.`);
}

async function playOn(open: OpenStore, play: Play): Promise<void> {
  const under = await open();
  try {
    const sibling = await under.sibling?.();
    try {
      await play(new Stage(under, sibling ?? under.store));
    } finally {
      await sibling?.close?.();
    }
  } finally {
    await under.close();
  }
}

const CAPABILITIES = ["touch", "directory", "expiry", "announcements"] as const;

function declare(name: string): Play {
  return async ({ store }) => {
    const { profile } = store;
    const { scope, durability, readYourWrites, eviction, caveats } = profile;
    assert.ok(["process", "host", "network"].includes(scope), scope);
    assert.ok(["process", "crash", "power-loss", "replicated"].includes(durability), durability);
    assert.ok(["always", "bounded"].includes(readYourWrites), readYourWrites);
    assert.ok(["never", "anonymous-first", "any"].includes(eviction), eviction);
    const offered = CAPABILITIES.filter((capability) => store[capability] !== undefined);
    const facts = { scope, durability, readYourWrites, eviction, offers: offered.join(", ") };
    const lines = Object.entries(facts).map(([fact, value]) => `${fact}: ${value || "nothing"}`);
    console.info([`${name}: ${lines.join("; ")}`, ...caveats].join("\n  "));
  };
}
