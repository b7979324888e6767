const CONTEXT_LINES = 3;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** The difference of two texts as `diff -u` and `git apply` write it. */
export function unifiedDiff(path: string, before: string | undefined, after: string): string {
  const lines = compared(linesOf(before ?? ""), linesOf(after));
  const hunks = hunksIn(lines).map((hunk) => hunkText(lines, hunk));
  const old = before === undefined ? "/dev/null" : `a/${path}`;
  return [`--- ${old}`, `+++ b/${path}`, ...hunks].join("\n");
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** All lines of both, by the longest sequence that they share between their like ends. */
function compared(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (text: string): Line => ({ sign: " ", text });
  return [
    ...before.slice(0, head).map(same),
    ...differing(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

function differing(before: readonly string[], after: readonly string[]): Line[] {
  const shared = sharedLengths(before, after);
  const lines: Line[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [old, now] = [before[left], after[right]];
    if (old !== undefined && old === now) {
      lines.push({ sign: " ", text: old });
      left += 1;
      right += 1;
    } else if (old !== undefined && (now === undefined || isOldFirst(shared, left, right))) {
      lines.push({ sign: "-", text: old });
      left += 1;
    } else {
      lines.push({ sign: "+", text: now ?? "" });
      right += 1;
    }
  }
  return lines;
}

function isOldFirst(shared: readonly Uint32Array[], left: number, right: number): boolean {
  return (shared[left + 1]?.[right] ?? 0) >= (shared[left]?.[right + 1] ?? 0);
}

/** For each pair of places how many lines the two rests share, in order. */
function sharedLengths(before: readonly string[], after: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let left = before.length - 1; left >= 0; left -= 1) {
    const [row, below] = [table[left], table[left + 1]];
    if (row === undefined || below === undefined) break;
    for (let right = after.length - 1; right >= 0; right -= 1) {
      row[right] =
        before[left] === after[right]
          ? (below[right + 1] ?? 0) + 1
          : Math.max(below[right] ?? 0, row[right + 1] ?? 0);
    }
  }
  return table;
}

/** The lines that belong together, from and to. */
function hunksIn(lines: readonly Line[]): [number, number][] {
  const hunks: [number, number][] = [];
  for (const [place, { sign }] of lines.entries()) {
    if (sign === " ") continue;
    const from = Math.max(0, place - CONTEXT_LINES);
    const to = Math.min(lines.length, place + CONTEXT_LINES + 1);
    const before = hunks.at(-1);
    if (before !== undefined && from <= before[1]) before[1] = to;
    else hunks.push([from, to]);
  }
  return hunks;
}

function hunkText(lines: readonly Line[], [from, to]: readonly [number, number]): string {
  const count = (until: readonly Line[], sign: "-" | "+"): number =>
    until.filter((line) => line.sign === " " || line.sign === sign).length;
  const [earlier, own] = [lines.slice(0, from), lines.slice(from, to)];
  const head = (["-", "+"] as const).map(
    (sign) => `${sign}${startOf(count(earlier, sign), count(own, sign))},${count(own, sign)}`,
  );
  return [`@@ ${head.join(" ")} @@`, ...own.map(({ sign, text }) => sign + text)].join("\n");
}

/** A side without lines begins behind the line before it. */
function startOf(before: number, own: number): number {
  return own === 0 ? before : before + 1;
}
