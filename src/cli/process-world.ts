import { styleText } from "node:util";
import type { Tone, World } from "./world.ts";

/** The process that runs the command. Colours follow the terminal, `NO_COLOR` and `FORCE_COLOR`. */
export function processWorld(): World {
  return {
    env: process.env,
    folder: process.cwd(),
    readInput,
    isTyped: process.stdin.isTTY === true,
    now: Date.now,
    paint: (tone, text) => styleText(STYLES[tone], text, { stream: process.stdout }),
    print: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
  };
}

const STYLES: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  title: "bold",
  good: "green",
  bad: "red",
  doubtful: "yellow",
  quiet: "dim",
};

async function readInput(maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
