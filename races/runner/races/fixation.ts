import { randomInt } from "node:crypto";
import type { Site } from "../application.ts";
import type { Findings } from "../findings.ts";
import type { Visitor } from "../visitor.ts";
import type { Effort } from "./effort.ts";

/** What does a cookie give to whoever has planted it in the victim's browser? */
export async function fixation(
  site: Site,
  { rounds }: Effort,
  hasData: boolean,
): Promise<Findings["fixation"]> {
  let planted = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (await isSignedInByVictim(site.visitor(), hasData)) planted += 1;
  }
  const ended = await endedCookie(site.visitor());
  const isAdopted = hasData ? isWrittenTo : isSignedIn;
  const adoptsEnded = await isAdopted(ended);
  const adoptsInvented = await isAdopted(invented(ended));
  return { rounds, planted, adoptsEnded, adoptsInvented };
}

/** The attacker's own cookie, good and unused; that of a signed-in attacker where nobody else has one. */
async function isSignedInByVictim(attacker: Visitor, hasData: boolean): Promise<boolean> {
  await attacker.post(hasData ? "/set/mine" : "/sign-in/attacker");
  return isSignedIn(attacker);
}

/** Whether the victim's sign-in signs in whoever has planted the cookie. */
async function isSignedIn(planted: Visitor): Promise<boolean> {
  await planted.copy().post("/sign-in/victim");
  return (await planted.copy().read()).user === "victim";
}

/** The cookie of a session that has been ended: signed by the server, and unknown to it by now. */
async function endedCookie(visitor: Visitor): Promise<Visitor> {
  await visitor.post("/sign-in/attacker");
  const copy = visitor.copy();
  await visitor.post("/sign-out");
  return copy;
}

/** The same cookies with other characters. */
function invented(visitor: Visitor): Visitor {
  const copy = visitor.copy();
  for (const [name, value] of copy.cookies) {
    copy.cookies.set(name, value.replace(/(?<!%.?)[a-zA-Z0-9]/g, another));
  }
  return copy;
}

/** Whether what the victim stores is seen by whoever has planted the cookie. */
async function isWrittenTo(planted: Visitor): Promise<boolean> {
  await planted.copy().post("/set/secret");
  return "secret" in (await planted.copy().read()).values;
}

function another(character: string): string {
  const alphabet = /\d/.test(character)
    ? "0123456789"
    : /[a-f]/.test(character)
      ? "abcdef"
      : /[a-z]/.test(character)
        ? "ghijklmnopqrstuvwxyz"
        : "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return alphabet[randomInt(alphabet.length)] ?? character;
}
