import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, type Program } from "./programs.ts";
import { PYTHON } from "./requirements.ts";

/** The four who sit round the table, in the order of the page. */
export const NEIGHBOURS = ["flask", "django", "tornado", "fastapi"] as const;
export type NeighbourName = (typeof NEIGHBOURS)[number];

export function isNeighbour(name: string): name is NeighbourName {
  return NEIGHBOURS.some((known) => known === name);
}

/** Who can sign in. */
const PEOPLE = ["ada", "grace"] as const;

/** A Python application, and what whoever shares its sessions must know. */
export interface Neighbour extends Program {
  readonly secretKey: string;
}

/** Where Django, and Tornado, keep their records. */
export interface Places {
  readonly database: string;
  /** Such as `redis://127.0.0.1:6379`. */
  readonly records: string;
}

/** The four applications, each with a port and a secret of its own. They are not started yet. */
export async function pythonNeighbours(
  places: Places,
): Promise<Readonly<Record<NeighbourName, Neighbour>>> {
  const [flask, django, tornado, fastapi] = await Promise.all([
    neighbour("flask", {}),
    neighbour("django", { DATABASE: places.database, PEOPLE: PEOPLE.join(" ") }),
    neighbour("tornado", { PLACE: places.records }),
    neighbour("fastapi", {}),
  ]);
  return { flask, django, tornado, fastapi };
}

async function neighbour(
  name: NeighbourName,
  env: Readonly<Record<string, string>>,
): Promise<Neighbour> {
  const port = await freePort();
  const secretKey = randomBytes(32).toString("hex");
  return {
    name,
    port,
    secretKey,
    command: [PYTHON, "-B", join(FOLDER, `${name}_app.py`)],
    env: { ...env, PORT: String(port), SECRET_KEY: secretKey },
  };
}

const FOLDER = fileURLToPath(new URL("python", import.meta.url));
