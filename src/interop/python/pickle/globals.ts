import { PyBytes, PyText } from "../values.ts";
import type { Keys } from "./keys.ts";
import { dateOf, datetimeOf, timedeltaOf, timeOf, timezoneOf, zoneInfoOf } from "./moments.ts";
import { DictNode, Known, ListNode, type Node, SetNode, UuidNode, ZoneOpener } from "./nodes.ts";
import { refuse } from "./refusal.ts";
import { encodeLatin1 } from "./text.ts";
import type { Zones } from "./zones.ts";

/** What the makers of values share while one pickle is read. */
export interface Tools {
  readonly keys: Keys;
  readonly zones: Zones;
}

/** Makes a value of arguments, or is `undefined` for arguments that Python does not write. */
type Maker = (args: readonly Node[], tools: Tools) => Node | undefined;

/** What `REDUCE` may call. */
const CALLED: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["_codecs.encode", latin1Bytes],
  ["builtins.bytes", (args) => (args.length === 0 ? new PyBytes(new Uint8Array()) : undefined)],
  ["builtins.frozenset", (args, { keys }) => setOf("frozenset", args, keys)],
  ["builtins.getattr", zoneOpener],
  ["builtins.set", (args, { keys }) => setOf("set", args, keys)],
  ["collections.OrderedDict", orderedDict],
  ["copy_reg._reconstructor", reconstructed],
  ["datetime.date", dateOf],
  ["datetime.datetime", (args, { zones }) => datetimeOf(args, zones)],
  ["datetime.time", timeOf],
  ["datetime.timedelta", timedeltaOf],
  ["datetime.timezone", timezoneOf],
  ["decimal.Decimal", decimalOf],
]);

/** Of what `NEWOBJ` may make an instance. */
const INSTANTIATED: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["markupsafe.Markup", markupOf],
  ["uuid.UUID", (args) => (args.length === 0 ? new UuidNode() : undefined)],
]);

/** What may only be named, as an argument of another. */
const NAMED: ReadonlySet<string> = new Set([
  "builtins.object",
  "builtins.unicode",
  "zoneinfo.ZoneInfo",
]);

/** Takes a name of the closed list. Any other is refused, and nothing is ever looked up. */
export function named(module: string, name: string): Known {
  const full = `${module === "__builtin__" ? "builtins" : module}.${name}`;
  if (CALLED.has(full) || INSTANTIATED.has(full) || NAMED.has(full)) return new Known(full);
  if (!/^[\w.]{1,100}$/.test(full)) refuse("a global is named that has no plain name");
  refuse(`the global ${full} is not one that is read`);
}

/** Does what `REDUCE` does. */
export function reduced(callee: Node, args: readonly Node[], tools: Tools): Node {
  if (callee instanceof ZoneOpener) return made("zoneinfo.ZoneInfo", zoneInfoOf(args));
  const { name } = callee instanceof Known ? callee : refuse("REDUCE finds nothing to call");
  const maker = CALLED.get(name) ?? refuse(`REDUCE calls ${name}`);
  return made(name, maker(args, tools));
}

/** Does what `NEWOBJ` does. */
export function instantiated(type: Node, args: readonly Node[], tools: Tools): Node {
  const { name } = type instanceof Known ? type : refuse("NEWOBJ finds no class");
  const maker = INSTANTIATED.get(name) ?? refuse(`NEWOBJ makes ${name}`);
  return made(name, maker(args, tools));
}

/** Does what `BUILD` does, which is only done to a UUID. */
export function build(instance: Node, state: Node): void {
  if (!(instance instanceof UuidNode)) refuse("BUILD finds no uuid.UUID");
  const number = state instanceof DictNode ? state.entries.get("sint")?.[1] : undefined;
  instance.text =
    uuidText(number) ?? refuse("the state of uuid.UUID is not one that Python writes");
}

function made(name: string, value: Node | undefined): Node {
  return value === undefined
    ? refuse(`the arguments of ${name} are not those that Python writes`)
    : value;
}

function latin1Bytes(args: readonly Node[]): PyBytes | undefined {
  const [text, encoding] = args;
  if (typeof text !== "string" || encoding !== "latin1" || args.length !== 2) return undefined;
  const bytes = encodeLatin1(text);
  return bytes && new PyBytes(bytes);
}

function setOf(kind: SetNode["kind"], args: readonly Node[], keys: Keys): SetNode | undefined {
  const [list] = args;
  if (!(list instanceof ListNode) || args.length !== 1) return undefined;
  return keys.include(new SetNode(kind), list.items);
}

function zoneOpener(args: readonly Node[]): ZoneOpener {
  const [owner, attribute] = args;
  const isOpener = owner instanceof Known && owner.name === "zoneinfo.ZoneInfo";
  if (isOpener && attribute === "_unpickle" && args.length === 2) return new ZoneOpener();
  refuse("getattr asks for anything but ZoneInfo._unpickle");
}

/** Python 2 hands over a list of pairs, which are lists. Python 3 fills what is empty. */
function orderedDict(args: readonly Node[], { keys }: Tools): DictNode | undefined {
  const [list] = args;
  const dict = new DictNode("OrderedDict");
  if (args.length === 0) return dict;
  if (!(list instanceof ListNode) || args.length !== 1) return undefined;
  const pairs = list.items.map((pair) => (pair instanceof ListNode ? pair.items : []));
  if (pairs.some((pair) => pair.length !== 2)) return undefined;
  return keys.fill(dict, pairs.flat());
}

/** How protocols 0 and 1 make instances. */
function reconstructed(args: readonly Node[]): Node | undefined {
  const [type, base, state] = args;
  if (!(type instanceof Known && base instanceof Known) || args.length !== 3) return undefined;
  const names = `${type.name} ${base.name}`;
  if (names === "uuid.UUID builtins.object") return state === null ? new UuidNode() : undefined;
  return names === "markupsafe.Markup builtins.unicode" ? markupOf([state ?? null]) : undefined;
}

function markupOf(args: readonly Node[]): PyText | undefined {
  const [text] = args;
  return typeof text === "string" && args.length === 1 ? new PyText("markup", text) : undefined;
}

function decimalOf(args: readonly Node[]): PyText | undefined {
  const [text] = args;
  if (typeof text !== "string" || args.length !== 1) return undefined;
  const isDecimal = /^-?(\d+(\.\d+)?(E[+-]\d+)?|Infinity|s?NaN\d*)$/.test(text);
  return isDecimal ? new PyText("decimal", text) : undefined;
}

function uuidText(number: Node | undefined): PyText | undefined {
  if (typeof number !== "number" && typeof number !== "bigint") return undefined;
  const value = BigInt(number);
  if (value !== BigInt.asUintN(128, value)) return undefined;
  const hex = value.toString(16).padStart(32, "0");
  return new PyText("uuid", hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
}
