/**
 * One application process of several: `node federated-worker.ts <subject> <place as JSON> <provider as JSON>`.
 * Over IPC it is told who comes from the provider, what the provider posts, and whose tokens to look at.
 */
import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { createSessions, type Untyped } from "../../../../src/index.ts";
import {
  federated,
  type IdTokenClaims,
  receiveLogout,
  signInFrom,
} from "../../../../src/security/oidc/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../../../history/subjects.ts";
import { Browser } from "../../../laws/support/browser.ts";

/** What happens at this process. */
export type Act =
  | { readonly does: "come"; readonly claims: IdTokenClaims; readonly userId: string }
  | { readonly does: "regenerate" | "look"; readonly token: string }
  | { readonly does: "logout"; readonly token: string };

export interface Ask {
  readonly number: number;
  readonly act: Act;
}

/** What came of it: the token that the visitor has now, and whether they are signed in. */
export interface Told {
  readonly number: number;
  readonly status: number;
  readonly isSignedIn: boolean;
  readonly token: string | undefined;
  readonly ended: number;
}

/** The provider, as plain data. */
export interface Known {
  readonly issuer: string;
  readonly clientId: string;
  readonly jwks: JSONWebKeySet;
}

const [, , subject = "", place = "", provider = ""] = process.argv;
const { jwks, ...known } = JSON.parse(provider) as Known;
const sessions = createSessions<Untyped>({
  store: await subjects[subject as SubjectName].open(JSON.parse(place) as StorePlace),
  storeTimeout: "20s",
  protections: [federated({ providers: [{ ...known, keys: createLocalJWKSet(jwks) }] })],
});

async function carryOut(act: Act): Promise<Omit<Told, "number">> {
  if (act.does === "logout") {
    const received = await receiveLogout(sessions, act.token);
    const ended = received.ok ? received.ended : -1;
    return { status: received.ok ? 200 : 400, isSignedIn: false, token: undefined, ended };
  }
  const browser = new Browser(sessions);
  if (act.does !== "come") browser.token = act.token;
  const { status, json } = await browser
    .visit(async (session) => {
      if (act.does === "come") await signInFrom(session, act.userId, act.claims);
      if (act.does === "regenerate" && !session.isEnded) await session.regenerate();
      return session.userId ?? null;
    })
    .then((answer) => ({
      status: answer.status,
      json: answer.status === 200 ? answer.json : null,
    }));
  return { status, isSignedIn: json !== null, token: browser.token, ended: 0 };
}

process.on("message", async ({ number, act }: Ask) => {
  process.send?.({ number, ...(await carryOut(act)) } satisfies Told);
});
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
process.send?.("ready");
