import type { Operation } from "../operation.ts";
import type { Life, Lives } from "./life.ts";
import type { Terms, Violation } from "./violation.ts";

/** The dead stay dead, and the living do not vanish. */
export function* checkDeaths(lives: Lives, terms: Terms): Iterable<Violation> {
  for (const life of lives.values()) {
    yield* checkSeenDead(life, terms);
    for (const visit of life.visits) {
      yield* checkVisit(life, visit, terms);
    }
  }
}

function* checkVisit(life: Life, visit: Operation, terms: Terms): Iterable<Violation> {
  const { seen } = visit;
  if (seen === undefined) return;
  if (seen.condition === "live") yield* checkLive(life, visit, terms);
  else yield* checkDead(life, visit, terms);
}

function* checkLive(life: Life, visit: Operation, terms: Terms): Iterable<Violation> {
  const end = life.firstSureEnd;
  if (end !== undefined && visit.start - terms.staleness > end.end) {
    yield {
      rule: "the dead stay dead",
      story: "Its end had been acknowledged before the request began, and it was seen alive.",
      operations: [life.birth, end, visit],
    };
  }
  const wrote = visit.outcome === "ok" && isWrite(visit);
  if (end !== undefined && wrote && visit.opened > end.end) {
    yield {
      rule: "the dead stay dead",
      story: "Its end had been acknowledged before the write began, and it was acknowledged too.",
      operations: [life.birth, end, visit],
    };
  }
  if (visit.seen?.userId !== life.userId) {
    yield {
      rule: "a session belongs to one user",
      story: `It is ${life.userId ?? "nobody"}'s, and was seen as another's.`,
      operations: [life.birth, visit],
    };
  }
}

function* checkDead(life: Life, visit: Operation, terms: Terms): Iterable<Violation> {
  const { seen } = visit;
  if (seen !== undefined && (Object.keys(seen.values).length > 0 || seen.userId !== undefined)) {
    yield {
      rule: "the dead show nothing",
      story: "The session had ended, and its data or its user was seen.",
      operations: [life.birth, visit],
    };
  }
  if (seen?.condition === "ended" && visit.outcome === "ok" && isWrite(visit)) {
    yield {
      rule: "the dead stay dead",
      story: "The request saw the session ended, and its write was acknowledged.",
      operations: [life.birth, visit],
    };
  }
  if (terms.mayForget || life.mayHaveEnded(visit.opened)) return;
  if (visit.opened - life.lastActive(visit.start) > terms.idleTimeout * 0.85) return;
  yield {
    rule: "no acknowledged session is lost",
    story: "Nobody had ended it, and it was not there.",
    operations: [life.birth, visit],
  };
}

/** Whoever ended it, and whether that was acknowledged or not: once dead is dead for good. */
function* checkSeenDead(life: Life, terms: Terms): Iterable<Violation> {
  const dead = life.visits.filter(({ seen }) => seen !== undefined && seen.condition !== "live");
  const [some] = dead;
  if (some === undefined) return;
  const first = dead.reduce((one, other) => (other.opened < one.opened ? other : one), some);
  for (const visit of life.visits) {
    const isLater = visit.start - terms.staleness > first.opened;
    if (!isLater || visit.seen?.condition !== "live") continue;
    yield {
      rule: "the dead stay dead",
      story: "It had been seen dead, and was seen alive later.",
      operations: [life.birth, first, visit],
    };
  }
}

function isWrite({ deed, work }: Operation): boolean {
  if (deed.kind === "exclusive") return work !== undefined;
  return deed.kind === "set" || deed.kind === "add";
}
