import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { StoreProfile } from "../../core/store.ts";

/** What the user knows of a backend, and a bridge cannot. */
export type BackendFacts = Partial<Omit<StoreProfile, "caveats">>;

/** What every bridge can be told. */
export interface BridgeOptions {
  /**
   * What you know of the backend: the bridge declares it in its profile.
   *
   * @defaultValue nothing is taken for granted: scope and durability `"process"`, readYourWrites
   * `"bounded"`, eviction `"any"`
   */
  readonly profile?: BackendFacts | undefined;
  /**
   * Is told once, at the first call, in words, which laws cannot be kept. Pass a function that
   * does nothing once you have read it.
   *
   * @defaultValue `process.emitWarning`, once in each process
   */
  readonly notice?: ((sentence: string) => void) | undefined;
}

/** The names of {@link BridgeOptions}. */
export const BRIDGE_OPTIONS: readonly string[] = ["profile", "notice"];

const LEAST: Omit<StoreProfile, "caveats"> = {
  scope: "process",
  durability: "process",
  readYourWrites: "bounded",
  eviction: "any",
};

const CAVEATS: readonly string[] = [
  "The backend cannot compare and write in one step: of two processes that change one session at " +
    "the same moment, one change may be lost (within one process none is).",
  "A session that one process ends while another changes or touches it may come back.",
  "There is no directory: sessions.list, revokeAll and count are refused, and a sign-in is not " +
    "checked against a revokeAll.",
];

/** The profile of a bridge: what its user says of the backend, and what it cannot keep. */
export function profileOf(
  bridge: string,
  facts: BackendFacts = {},
  caveats: readonly string[] = [],
): StoreProfile {
  const group = `${bridge}.profile`;
  requireKnownKeys(group, facts, Object.keys(LEAST));
  oneOf(`${group}.scope`, facts.scope, ["process", "host", "network"]);
  const outlived = ["process", "crash", "power-loss", "replicated"] as const;
  oneOf(`${group}.durability`, facts.durability, outlived);
  oneOf(`${group}.readYourWrites`, facts.readYourWrites, ["always", "bounded"]);
  oneOf(`${group}.eviction`, facts.eviction, ["never", "anonymous-first", "any"]);
  return { ...LEAST, ...facts, caveats: [...CAVEATS, ...caveats] };
}

const told = new Set<string>();

/** Whom a bridge tells what it cannot keep. */
export function noticeOf(bridge: string, { notice }: BridgeOptions): (sentence: string) => void {
  if (notice === undefined) return warnOnce;
  if (typeof notice === "function") return notice;
  throw new OptionsError(`${bridge}.notice`, "must be a function that takes a sentence.");
}

function warnOnce(sentence: string): void {
  if (told.has(sentence)) return;
  told.add(sentence);
  process.emitWarning(sentence, "SojournWarning");
}

/** Refuses an object that lacks a method. */
export function requireMethods(
  option: string,
  object: unknown,
  methods: readonly string[],
  advice: string,
): void {
  const isObject = (typeof object === "object" && object !== null) || typeof object === "function";
  if (isObject && methods.every((method) => typeof Reflect.get(object, method) === "function")) {
    return;
  }
  throw new OptionsError(option, advice);
}
