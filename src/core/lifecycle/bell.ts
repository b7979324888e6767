import type { Deadline } from "../deadline.ts";
import { type Engine, startDeadline } from "../engine.ts";
import type { HolderId } from "../leases.ts";
import type { SessionRecord } from "../record.ts";
import { sideManager, sideRecord } from "../side-record.ts";
import { bellId, newCommitId, type SessionId } from "../token.ts";
import { tombstone } from "./transitions.ts";

type Parts = Pick<Engine, "keeper" | "endings" | "environment" | "name" | "storeTimeoutMs">;

/** Somebody's hold on the lease of a session. */
export interface HeldBy {
  readonly id: SessionId;
  readonly holder: HolderId;
}

/**
 * Wakes those who wait for a holder, where the store announces ends: who waits hangs up a side record,
 * and the holder ends it once it is done. It is a hint: whoever misses it looks a little later.
 */
export class Bell {
  readonly holder: HolderId;
  readonly #stops: (() => void)[] = [];
  #isHung = false;
  #isDown = false;
  #hasRung = false;
  #wake: (() => void) | undefined;

  /** Begins to hang it up, which nobody waits for. */
  constructor(parts: Parts, heldBy: HeldBy) {
    this.holder = heldBy.holder;
    // Whoever listens to failures of the store hears of it; without a bell one looks more often.
    this.#hang(parts, heldBy).catch(() => undefined);
  }

  /** Whether it will ring. */
  get isHung(): boolean {
    return this.#isHung;
  }

  /** Resolves when it has rung, at the latest after so long. */
  async rung(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#wake = resolve;
    if (this.#hasRung) resolve();
    await promise;
    this.#hasRung = false;
    clearTimeout(timer);
  }

  takeDown(): void {
    this.#isDown = true;
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #hang(parts: Parts, { id, holder }: HeldBy): Promise<void> {
    const ring = (): void => this.#ring();
    // The session may end meanwhile, too.
    for (const each of [bellId(id, holder), id]) {
      const stop = await parts.endings.listen(each, ring);
      if (stop !== undefined) this.#stops.push(stop);
      if (this.#isDown) this.takeDown();
      if (this.#isDown || stop === undefined) return;
    }
    const deadline = startDeadline(parts);
    await parts.keeper.create(recordOf(parts, { id, holder }, deadline), deadline);
    this.#isHung = true;
    // The holder may have been done before it hung.
    this.#ring();
  }

  #ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }
}

/** Tells those who wait for a holder that it is done. Does not reject. */
export async function ringBell(parts: Parts, { id, holder }: HeldBy): Promise<void> {
  if (!parts.endings.announces) return;
  const deadline = startDeadline(parts);
  const bell = { id: bellId(id, holder), manager: sideManager(parts.name, "bell") };
  const stone = tombstone(parts, bell, "destroyed", deadline);
  await parts.keeper.end(stone, undefined, deadline).catch(() => undefined);
}

function recordOf(
  { environment, name }: Parts,
  { id, holder }: HeldBy,
  { now }: Deadline,
): SessionRecord {
  return sideRecord({
    id: bellId(id, holder),
    manager: sideManager(name, "bell"),
    version: newCommitId(environment.random),
    content: {},
    writtenAt: now,
    endsAt: now,
  });
}
