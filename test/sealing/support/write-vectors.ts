/** Writes docs/sealed-vectors.json. Usage: node test/sealing/support/write-vectors.ts, then lint:fix. */
import { writeFileSync } from "node:fs";
import { makeVectors } from "./vectors.ts";

const path = new URL("../../../docs/sealed-vectors.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(makeVectors(), undefined, 2)}\n`);
