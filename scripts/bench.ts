// Usage: npm run bench [-- part of a file name …]
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const wanted = process.argv.slice(2);
const files = globSync("bench/**/*.bench.ts")
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

if (files.length === 0) {
  console.error("No benchmark of that name in bench/.");
  process.exitCode = 1;
}

for (const file of files) {
  console.log(`\n${file}`);
  // A process of its own for each: what one leaves in the heap or the optimiser would skew the next.
  const { status } = spawnSync(process.execPath, ["--expose-gc", file], { stdio: "inherit" });
  if (status !== 0) process.exitCode = status ?? 1;
}
