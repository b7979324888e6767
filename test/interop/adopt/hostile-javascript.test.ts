import { describe, expect, it } from "vitest";
import { damaged } from "../support/hostile.ts";
import { HOSTILE, type Hostile, hostileSite } from "../support/hostile-javascript.ts";
import { JAVASCRIPT, newSite } from "../support/javascript-vectors.ts";
import { seeded } from "../support/random.ts";

const ROUNDS = 4_000;
const TIMEOUT_MS = 180_000;
const MET = ["altered", "corrupt", "read"];
const REASONS = [...MET, "ended", "expired", "malformed", "unknown", "unknownKey"];

describe("damaged sessions of JavaScript's libraries", () => {
  it.each(HOSTILE)(
    "are told by a reason, or read, and never an error: $library",
    async (hostile) => {
      const random = seeded(20_261_127);
      const old = hostileSite(hostile);
      const site = newSite(old.adoptable, JAVASCRIPT.at);
      const outcomes = new Set<string>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const { cookies, document } = hostileCookies(hostile, random);
        if (hostile.isKept === true) old.put(jsonIn(document));
        const browser = site.browser(cookies);
        const { status, json } = await browser.visit((session) => session.isNew, PREFETCH);
        outcomes.add(json === false ? "read" : (site.told.pop() ?? "nothing"));
        if (status !== 200) outcomes.add(String(status));
      }
      const told = [...outcomes].map((outcome) => outcome.replace("rejected ", ""));
      expect(site.errors).toEqual([]);
      expect(REASONS).toEqual(expect.arrayContaining(told.filter((each) => each !== "nothing")));
      expect(told).toEqual(expect.arrayContaining(MET));
    },
    TIMEOUT_MS,
  );
});

const PREFETCH = { headers: { "sec-purpose": "prefetch" } };

/** Every other one is damaged before the right key seals it. */
function hostileCookies(hostile: Hostile, random: () => number) {
  const isSealed = random() < 0.5;
  const document = isSealed ? damaged(hostile.document, random) : hostile.document;
  const cookies = hostile
    .cookies(document)
    .map(([name, value]): [string, string] => [
      name,
      isSealed ? value : sendable(damaged(value, random)),
    ]);
  return { document, cookies };
}

/** What a browser can send. */
function sendable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "~");
}

/** Stores give what they have parsed: of no JSON there is nothing to give. */
function jsonIn(document: string): string {
  try {
    JSON.parse(document);
    return document;
  } catch {
    return '{"cookie":"none"}';
  }
}
