import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { OptionsError } from "../../core/errors.ts";
import type { AuditRecord, ChainLink } from "./audit-record.ts";

const MIN_KEY_LENGTH = 32;
const ID_BYTES = 12;

/** Gives each record a mark that depends on all before it. */
export class Chain {
  readonly #key: string;
  readonly #id = randomBytes(ID_BYTES).toString("base64url");
  #place = 0;
  #mark = "";

  constructor(key: string) {
    this.#key = checkedKey("chain.key", key);
  }

  link(record: AuditRecord): AuditRecord {
    this.#place += 1;
    const place = { id: this.#id, place: this.#place };
    this.#mark = markOf(this.#key, record, place, this.#mark);
    return { ...record, chain: { ...place, mark: this.#mark } };
  }
}

/** What `verifyAudit` found. */
export type AuditVerdict =
  /** Nothing was changed, left out or put in between; `ends` tells where each chain ends. */
  | { readonly ok: true; readonly ends: ReadonlyMap<string, number> }
  /** The first record that does not follow from those before it, by its index. */
  | {
      readonly ok: false;
      readonly index: number;
      readonly problem: "altered" | "missing" | "unchained";
    };

/**
 * Tells whether records are those that were written, in their order: none changed, left out or put in
 * between. Records of several processes may be mixed, as each has a chain of its own.
 *
 * That the last records of a chain were cut off, or a whole chain, shows nowhere in what is left:
 * compare `ends` with the places that you have noted elsewhere.
 *
 * @param records - As the sink was given them, the oldest first.
 * @param key - As it was given to `audit`.
 * @example
 * import { type AuditRecord, verifyAudit } from "sojourn/audit";
 *
 * declare const records: AuditRecord[];
 * const verdict = verifyAudit(records, process.env["AUDIT_KEY"] ?? "");
 * if (!verdict.ok) console.error(`record ${verdict.index + 1}: ${verdict.problem}`);
 */
export function verifyAudit(records: Iterable<AuditRecord>, key: string): AuditVerdict {
  checkedKey("key", key);
  const last = new Map<string, ChainLink>();
  let index = 0;
  for (const record of records) {
    const problem = problemOf(record, key, last);
    if (problem !== undefined) return { ok: false, index, problem };
    index += 1;
  }
  return { ok: true, ends: new Map([...last].map(([id, { place }]) => [id, place])) };
}

/** Why a record does not follow; else it is the last one of its chain from here on. */
function problemOf(
  record: AuditRecord,
  key: string,
  last: Map<string, ChainLink>,
): "altered" | "missing" | "unchained" | undefined {
  const { chain, ...bare } = Object(record) as AuditRecord;
  if (!isLink(chain)) return "unchained";
  if (isDeeper(bare, RECORD_LEVELS) || Object.keys(chain).length > LINK_KEYS) return "altered";
  const before = last.get(chain.id);
  if (chain.place !== (before?.place ?? 0) + 1) return "missing";
  const mark = markOf(key, bare, { id: chain.id, place: chain.place }, before?.mark ?? "");
  if (!isEqual(mark, chain.mark)) return "altered";
  last.set(chain.id, chain);
  return undefined;
}

function isLink(link: unknown): link is ChainLink {
  const { id, place, mark } = Object(link) as Partial<ChainLink>;
  return typeof id === "string" && typeof place === "number" && typeof mark === "string";
}

function isEqual(mark: string, other: string): boolean {
  const [own, given] = [Buffer.from(mark), Buffer.from(other)];
  return own.length === given.length && timingSafeEqual(own, given);
}

function markOf(
  key: string,
  record: AuditRecord,
  { id, place }: Pick<ChainLink, "id" | "place">,
  before: string,
): string {
  const text = JSON.stringify(["sojourn/audit/1", id, place, before, sorted(record)]);
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** The id, the place and the mark, which bind the record, and each other, but nothing beside them. */
const LINK_KEYS = 3;
/** The record, and what stands under one of its keys: plain data. */
const RECORD_LEVELS = 2;

/** Whether a value has more levels. What somebody else wrote may have more than the stack has room for. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

/** A database may give a record back with its keys in another order. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function checkedKey(option: string, key: unknown): string {
  if (typeof key === "string" && key.length >= MIN_KEY_LENGTH) return key;
  throw new OptionsError(
    option,
    'must be a secret text of 32 characters or more. Make one with "npx sojourn secret".',
  );
}
