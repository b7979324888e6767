import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../support/project.ts";

const read = (path: string): Promise<string> => readFile(join(ROOT, path), "utf8");

it.each(["lib/sessions.ts", "app/actions.ts", "app/page.tsx"])(
  "the guide to Next.js shows %s of the example",
  async (file) => {
    const blocks = (await read("docs/next.md")).matchAll(/^```\w+\n(.*?)^```$/gms);
    const shown = [...blocks].map(([, code]) => code);
    expect(shown).toContain(await read(join("examples/next", file)));
  },
);
