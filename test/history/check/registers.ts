import type { Operation } from "../operation.ts";
import type { Lineage } from "./lineage.ts";
import type { Terms, Violation } from "./violation.ts";

/** The keys that hold values of which each is written once only. */
const REGISTERS: readonly string[] = ["a", "b"];

/** One moment at which a value was surely or possibly there, or was put there. */
interface Sight {
  readonly from: number;
  readonly to: number;
  readonly by: Operation;
}

/** A value, who wrote it and who saw it. They stand together in any order that could have been. */
interface Value {
  readonly text: string | undefined;
  readonly write: Sight | undefined;
  readonly reads: Sight[];
}

/** Whether each key of a lineage behaves as one register, in an order that respects real time. */
export function* checkRegisters(lineage: Lineage, terms: Terms): Iterable<Violation> {
  for (const key of REGISTERS) {
    const register = new Register(lineage, key, terms);
    yield* register.checkOrigins();
    yield* register.checkOrder();
    yield* register.checkAbsence();
    yield* register.checkConsumed();
  }
}

class Register {
  readonly #lineage: Lineage;
  readonly #key: string;
  readonly #staleness: number;
  /** By text; every removal is a value of its own that shows as absent. */
  readonly #values = new Map<string, Value>();
  readonly #removals: Value[] = [];
  readonly #absences: Sight[] = [];
  readonly #refused = new Map<string, Operation>();
  readonly #consumed: { readonly text: string; readonly by: Operation }[] = [];

  constructor(lineage: Lineage, key: string, { staleness }: Terms) {
    this.#lineage = lineage;
    this.#key = key;
    this.#staleness = staleness;
    const { birth } = lineage.root;
    // At first there is nothing, or whatever the other branch of a fork held.
    const from = lineage.isFork ? birth.start : Number.NEGATIVE_INFINITY;
    const to = lineage.isFork ? birth.end : birth.start;
    this.#removals.push({ text: undefined, write: { from, to, by: birth }, reads: [] });
    for (const operation of lineage.operations) this.#note(operation);
    for (const operation of lineage.operations) this.#noteReads(operation);
  }

  /** Nothing is read that nobody wrote, that was refused, or that was written only later. */
  *checkOrigins(): Iterable<Violation> {
    for (const { text, write, reads } of this.#values.values()) {
      const [first] = reads;
      if (first === undefined) continue;
      const refused = this.#refused.get(text ?? "");
      if (refused !== undefined) {
        const story = "The store had said that nothing was written, and the value was read.";
        yield this.#violation("what failed is not there", story, [refused, first.by]);
      } else if (write === undefined && !this.#lineage.isFork) {
        const story = "Nobody wrote this value to this session.";
        yield this.#violation("nothing comes from nowhere", story, [first.by]);
      }
      const early = reads.find(({ to }) => write !== undefined && to < write.from);
      if (early !== undefined && write !== undefined) {
        const story = "The value was read before it was written.";
        yield this.#violation("nothing comes from nowhere", story, [early.by, write.by]);
      }
    }
  }

  /**
   * One value was surely there before another, and surely after it: as none is written twice, a
   * write was lost or a read was stale (Gibbons and Korach's zones).
   */
  *checkOrder(): Iterable<Violation> {
    const zones = this.#zones([...this.#values.values(), ...this.#removals]);
    for (const one of zones.filter(({ firstEnd, lastStart }) => firstEnd < lastStart)) {
      for (const other of zones) {
        if (one === other || !contradicts(one, other)) continue;
        const story = `${name(one.value)} was there before ${name(other.value)}, and after it.`;
        const shown = [one.first.by, other.first.by, other.last.by, one.last.by];
        yield this.#violation("no acknowledged write is lost, no read is stale", story, shown);
      }
    }
  }

  /** Nothing was read where a value must have been. */
  *checkAbsence(): Iterable<Violation> {
    const zones = this.#zones([...this.#values.values()]);
    for (const absence of this.#absences) {
      const newest = newestBefore(zones, absence.from);
      if (newest === undefined) continue;
      const isPossible = this.#removals.some(
        ({ write }) =>
          write !== undefined && write.from <= absence.to && write.to >= newest.lastStart,
      );
      if (isPossible) continue;
      const story = "The value was there, nobody removed it since, and nothing was read.";
      const shown = [newest.first.by, newest.last.by, absence.by];
      yield this.#violation("no acknowledged write is lost, no read is stale", story, shown);
    }
  }

  /** `consume` gives a value to one request only. */
  *checkConsumed(): Iterable<Violation> {
    const first = new Map<string, Operation>();
    for (const { text, by } of this.#consumed) {
      const before = first.get(text);
      first.set(text, by);
      if (before === undefined) continue;
      yield this.#violation("a value is consumed once", `${text} was given twice.`, [before, by]);
    }
  }

  #note(operation: Operation): void {
    const { deed, outcome, work } = operation;
    if (!("key" in deed) || deed.key !== this.#key) return;
    if (deed.kind === "exclusive" && outcome === "ok" && work === undefined) return;
    if (deed.kind === "set" || deed.kind === "exclusive") {
      // Refused as the session had ended: but it may have been written just before that, where
      // the write's own answer was lost.
      const isKnown = outcome === "ok";
      if (outcome === "failed") this.#refused.set(deed.value, operation);
      const write = written(operation, isKnown);
      this.#values.set(deed.value, { text: deed.value, write, reads: [] });
    } else this.#noteRemoval(operation);
  }

  #noteRemoval(operation: Operation): void {
    const { deed, outcome, result, seen } = operation;
    if (outcome === "failed") return;
    const isOk = outcome === "ok";
    if (deed.kind === "consume" && isOk) {
      // It looks first: where nothing was there, nothing was written.
      if (typeof result !== "string") return;
      this.#consumed.push({ text: result, by: operation });
    }
    // Where it saw nothing to delete it may have written nothing.
    const isSure = isOk && (deed.kind === "consume" || seen?.values[this.#key] !== undefined);
    this.#removals.push({ text: undefined, write: written(operation, isSure), reads: [] });
  }

  #noteReads(operation: Operation): void {
    const { seen, start, opened, end, deed, outcome, result } = operation;
    if (seen?.condition === "live") {
      this.#noteRead(seen.values[this.#key], { from: start, to: opened, by: operation });
    }
    const isConsume = deed.kind === "consume" && deed.key === this.#key && outcome === "ok";
    if (isConsume && typeof result === "string") {
      this.#noteRead(result, { from: opened, to: end, by: operation });
    }
  }

  #noteRead(value: unknown, { from, to, by }: Sight): void {
    const sight = { from: from - this.#staleness, to, by };
    if (value === undefined) {
      this.#absences.push(sight);
      return;
    }
    const text = String(value);
    const known = this.#values.get(text);
    if (known !== undefined) known.reads.push(sight);
    else this.#values.set(text, { text, write: this.#inherited(), reads: [sight] });
  }

  /** What a fork held when it began was there at some moment of the request that made it. */
  #inherited(): Sight | undefined {
    const { isFork, root } = this.#lineage;
    return isFork ? { from: root.birth.start, to: root.birth.end, by: root.birth } : undefined;
  }

  #zones(values: readonly Value[]): readonly Zone[] {
    return values.filter(isPresent).map(zoneOf);
  }

  #violation(rule: string, story: string, operations: readonly Operation[]): Violation {
    return { rule: `${rule} (key ${this.#key})`, story, operations };
  }
}

/** From opening the session to the answer; without end where nobody knows whether it arrived. */
function written(operation: Operation, isKnown: boolean): Sight {
  const { opened, start, end, seen } = operation;
  const from = seen === undefined ? start : opened;
  return { from, to: isKnown ? end : Number.POSITIVE_INFINITY, by: operation };
}

interface Zone {
  readonly value: Value;
  /** When the first one that wrote or saw the value was done: from here on it had been there. */
  readonly firstEnd: number;
  readonly first: Sight;
  /** When the last one began: it was still there, or yet to come. */
  readonly lastStart: number;
  readonly last: Sight;
}

function zoneOf(value: Value): Zone {
  const sights = sightsOf(value);
  const [some] = sights;
  if (some === undefined) throw new Error("A value that nobody wrote or saw.");
  let first = some;
  let last = some;
  for (const sight of sights) {
    if (sight.to < first.to) first = sight;
    if (sight.from > last.from) last = sight;
  }
  return { value, first, firstEnd: first.to, last, lastStart: last.from };
}

/** Each was surely there before the other. */
function contradicts(one: Zone, other: Zone): boolean {
  if (one.firstEnd >= other.lastStart || other.firstEnd >= one.lastStart) return false;
  // Two that both last would be found twice.
  const isFoundAlready = other.firstEnd < other.lastStart && other.firstEnd < one.firstEnd;
  return !isFoundAlready;
}

/** Of those that were surely there before `time`, the one whose last sight began last. */
function newestBefore(zones: readonly Zone[], time: number): Zone | undefined {
  let newest: Zone | undefined;
  for (const zone of zones) {
    const isNewer = newest === undefined || zone.lastStart > newest.lastStart;
    if (zone.firstEnd < time && isNewer) newest = zone;
  }
  return newest;
}

function sightsOf({ write, reads }: Value): readonly Sight[] {
  return write === undefined ? reads : [write, ...reads];
}

/** Nobody knows of a value that was not acknowledged and that nobody saw: it may never have been. */
function isPresent({ write, reads }: Value): boolean {
  return reads.length > 0 || (write !== undefined && write.to !== Number.POSITIVE_INFINITY);
}

function name({ text }: Value): string {
  return text === undefined ? "a removal" : text;
}
