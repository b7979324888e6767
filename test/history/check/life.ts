import type { Deed, Operation } from "../operation.ts";

/** One session id: how it began, what it came from, and what may have ended it. */
export class Life {
  readonly id: string;
  readonly birth: Operation;
  readonly userId: string | undefined;
  /** The session whose data and visitor it took over with a new token. */
  readonly parent: Life | undefined;
  readonly children: Life[] = [];
  readonly #isAcknowledged: boolean;
  /** What ends it, or may: `isSure` where it was acknowledged. */
  readonly ends: End[] = [];
  /** Requests that carried its cookie and were shown something. */
  readonly visits: Operation[] = [];

  constructor(id: string, birth: Operation, sender: Life | undefined) {
    const { deed } = birth;
    this.id = id;
    this.birth = birth;
    this.userId = deed.kind === "signIn" ? deed.userId : undefined;
    this.#isAcknowledged = birth.outcome === "ok";
    const wasLive = birth.seen?.condition === "live";
    if (sender === undefined || !wasLive) return;
    if (deed.kind === "regenerate") {
      this.parent = sender;
      this.userId = sender.userId;
    } else if (deed.kind === "signIn") {
      const isSameVisitor = sender.userId === undefined || sender.userId === deed.userId;
      if (isSameVisitor) this.parent = sender;
    }
    this.parent?.children.push(this);
  }

  /**
   * Whether it surely took the place of its parent. If not, both may be alive: the parent's end was
   * not acknowledged, or two requests have signed in at the same time and both stand.
   */
  get isSettled(): boolean {
    return this.#isAcknowledged && (this.parent === undefined || this.parent.children.length === 1);
  }

  /** The session that its visitor began with. */
  get root(): Life {
    return this.parent === undefined ? this : this.parent.root;
  }

  /** Whether it surely belongs to those that continue each other from the root on. */
  get isTied(): boolean {
    return this.isSettled && (this.parent === undefined || this.parent.isTied);
  }

  /** When its user proved who they are, and in which request. */
  get signIn(): Operation | undefined {
    return this.birth.deed.kind === "signIn" ? this.birth : this.parent?.signIn;
  }

  /** The end that is surely over before all others. */
  get firstSureEnd(): Operation | undefined {
    let first: Operation | undefined;
    for (const { by, isSure } of this.ends) {
      if (isSure && (first === undefined || by.end < first.end)) first = by;
    }
    return first;
  }

  /** Whether something may have ended it by then. */
  mayHaveEnded(by: number): boolean {
    return this.ends.some((end) => end.by.start <= by);
  }

  /**
   * The last moment before `time` at which activity was surely written down: by a write, as a touch
   * that fails is nobody's error.
   */
  lastActive(time: number): number {
    let last = this.birth.start;
    for (const { deed, outcome, seen, opened, end } of this.visits) {
      const isWrite = deed.kind === "set" || deed.kind === "add";
      const isSure = isWrite && outcome === "ok" && seen?.condition === "live" && end < time;
      if (isSure) last = Math.max(last, opened);
    }
    return last;
  }
}

interface End {
  readonly by: Operation;
  readonly isSure: boolean;
}

/** Every session that a cookie was given for, by id. */
export type Lives = ReadonlyMap<string, Life>;

/** Finds the sessions of a history, in the order of their births, and what ended each. */
export function livesOf(operations: readonly Operation[], mayForget: boolean): Lives {
  const lives = new Map<string, Life>();
  for (const operation of operations) {
    const { given, sent } = operation;
    if (given === undefined || lives.has(given)) continue;
    const sender = sent === undefined ? undefined : lives.get(sent);
    lives.set(given, new Life(given, operation, sender));
  }
  for (const operation of operations) {
    if (operation.sent !== undefined) lives.get(operation.sent)?.visits.push(operation);
    end(lives, operation, mayForget);
  }
  for (const life of lives.values()) endWithParent(life);
  return lives;
}

/**
 * Where nobody was told that the old session had ended in favour of the new one, whoever opens that
 * one finds out, and ends it where the old one has ended otherwise.
 */
function endWithParent(life: Life): void {
  if (life.birth.outcome === "ok") return;
  for (const { by } of life.parent?.ends ?? []) {
    if (by !== life.birth) life.ends.push({ by, isSure: false });
  }
}

function end(lives: Lives, by: Operation, mayForget: boolean): void {
  // Where the store says that nothing was written, or the session was ended by others.
  if (by.outcome === "failed" || by.outcome === "ended") return;
  const { deed } = by;
  if (deed.kind === "revoke") {
    const life = lives.get(deed.id);
    if (life === undefined) return;
    endChain(life, by, by.outcome === "ok", mayForget);
    // Who is pursued from token to token takes the whole family along.
    endPerhaps(lives, life.root, by);
  } else if (deed.kind === "revokeAll") {
    endAll(lives, deed, by);
  } else endOwn(lives, by, mayForget);
}

function endAll(
  lives: Lives,
  { userId, except = "" }: Extract<Deed, { readonly kind: "revokeAll" }>,
  by: Operation,
): void {
  const spared = lives.get(except)?.root;
  for (const life of lives.values()) {
    if (life.userId !== userId) continue;
    if (life.root === spared) endUnlessSpared(life, by);
    else endAsOneOfAll(life, by);
  }
}

/** What a visitor's request does to the session that it came with. */
function endOwn(lives: Lives, by: Operation, mayForget: boolean): void {
  const { deed, seen, sent = "", outcome } = by;
  const own = lives.get(sent);
  if (own === undefined || (seen !== undefined && seen.condition !== "live")) return;
  const isSure = outcome === "ok";
  if (deed.kind === "regenerate" || deed.kind === "signIn") own.ends.push({ by, isSure });
  // It goes on from what a parallel request has made of the session, and that ends.
  if (deed.kind === "signIn") endPerhaps(lives, own.root, by);
  if (deed.kind === "signOut" || deed.kind === "destroy") endChain(own, by, isSure, mayForget);
}

/**
 * The pointers of tombstones are followed: what a session became by a new token ends with it.
 * Where the store may forget tombstones, its pointers may be lost with them.
 */
function endChain(life: Life, by: Operation, isSure: boolean, mayForget: boolean): void {
  life.ends.push({ by, isSure });
  for (const child of life.children) {
    endChain(child, by, isSure && child.isSettled && !mayForget, mayForget);
  }
}

function endPerhaps(lives: Lives, root: Life, by: Operation): void {
  for (const life of lives.values()) {
    if (life.root === root) life.ends.push({ by, isSure: false });
  }
}

/** A call that has not said whom it spares may have ended them all. */
function endUnlessSpared(life: Life, by: Operation): void {
  const isSpared = by.outcome === "ok" && life.isTied;
  if (!isSpared) life.ends.push({ by, isSure: false });
}

/** Sure is the end of a session whose sign-in was over, also if it is given a new token meanwhile. */
function endAsOneOfAll(life: Life, by: Operation): void {
  const { signIn, birth } = life;
  // A sign-in that began later is newer than the call.
  if (by.outcome === "ok" && by.end < birth.start) return;
  const wasSignedIn = signIn !== undefined && signIn.end < by.start;
  const isTied = life.isSettled || birth.end < by.start;
  life.ends.push({ by, isSure: by.outcome === "ok" && wasSignedIn && isTied });
}
