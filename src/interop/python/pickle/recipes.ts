import { partsOfMoment } from "../moment-text.ts";
import { PyBytes, PyDict, PyMoment, PySet, PyText, PyTimedelta } from "../values.ts";
import { momentState } from "./moment-state.ts";
import { Global, type Part, Recipe, type RecipeExtras } from "./recipe.ts";
import { refuse } from "./refusal.ts";
import { decodeLatin1 } from "./text.ts";

/** How Python makes the values that no opcode makes. */
export function recipeOf(value: Made, protocol: number): Recipe {
  if (value instanceof PyBytes) return bytesRecipe(value);
  if (value instanceof PyMoment) return momentRecipe(value);
  if (value instanceof PyTimedelta) return timedeltaRecipe(value);
  if (value instanceof PySet) return setRecipe(value);
  if (value instanceof PyText) return textRecipe(value, protocol);
  return orderedDictRecipe(value);
}

/** What {@link recipeOf} makes: sets and bytes only in protocols that have no opcode for them. */
export type Made = PyBytes | PyMoment | PyTimedelta | PySet | PyText | PyDict;

function textRecipe(value: PyText, protocol: number): Recipe {
  if (value.kind === "uuid") return uuidRecipe(value, protocol);
  return value.kind === "markup" ? markupRecipe(value, protocol) : decimalRecipe(value);
}

/** A `uuid.UUID`. */
function uuidRecipe({ text }: PyText, protocol: number): Recipe {
  const type = new Global("uuid", "UUID");
  const hex = text.replaceAll("-", "");
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text))
    refuse("a uuid.UUID is not written as one");
  const number = BigInt(`0x${hex}`);
  const int = Number.isSafeInteger(Number(number)) ? Number(number) : number;
  const state = new PyDict([["int", int]]);
  if (protocol >= 2) return new Recipe("NEWOBJ", type, [], { state });
  return reconstructor([type, new Global("builtins", "object"), null], { state });
}

/** A `markupsafe.Markup`. */
function markupRecipe({ text }: PyText, protocol: number): Recipe {
  const type = new Global("markupsafe", "Markup");
  if (protocol >= 2) return new Recipe("NEWOBJ", type, [text]);
  return reconstructor([type, new Global("builtins", "unicode"), text]);
}

/** A `decimal.Decimal`. */
function decimalRecipe({ text }: PyText): Recipe {
  const isDecimal = /^-?(\d+(\.\d+)?(E[+-]\d+)?|Infinity|s?NaN\d*)$/.test(text);
  if (!isDecimal) refuse("a decimal.Decimal is not written as one");
  return new Recipe("REDUCE", new Global("decimal", "Decimal"), [text]);
}

/** Bytes, before protocol 3. */
function bytesRecipe({ bytes }: PyBytes): Recipe {
  if (bytes.length === 0) return new Recipe("REDUCE", new Global("builtins", "bytes"), []);
  return new Recipe("REDUCE", new Global("_codecs", "encode"), [decodeLatin1(bytes), "latin1"]);
}

/** A set or frozenset, before protocol 4. */
function setRecipe({ kind, items }: PySet): Recipe {
  return new Recipe("REDUCE", new Global("builtins", kind), [[...items]]);
}

/** A `collections.OrderedDict`. */
function orderedDictRecipe({ entries }: PyDict): Recipe {
  return new Recipe("REDUCE", new Global("collections", "OrderedDict"), [], { entries });
}

/** A `datetime.timedelta`. */
function timedeltaRecipe({ days, seconds, microseconds }: PyTimedelta): Recipe {
  return new Recipe("REDUCE", datetimeGlobal("timedelta"), [days, seconds, microseconds]);
}

/** A datetime, date or time. */
function momentRecipe(moment: PyMoment): Recipe {
  const parts = partsOfMoment(moment) ?? refuse(`a ${moment.kind} is not written as one`);
  const state = new PyBytes(momentState(moment, parts));
  const zone = zonePart(moment, parts.offset);
  const args = zone === undefined ? [state] : [state, zone];
  return new Recipe("REDUCE", datetimeGlobal(moment.kind), args);
}

function zonePart({ zone }: PyMoment, offset: PyTimedelta | undefined): Recipe | undefined {
  if (zone?.kind === "ZoneInfo") return zoneInfoRecipe(zone.name);
  if (offset === undefined) return undefined;
  const timezone = datetimeGlobal("timezone");
  if (zone !== undefined) return new Recipe("REDUCE", timezone, [offset, zone.name]);
  const isUtc = offset.days === 0 && offset.seconds === 0 && offset.microseconds === 0;
  return new Recipe("REDUCE", timezone, [offset], isUtc ? { singleton: "UTC" } : {});
}

/** Python asks `ZoneInfo` for the function that looks into its cache, and calls that. */
function zoneInfoRecipe(name: string): Recipe {
  const type = new Global("zoneinfo", "ZoneInfo");
  const opener = new Recipe("REDUCE", new Global("builtins", "getattr"), [type, "_unpickle"]);
  return new Recipe("REDUCE", opener, [name, 1], { singleton: `ZoneInfo ${name}` });
}

function reconstructor(args: readonly Part[], more: RecipeExtras = {}): Recipe {
  return new Recipe("REDUCE", new Global("copy_reg", "_reconstructor"), args, more);
}

function datetimeGlobal(name: string): Global {
  return new Global("datetime", name);
}
