import type { Engine } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { EVENT_NAMES, type EventRequest, type SessionEvents } from "../../core/events.ts";
import { internalsOf } from "../../core/internals.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { Sessions } from "../../core/sessions.ts";
import { recordOf, requestOf } from "./audit-record.ts";
import { Chain } from "./chain.ts";
import { type AuditSink, Outbox } from "./outbox.ts";

/** What is recorded, and where. */
export interface AuditOptions {
  /** Where records go: a file, a table, a log service. Called with one at a time, in their order. */
  readonly sink: AuditSink;
  /**
   * The events to record.
   *
   * @defaultValue all of them but `conflict`, which tells of nobody's doing
   */
  readonly events?: readonly (keyof SessionEvents)[] | undefined;
  /**
   * Whether the visitor's address is recorded, and whom `limitCreation` has throttled: `true` takes the
   * socket's own; behind a proxy give a function that knows which header to believe.
   *
   * @defaultValue `false`: an address is personal data
   */
  readonly address?: boolean | ((request: EventRequest) => string | undefined) | undefined;
  /**
   * Binds each record to the one before it by a key, so that {@link verifyAudit} finds what was
   * changed or taken out. The key is a secret of 32 characters or more.
   *
   * @defaultValue none
   */
  readonly chain?: { readonly key: string } | undefined;
}

/** An audit that is under way. */
export interface Audit {
  /** Stops listening, and resolves when the sink has kept everything, or failed once more. */
  close(): Promise<void>;
}

/**
 * Records what happens to sessions, for whoever has to tell later what did (OWASP ASVS 5.0, 16.3.1 to
 * 16.3.4). A record holds public ids and no secret (16.2.5).
 *
 * A sink that fails is given the record again, with pauses of up to 30 s. Meanwhile 10,000 records wait;
 * beyond that they are lost, and `onError` hears how many.
 *
 * @throws {@link OptionsError} for what is no sink, event or key.
 * @example
 * const trail = audit(sessions, { sink: (record) => console.info(JSON.stringify(record)) });
 */
// biome-ignore lint/suspicious/noExplicitAny: it takes sessions of any data, and reads none of it.
export function audit(sessions: Sessions<any, any>, options: AuditOptions): Audit {
  const { engine } = internalsOf(sessions);
  const { sink, events, address, chain } = checked(options);
  const outbox = new Outbox(sink, (error) => complain(engine, error));
  const links = chain === undefined ? undefined : new Chain(chain.key);
  const record = <Name extends keyof SessionEvents>(
    name: Name,
    event: SessionEvents[Name],
    request: EventRequest | undefined,
  ): void => {
    const written = request && requestOf(request, address);
    const bare = recordOf(name, event, engine.name, written, address !== undefined);
    if (outbox.put(links === undefined ? bare : links.link(bare))) tellDropped(engine, outbox);
  };
  const stops = events.map((name) =>
    engine.events.on(name, (event, request) => record(name, event, request)),
  );
  return {
    close: async () => {
      for (const stop of stops) stop();
      const left = await outbox.close();
      tellDropped(engine, outbox);
      if (left > 0) complain(engine, new Error(`${left} audit records were not kept by the sink.`));
    },
  };
}

interface Checked {
  readonly sink: AuditSink;
  readonly events: readonly (keyof SessionEvents)[];
  readonly address: ((request: EventRequest) => string | undefined) | undefined;
  readonly chain: AuditOptions["chain"];
}

const RECORDED = EVENT_NAMES.filter((name) => name !== "conflict");

function checked(options: AuditOptions): Checked {
  requireKnownKeys("audit", options, ["sink", "events", "address", "chain"]);
  const { sink, events = RECORDED, address = false, chain } = options;
  if (typeof sink !== "function") {
    throw new OptionsError("audit.sink", "must be a function that takes a record.");
  }
  const stranger = events.find((name) => !EVENT_NAMES.includes(name));
  if (stranger !== undefined) {
    const known = EVENT_NAMES.join(", ");
    throw new OptionsError("audit.events", `"${stranger}" never happens. What does: ${known}.`);
  }
  if (typeof address !== "boolean" && typeof address !== "function") {
    throw new OptionsError("audit.address", "must be true, false or a function of the request.");
  }
  if (chain !== undefined) requireKnownKeys("audit.chain", chain, ["key"]);
  return { sink, events, address: addressOf(address), chain };
}

function addressOf(address: NonNullable<AuditOptions["address"]>): Checked["address"] {
  if (typeof address === "function") return address;
  return address ? ({ remoteAddress }) => remoteAddress : undefined;
}

/** To whom failures are told: a warning would be told once, and of each number apart. */
function complain({ environment, name }: Engine, error: unknown): void {
  const context = { name, method: undefined, path: undefined, outcome: "background" } as const;
  environment.report(error, context, false);
}

function tellDropped(engine: Engine, outbox: Outbox): void {
  const dropped = outbox.takeDropped();
  if (dropped === 0) return;
  complain(engine, new Error(`${dropped} audit records were lost: the sink was out.`));
}
