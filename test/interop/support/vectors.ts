import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../vectors/", import.meta.url);

/** What real programs wrote, each version's in a file of its own whose name starts with `system`. */
export function vectorsOf<Vectors>(system: string): readonly Vectors[] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(`${system}.`));
  return names.map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Vectors);
}
