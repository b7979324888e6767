import { type AuditRecord, audit, verifyAudit } from "../../../src/security/audit/index.ts";
import { World } from "../../laws/support/world.ts";
import { freshKey } from "../../sealing/support/keys.ts";
import { bytesOf, Finding, type Subject, type Target } from "../target.ts";

const KEY = freshKey();

/** What two processes have recorded: a chain each. */
async function trails(): Promise<AuditRecord[][]> {
  const chain = async (user: string): Promise<AuditRecord[]> => {
    const records: AuditRecord[] = [];
    const world = new World();
    const trail = audit(world.sessions, {
      sink: (each) => void records.push(each),
      chain: { key: KEY },
    });
    const browser = await world.signedIn(user);
    await browser.visit((session) => session.signOut());
    await browser.visit(() => undefined);
    await trail.close();
    return records;
  };
  return [await chain("ada"), await chain("bob")];
}

function linesOf(records: readonly AuditRecord[]): string {
  return records.map((record) => JSON.stringify(record)).join("\n");
}

/** A record, whatever the order of its keys. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(
      Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    );
  });
}

/** Lines, as far as they are JSON. */
function read(text: string): AuditRecord[] {
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as AuditRecord];
    } catch {
      return [];
    }
  });
}

async function open(): Promise<Subject> {
  const [one = [], other = []] = await trails();
  const written = [one, other].map((records) => records.map(plain));
  const mixed = [one[0], other[0], ...one.slice(1), ...other.slice(1)] as AuditRecord[];
  return {
    seeds: bytesOf(linesOf(one), linesOf(other), linesOf(mixed)),
    pieces: bytesOf(
      "\n",
      "{}",
      "[]",
      "null",
      '"chain":{},',
      '"place":1',
      '"mark":""',
      ...mixed.map((each) => `\n${JSON.stringify(each)}\n`),
    ),
    attempt(input) {
      const records = read(input.toString("utf8"));
      if (!verifyAudit(records, KEY).ok) return "refused";
      // Each chain may have been cut off at its end, and nothing else.
      for (const chain of written) {
        const found = records.map(plain).filter((record) => chain.includes(record));
        if (found.some((record, at) => record !== chain[at])) throw new Finding("it has gaps");
      }
      if (records.some((each) => !written.flat().includes(plain(each)))) {
        throw new Finding("it believes a record that nobody wrote");
      }
      return "taken";
    },
  };
}

export const auditTrail: Target = { name: "audit trail", share: 5, open };
