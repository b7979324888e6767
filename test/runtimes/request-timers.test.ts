import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Wait } from "../../src/core/commit/watch.ts";

// In a process of Node, for the coverage; workerd itself is asked in runtimes.test.ts.
describe("waits where a timer ends with its request", () => {
  let module: typeof import("../../src/core/commit/watch.ts");

  beforeAll(async () => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    vi.resetModules();
    module = await import("../../src/core/commit/watch.ts");
  });

  afterAll(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  const waitOf = (ms: number, onEnd: () => void): Wait => {
    const links = { previous: undefined, next: undefined, timer: undefined };
    return { endsAt: performance.now() + ms, onEnd, ...links };
  };

  it("each end by a timer of their own, unless they are over before", async () => {
    const ended: string[] = [];
    const over = waitOf(1, () => ended.push("over"));
    module.watch(over);
    module.unwatch(over);
    await new Promise<void>((resolve) => {
      module.watch(waitOf(5, resolve));
    });
    expect(ended).toEqual([]);
  });
});
