import { describe, expect, it } from "vitest";
import { PICKLE_LIMITS } from "../../../src/interop/python/pickle/limits.ts";
import { readPickle } from "../../../src/interop/python/pickle/read-pickle.ts";
import { PyDict, PyFloat, PyText, type PyValue } from "../../../src/interop/python/values.ts";
import { PICKLES } from "../support/pickle-vectors.ts";

describe("A pickle that would run something is refused by name", () => {
  it.each([
    [
      "a call of os.system",
      "cos\nsystem\n(S'id'\ntR.",
      "the global os.system is not one that is read",
    ],
    [
      "posix.system, by names on the stack",
      "\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
      "the global posix.system is not one that is read",
    ],
    [
      "subprocess.Popen",
      "csubprocess\nPopen\n((S'id'\nltR.",
      "the global subprocess.Popen is not one that is read",
    ],
    [
      "builtins.eval",
      "c__builtin__\neval\n(S'1'\ntR.",
      "the global builtins.eval is not one that is read",
    ],
    [
      "a path into a module that is read",
      "\x80\x04\x8c\x08datetime\x8c\x11datetime.strptime\x93.",
      "the global datetime.datetime.strptime is not one that is read",
    ],
    [
      "a name of every object in JavaScript",
      "cconstructor\nprototype\n.",
      "the global constructor.prototype is not one that is read",
    ],
    [
      "a name that hides a line",
      "\x80\x04\x8c\x04o\ts\n\x8c\x01x\x93.",
      "a global is named that has no plain name",
    ],
    [
      "another attribute than ZoneInfo's",
      "cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\nVkey\ntR.",
      "getattr asks for anything but ZoneInfo._unpickle",
    ],
    [
      "an attribute of another",
      "cbuiltins\ngetattr\n(cbuiltins\nobject\nV_unpickle\ntR.",
      "getattr asks for anything but ZoneInfo._unpickle",
    ],
    [
      "a call of a class that is only named",
      "cbuiltins\nobject\n(tR.",
      "REDUCE calls builtins.object",
    ],
    [
      "an instance of what is only called",
      "cdatetime\ndatetime\n)\x81.",
      "NEWOBJ makes datetime.datetime",
    ],
    ["a call of a text", "Vprint\n(tR.", "REDUCE finds nothing to call"],
    ["a state for a dict", "}}b.", "BUILD finds no uuid.UUID"],
    [
      "a state for a datetime",
      "\x80\x03cdatetime\ndate\nC\x04\x07\xe7\x01\x02\x85R}b.",
      "BUILD finds no uuid.UUID",
    ],
    ["a class as a value", "cdatetime\ndatetime\n.", "datetime.datetime itself stands as a value"],
    ["INST", "(ios\nsystem\n.", "the opcode INST is not one that is read"],
    ["OBJ", "(cbuiltins\nset\no.", "the opcode OBJ is not one that is read"],
    ["PERSID", "Pid\n.", "the opcode PERSID is not one that is read"],
    ["BINPERSID", "NQ.", "the opcode BINPERSID is not one that is read"],
    ["EXT1", "\x82\x01.", "the opcode EXT1 is not one that is read"],
    ["EXT2", "\x83\x01\x01.", "the opcode EXT2 is not one that is read"],
    ["EXT4", "\x84\x01\x01\x01\x01.", "the opcode EXT4 is not one that is read"],
    ["NEWOBJ_EX", "cuuid\nUUID\n)}\x92.", "the opcode NEWOBJ_EX is not one that is read"],
    ["BYTEARRAY8", "\x96\0\0\0\0\0\0\0\0.", "the opcode BYTEARRAY8 is not one that is read"],
    ["NEXT_BUFFER", "\x97.", "the opcode NEXT_BUFFER is not one that is read"],
    ["READONLY_BUFFER", "N\x98.", "the opcode READONLY_BUFFER is not one that is read"],
  ])("%s [CVE-2021-33026, Flask-Session-pickle]", (_, pickle, reason) => {
    expect(read(pickle)).toEqual({ ok: false, reason });
  });
});

describe("A pickle that no Python writes is refused", () => {
  it.each([
    ["nothing at all", "", "the pickle is cut short"],
    ["no opcode", "\xff.", "0xff is no opcode"],
    ["a later protocol", "\x80\x06N.", "the protocol is later than 5"],
    [
      "a frame longer than the pickle",
      "\x80\x04\x95\xff\0\0\0\0\0\0\0N.",
      "the pickle is cut short",
    ],
    [
      "a frame of 2^64 bytes",
      "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.",
      "the pickle is cut short",
    ],
    ["an empty stack", ".", "an opcode finds nothing on the stack"],
    ["two values", "NN.", "more than one value is left"],
    ["an open mark", "(N.", "more than one value is left"],
    ["more after the end", "N.N", "bytes follow the end of the pickle"],
    ["a tuple across a mark", "N(\x85.", "an opcode finds nothing on the stack"],
    ["no mark", "Nt.", "an opcode finds no mark"],
    ["an empty place of the memo", "h\x05.", "an opcode asks for an empty place of the memo"],
    ["a place before the first", "Np-1\n.", "the memo has no such place"],
    ["a key without a value", "(Vk\nd.", "a dict has a key without a value"],
    ["a list for a key", "}]Ns.", "a key or member is of a kind that Python cannot hash"],
    [
      "a list in a tuple for a key",
      "}]\x85Ns.",
      "a key or member is of a kind that Python cannot hash",
    ],
    ["a dict in a set", "\x8f(}\x90.", "a key or member is of a kind that Python cannot hash"],
    ["an addition to a tuple", ")Na.", "an opcode finds no list to add to"],
    ["an item of a list", "]NNs.", "an opcode finds no dict to add to"],
    ["a member of a frozenset", "(\x91(N\x90.", "an opcode finds no set to add to"],
    ["a text that is no UTF-8", "X\x01\0\0\0\xff.", "a text is no UTF-8"],
    ["an octal int", "I0o17\n.", "an int is not written in decimal"],
    ["an int that C takes for octal", "I011\n.", "an int is not written in decimal"],
    ["a hexadecimal float", "F0x1p3\n.", "a float is not written in decimal"],
    ["a line without an end", "I12", "the pickle ends within a line"],
    ["an escape of no character", "V\\ud83\n.", "a UNICODE has an escape of no character"],
    ["a STRING without quotes", "Sabc\n.", "a STRING is not quoted"],
    [
      "a STRING that is evaluated",
      "S'\\N{BULLET}'\n.",
      "a STRING has an escape that repr does not write",
    ],
    [
      "a 13th month",
      "\x80\x03cdatetime\ndate\nC\x04\x07\xe7\x0d\x02\x85R.",
      "the arguments of datetime.date are not those that Python writes",
    ],
    [
      "a 30th of February",
      "\x80\x03cdatetime\ndate\nC\x04\x07\xe7\x02\x1e\x85R.",
      "the arguments of datetime.date are not those that Python writes",
    ],
    [
      "a Decimal that is none",
      "cdecimal\nDecimal\n(V1_0\ntR.",
      "the arguments of decimal.Decimal are not those that Python writes",
    ],
    [
      "another codec",
      "c_codecs\nencode\n(Vx\nVrot13\ntR.",
      "the arguments of _codecs.encode are not those that Python writes",
    ],
    ["an unknown zone", zoned("Nowhere/At_All"), "a zoneinfo.ZoneInfo is not known here"],
    ["a path for a zone", zoned("../../etc/passwd"), "a zoneinfo.ZoneInfo is not known here"],
    ["an offset for a zone", zoned("+01:00"), "a zoneinfo.ZoneInfo is not known here"],
    ["a UUID without its number", "cuuid\nUUID\n)\x81.", "a uuid.UUID has no state"],
    [
      "a UUID of 129 bits",
      `cuuid\nUUID\n)\x81}Vint\nL${2n ** 128n}L\nsb.`,
      "the state of uuid.UUID is not one that Python writes",
    ],
  ])("%s", (_, pickle, reason) => {
    expect(read(pickle)).toEqual({ ok: false, reason });
  });

  it("wherever a real one is cut", () => {
    const short = PICKLES.filter(({ length }) => length < 1000);
    const cuts = short.flatMap((bytes) => Array.from(bytes, (_, end) => bytes.subarray(0, end)));
    expect(cuts.filter((cut) => readPickle(cut).ok)).toEqual([]);
  });
});

describe("A pickle that would cost too much is refused in time", () => {
  it.each([
    ["bytes", "N".repeat(PICKLE_LIMITS.maxBytes + 1), "there are more than 1048576 bytes"],
    ["a length of 4 GiB", "X\xff\xff\xff\xffabc.", "the pickle is cut short"],
    ["a length of 2^63", "\x8e\0\0\0\0\0\0\0\x80abc.", "the pickle is cut short"],
    ["levels", `${"]".repeat(101)}${"a".repeat(100)}.`, "there are more than 100 levels"],
    ["levels, 100,000", `${"(".repeat(1e5)}${"l".repeat(1e5)}.`, "there are more than 100 levels"],
    ["levels of a key", `}N${"\x85".repeat(1e5)}Ns.`, "a key has more than 100 levels"],
    [
      "doubled lists, 2^60",
      `]Naq\0${"0](h\0h\0eq\0".repeat(60)}.`,
      "there are more than 250000 values",
    ],
    ["doubled tuples, 2^60", doubledTuples(60, "."), "there are more than 250000 values"],
    ["doubled tuples for a key, 2^60", `}${doubledTuples(60, "Ns.")}`, "the keys are too long"],
    [
      "one text 1,000 times",
      `(lp0\nV${"x".repeat(1e4)}\nq\x01a${"h\x01a".repeat(1000)}.`,
      "there are more than 4194304 characters",
    ],
    [
      "a Decimal of one text, made 60,000 times",
      `cdecimal\nDecimal\n\x94(V${"1".repeat(500_000)}\n\x94${"h\0(h\x01tR0".repeat(60_000)}N.`,
      "there are more than 4194304 characters",
    ],
    [
      "one text for 1,000 keys",
      `}(V${"x".repeat(1e4)}\nq\x01N${"h\x01N".repeat(1000)}u.`,
      "there are more than 4194304 characters",
    ],
    ["digits of LONG", `L${"9".repeat(1e6)}L\n.`, "an int has more than 4300 digits"],
    ["digits of INT", `I${"9".repeat(1e6)}\n.`, "an int has more than 4300 digits"],
    [
      "digits of LONG4",
      `\x8b\x40\x42\x0f\0${"\x7f".repeat(1e6)}.`,
      "an int has more than 4300 digits",
    ],
    ["places of the memo", `N${"\x94".repeat(250_001)}.`, "the memo has more than 250000 places"],
    ["values", `(${"N".repeat(250_000)}l.`, "there are more than 250000 values"],
    [
      "datetimes in zones",
      `(${zoned("Europe/Paris").slice(0, -1).repeat(2001)}l.`,
      "more than 2000 datetimes are in zones",
    ],
  ])("%s", (_, pickle, reason) => {
    // The value is not shown: it would be longer than any report.
    const result = read(pickle);
    expect(result.ok ? "it is read" : result.reason).toBe(reason);
  });

  it("but a limit that is given is the one that holds", () => {
    expect(readPickle(Buffer.from("]N\x85a."), { maxDepth: 1 })).toMatchObject({ ok: false });
  });
});

describe("Keys that are equal in Python are one", () => {
  it("the first keeps its place, the last its value", () => {
    expect(read("}(K\x01VA\nK\x02VB\nG?\xf0\0\0\0\0\0\0VC\n\x88VD\nu.")).toStrictEqual({
      ok: true,
      value: new PyDict([
        [1, "D"],
        [2, "B"],
      ]),
    });
  });

  it.each<[string, string, readonly PyValue[]]>([
    ["a text and an int", "K\x01NV1\nN", [1, "1"]],
    ["0 and -0.0", "K\0NG\x80\0\0\0\0\0\0\0N", [0]],
    ["None and False", "NN\x89N", [null, false]],
    [
      "two that are no number",
      "Fnan\nNFnan\nN",
      [new PyFloat(Number.NaN), new PyFloat(Number.NaN)],
    ],
    [
      "two Decimals that are no number",
      "cdecimal\nDecimal\n(VNaN\ntRNcdecimal\nDecimal\n(VNaN\ntRN",
      [new PyText("decimal", "NaN"), new PyText("decimal", "NaN")],
    ],
  ])("or not: %s", (_, items, keys) => {
    const result = read(`}(${items}u.`);
    expect(
      result.ok && result.value instanceof PyDict && result.value.entries.map(([k]) => k),
    ).toStrictEqual(keys);
  });
});

function read(pickle: string): ReturnType<typeof readPickle> {
  return readPickle(Buffer.from(pickle, "latin1"));
}

/** A datetime in a zone, in protocol 0. */
function zoned(name: string): string {
  const zone = `cbuiltins\ngetattr\n(czoneinfo\nZoneInfo\nV_unpickle\ntR(V${name}\nI1\ntR`;
  return `cdatetime\ndatetime\n(c_codecs\nencode\n(V\x07\xe7\x01\x02\x03\x04\x05\\u0000\\u0000\\u0000\nVlatin1\ntR${zone}tR.`;
}

function doubledTuples(times: number, end: string): string {
  return `N${"q\0h\0\x86".repeat(times)}${end}`;
}
