import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { modulesOf } from "./modules.ts";

/** Which behaviour of the platform a Worker is written for. */
export interface Compatibility {
  /** As in `compatibility_date`. */
  readonly date: string;
  readonly flags: readonly string[];
  /** What `process.env` has there. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The header in which a proxy in front says how the visitor has come. */
  readonly protoHeader?: string;
}

/** Writes what `workerd serve` needs to run a Worker, and returns the file's path. */
export function workerdConfig(
  folder: string,
  entry: string,
  { date, flags, vars = {}, protoHeader }: Compatibility,
): string {
  const http =
    protoHeader === undefined ? "()" : `(forwardedProtoHeader = ${JSON.stringify(protoHeader)})`;
  const path = join(folder, `${entry}-${date}.capnp`);
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .site)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = ${http}, service = "main")],
);
const site :Workerd.Worker = (
  modules = [
    ${modules(folder, entry).join(",\n    ")}
  ],
  compatibilityDate = ${JSON.stringify(date)},
  compatibilityFlags = ${JSON.stringify(flags)},
  bindings = [
    ${Object.entries(vars)
      .map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`)
      .join(",\n    ")}
  ],
);
`,
  );
  return path;
}

/** workerd knows no `node_modules`: a package's name is a module that leads to its file. */
function modules(folder: string, entry: string): string[] {
  const { files, packages } = modulesOf(folder, entry);
  return [
    ...files.map((file) => `(name = "${file}", esModule = embed "${file}")`),
    ...[...packages].map(
      ([name, file]) => `(name = "${name}", esModule = "export * from \\"/${file}\\";")`,
    ),
  ];
}
