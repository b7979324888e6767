import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionStore } from "sojourn";
import { describeStore } from "sojourn/testing";
import { afterAll, describe, expect, it } from "vitest";
import { markdownExamples } from "./support/examples.ts";
import { folderInside } from "./support/project.ts";

const [shown, ...others] = markdownExamples().filter(
  ({ place, code }) => place.startsWith("docs/own.md:") && /^export function smallest/m.test(code),
);

const folder = folderInside("smallest-store");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, "smallest-store.ts");
writeFileSync(file, shown?.code ?? "");
const { smallestStore }: { smallestStore(): SessionStore } = await import(file);

describe("the smallest store, as docs/own.md shows it", () => {
  it("is there once, and short enough to be read in one go", () => {
    expect(others).toEqual([]);
    expect(shown?.code.split("\n").length).toBeLessThan(75);
  });

  describeStore(
    "The smallest store",
    async () => ({ store: smallestStore(), close: async () => undefined }),
    { runner: { describe, it } },
  );
});
