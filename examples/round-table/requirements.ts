import { spawnSync } from "node:child_process";

/** The system's own Python: Debian's packages are for no other. */
export const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3";

/** What this machine has for the round table. */
export interface Machine {
  /** What Tornado's sessions are kept in. */
  readonly records: "redis" | "memcached";
  /** The form of Django's signatures, see `sojourn/django`. */
  readonly django: "3.1" | "4.0";
}

/** Looks for all that must be installed, or says in one line what is missing. */
export function machine(): Machine | string {
  const python = spawnSync(PYTHON, ["-c", LOOK], { encoding: "utf8" });
  if (python.status !== 0) return missing(["python3"]);
  const found: { modules: string[]; django: number } = JSON.parse(python.stdout);
  const records = recordsOf(found.modules);
  const modules = Object.keys(PACKAGES).filter((name) => !found.modules.includes(name));
  const packages = modules.map((name) => PACKAGES[name] ?? name);
  if (records === undefined) packages.push("redis-server", "python3-redis");
  if (packages.length > 0 || records === undefined) return missing(packages);
  return { records, django: found.django >= 4 ? "4.0" : "3.1" };
}

const PACKAGES: Readonly<Record<string, string>> = {
  flask: "python3-flask",
  flask_login: "python3-flask-login",
  django: "python3-django",
  tornado: "python3-tornado",
  fastapi: "python3-fastapi",
  itsdangerous: "python3-itsdangerous",
  uvicorn: "python3-uvicorn",
};

const LOOK = `
import json, importlib.util
names = ${JSON.stringify([...Object.keys(PACKAGES), "redis", "pymemcache"])}
modules = [name for name in names if importlib.util.find_spec(name)]
django = __import__("django").VERSION[0] if "django" in modules else 0
print(json.dumps({"modules": modules, "django": django}))
`;

/** Redis, or Memcached where there is no Redis. */
function recordsOf(modules: readonly string[]): Machine["records"] | undefined {
  if (modules.includes("redis") && isProgram("redis-server")) return "redis";
  if (modules.includes("pymemcache") && isProgram("memcached")) return "memcached";
  return undefined;
}

function isProgram(name: string): boolean {
  return spawnSync(name, ["--version"]).error === undefined;
}

function missing(packages: readonly string[]): string {
  return `The round table needs more programs: sudo apt install ${packages.join(" ")}`;
}
