import type { IncomingMessage, ServerResponse } from "node:http";
import { sessionMiddleware } from "sojourn/node";
import { withOneMore } from "./cart.ts";
import { isNeighbour, NEIGHBOURS, type NeighbourName } from "./neighbours.ts";
import type { Shared } from "./shared-sessions.ts";

/** Answers a request for a path below `/sojourn/`. */
export type App = (req: IncomingMessage, res: ServerResponse, path: string) => Promise<void>;

type AllShared = Readonly<Record<NeighbourName, Shared>>;

/**
 * The TypeScript application: `/flask/add` does to Flask's session what Flask itself does at `/add`.
 * And `/django/carry-to/flask` signs whoever is signed in at Django in at Flask.
 */
export function sojournApp(all: AllShared): App {
  const answer: App = async (req, res, path) => {
    const [name = "", action = "", argument = ""] = path.split("/");
    if (!isNeighbour(name) || !(await act({ req, all, name, argument }, action))) {
      res.writeHead(404).end();
      return;
    }
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify(await told(req, all[name])));
  };
  // A request may open two neighbours' sessions, so that all four stand around it.
  return NEIGHBOURS.reduce<App>((inner, name) => {
    const withSessions = sessionMiddleware(all[name].sessions);
    return (req, res, path) => withSessions(req, res, () => inner(req, res, path));
  }, answer);
}

interface Wish {
  readonly req: IncomingMessage;
  readonly all: AllShared;
  readonly name: NeighbourName;
  readonly argument: string;
}

/** Whether there is such an action, and it is done. */
async function act(wish: Wish, action: string): Promise<boolean> {
  const { req, all, name, argument } = wish;
  const isChange = req.method === "POST";
  if (!isChange) return action === "" && req.method === "GET";
  if (action === "sign-in") return signIn(req, all[name], argument);
  if (action === "carry-to") return isNeighbour(argument) && carry(wish, all[argument]);
  const session = await all[name].sessions.open(req);
  if (action === "add") await session.update("cart", withOneMore);
  else if (action === "sign-out") await session.signOut();
  else return false;
  return true;
}

async function signIn(
  req: IncomingMessage,
  { sessions, users }: Shared,
  person: string,
): Promise<boolean> {
  const userId = users.idOf(person);
  if (userId === undefined) return false;
  const session = await sessions.open(req);
  await session.signIn(userId);
  return true;
}

/** From one neighbour to the next: who that is the one manager reads, and the other one writes. */
async function carry({ req, all, name }: Wish, to: Shared): Promise<boolean> {
  const { user } = await told(req, all[name]);
  return user !== null && signIn(req, to, user);
}

/** What the Python applications tell of a session, see `python/cart.py`. */
async function told(req: IncomingMessage, { sessions, users }: Shared) {
  const session = await sessions.open(req);
  const user = session.userId === undefined ? undefined : users.nameOf(session.userId);
  return { user: user ?? null, cart: session.get("cart") };
}
