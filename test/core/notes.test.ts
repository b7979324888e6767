import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

// Two parts that note something under one name would write over each other without a conflict.
it("each entry of a session's notes belongs to one part of the library", () => {
  const files = globSync("src/{core,security}/**/*.ts");
  const names = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^(?:export )?const [A-Z_]+ = "([A-Za-z])";$/gm)].map(
      ([, name]) => name,
    ),
  );
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
});
