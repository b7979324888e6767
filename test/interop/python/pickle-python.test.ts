import { beforeAll, describe, expect, it } from "vitest";
import { readPickle } from "../../../src/interop/python/pickle/read-pickle.ts";
import {
  type PickleProtocol,
  writePickle,
} from "../../../src/interop/python/pickle/write-pickle.ts";
import { runPython } from "../support/python.ts";

const PROTOCOLS: readonly PickleProtocol[] = [0, 1, 2, 3, 4, 5];
const VALUES = 300;

describe("What the real Python pickles", () => {
  let pickles: readonly (readonly string[])[];

  beforeAll(() => {
    pickles = runPython(RANDOM_PICKLES, VALUES);
  });

  it.each(PROTOCOLS)("is read in protocol %s", (protocol) => {
    for (const all of pickles) {
      expect(readPickle(bytesOf(all[protocol]))).toMatchObject({ ok: true });
    }
  });

  it.each(PROTOCOLS)("is equal to Python when it comes back in protocol %s", (protocol) => {
    const pairs = pickles.map((all) => [all[protocol], rewritten(all[protocol], protocol)]);
    expect(runPython(UNEQUAL, pairs)).toEqual([]);
  });

  it("is equal to Python when it comes back in another protocol", () => {
    const pairs = pickles.flatMap((all) =>
      PROTOCOLS.map((protocol) => [all[5], rewritten(all[5], protocol)]),
    );
    expect(runPython(UNEQUAL, pairs)).toEqual([]);
  });

  it.each([4, 5] as const)("comes back byte for byte in protocol %s", (protocol) => {
    const changed = pickles.filter((all) => rewritten(all[protocol], protocol) !== all[protocol]);
    expect(changed).toEqual([]);
  });
});

/** Values of all kinds, of which no two are one object, and no two texts equal. */
const RANDOM_PICKLES = `
import base64, collections, datetime, decimal, pickle, random, uuid, zoneinfo
from markupsafe import Markup
r = random.Random(20231114)
used = set(["UTC", "int"])
alphabet = "aZ09 '\\"\\\\\\n\\r\\0\\x1a\\x7f\\xe9\\u20ac\\U0001f600\\ud800"
def text():
    made = "".join(r.choice(alphabet) for _ in range(r.choice([2, 3, 5, 9, 40, 300])))
    if made in used: return text()
    used.add(made)
    return made
def day(): return datetime.date.fromordinal(r.randint(1, 3652059))
def clock(): return datetime.time(r.randrange(24), r.randrange(60), r.randrange(60), r.choice([0, r.randrange(10**6)]), fold=r.choice([0, 0, 0, 1]))
def offset(): return datetime.timezone(datetime.timedelta(seconds=r.randint(-86399, 86399), microseconds=r.choice([0, 0, r.randrange(10**6)])))
def moment():
    kind = r.randrange(6)
    if kind == 0: return day()
    if kind == 1: return clock()
    if kind == 2: return clock().replace(tzinfo=offset())
    naive = datetime.datetime.combine(day(), clock())
    if kind == 3: return naive
    return naive.replace(tzinfo=offset() if kind == 4 else datetime.timezone(datetime.timedelta(hours=-5), text()))
def leaf():
    kind = r.randrange(12)
    if kind == 0: return r.choice([None, True, False])
    if kind == 1: return r.choice([0, 1, -1, 255, 256, -256, 65535, 65536, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**53, -2**63, 2**64])
    if kind == 2: return r.randrange(-10**r.randint(1, 80), 10**r.randint(1, 80))
    if kind == 3: return r.choice([0.0, -0.0, 1.0, 1e16, 1e-5, float("inf"), r.random(), r.uniform(-1e300, 1e300), 5e-324])
    if kind == 4: return bytes(r.randrange(256) for _ in range(r.choice([2, 3, 255, 256])))
    if kind == 5: return moment()
    if kind == 6: return datetime.timedelta(r.randint(-999, 999), r.randrange(86400), r.randrange(10**6))
    if kind == 7: return decimal.Decimal(r.randint(-10**9, 10**9)).scaleb(r.randint(-12, 12))
    if kind == 8: return Markup(text())
    return text()
def key(): return r.choice([text, text, text, lambda: r.randrange(10**9), lambda: (text(), r.randrange(9)), day])()
def value(depth):
    if depth == 0 or r.random() < 0.3: return leaf()
    kind = r.randrange(7)
    some = range(r.choice([0, 1, 2, 3, 4]))
    if kind == 0: return [value(depth - 1) for _ in some]
    if kind == 1: return tuple(value(depth - 1) for _ in some)
    if kind == 2: return set(text() for _ in some)
    if kind == 3: return frozenset(text() for _ in some)
    made = {key(): value(depth - 1) for _ in some}
    return collections.OrderedDict(made) if kind == 4 else made
special = [
    {"u": uuid.UUID(int=r.getrandbits(128)), "v": uuid.UUID(int=7)},
    *[[datetime.datetime(2023, 10, 29, 2, 30, fold=f, tzinfo=zoneinfo.ZoneInfo(z)) for f in (0, 1)] for z in ("Europe/Paris", "UTC", "US/Eastern")],
    [datetime.datetime.now(datetime.timezone.utc), datetime.datetime(1, 1, 1, tzinfo=datetime.timezone.utc)],
    list(range(1001)), dict.fromkeys(range(1000)), dict.fromkeys(range(1001)), set(range(1000)), set(range(1001)), list(range(2000)),
    collections.OrderedDict.fromkeys(range(1000)), collections.OrderedDict.fromkeys(range(1001)), [[i] for i in range(300)],
    ["%06d" % i for i in range(20000)], ["x" * 65535, b"y" * 65535], [1, "x" * 65536, 2, b"y" * 65536, "z" * 70000],
]
def dumped(value): return [base64.b64encode(pickle.dumps(value, protocol)).decode() for protocol in range(6)]
answer = [dumped(each) for each in special + [value(4) for _ in range(given)]]
`;

/** `repr` tells kinds apart that are equal, and the signs of zeros. It has its own order for sets. */
const UNEQUAL = `
import base64, pickle
def load(text): return pickle.loads(base64.b64decode(text))
def shown(value):
    if isinstance(value, (set, frozenset)): return (type(value), sorted(map(repr, value)))
    if isinstance(value, dict): return (type(value), [(shown(k), shown(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)): return (type(value), [shown(each) for each in value])
    if hasattr(value, "fold"): return (repr(value), value.fold)
    return repr(value)
answer = [pair for pair in given if shown(load(pair[0])) != shown(load(pair[1]))][:1]
`;

function rewritten(b64: string | undefined, protocol: PickleProtocol): string {
  const read = readPickle(bytesOf(b64));
  if (!read.ok) throw new Error(read.reason);
  const written = writePickle(read.value, protocol);
  if (!written.ok) throw new Error(written.reason);
  return Buffer.from(written.bytes).toString("base64");
}

function bytesOf(b64: string | undefined): Uint8Array {
  return Buffer.from(b64 ?? "", "base64");
}
