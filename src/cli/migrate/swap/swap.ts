import type { Left, Outcome } from "../change.ts";
import { leftAt } from "../change.ts";
import { type Edit, edited } from "../edits.ts";
import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
import { literalText, type Syntax } from "../syntax.ts";
import { changedManifests } from "./manifests.ts";
import { OLD_MODULE, swapAt } from "./modules.ts";

/** The first step: every import of express-session is one of the drop-in, and package.json knows it. */
export async function swap(project: Project, parser: Parser): Promise<Outcome> {
  const changed: Outcome["changed"][number][] = [];
  const left: Left[] = [];
  let turned = 0;
  for (const [path, source] of project.programs) {
    if (!source.includes(OLD_MODULE)) continue;
    const file = swapIn(path, source, parser);
    left.push(...file.left);
    turned += file.turned;
    const after = edited(source, file.edits);
    if (after !== source) changed.push({ path, before: source, after });
  }
  for (const [path, { text, reason }] of project.closed) left.push(...mention(path, text, reason));
  const manifests = await changedManifests(project, { changed, left });
  return { changed: [...changed, ...manifests.changed], turned, left, notes: manifests.notes };
}

interface SwapIn {
  readonly edits: readonly Edit[];
  readonly turned: number;
  readonly left: readonly Left[];
}

function swapIn(path: string, source: string, parser: Parser): SwapIn {
  const root = parser(path, source);
  if (root === undefined) return unread(path, source);
  const edits: Edit[] = [];
  const left: Left[] = [];
  let turned = 0;
  for (const name of namesIn(root)) {
    const swapped = swapAt(name);
    if (typeof swapped === "string") left.push(leftAt(path, source, name.start, swapped));
    else {
      edits.push(...swapped);
      turned += 1;
    }
  }
  return { edits: [...edits, ...referencesIn(source)], turned, left };
}

/** Literal texts that name the module, or a file in it. */
function* namesIn(root: Syntax): Generator<Syntax> {
  for (const piece of root.all()) {
    const text = literalText(piece);
    if (text === OLD_MODULE || text?.startsWith(`${OLD_MODULE}/`) === true) yield piece;
  }
}

/** `/// <reference types="express-session" />`, which is a comment to JavaScript. */
function* referencesIn(source: string): Generator<Edit> {
  const pattern = /^(\/\/\/\s*<reference\s+types=["'])express-session(?=["'])/gm;
  for (const found of source.matchAll(pattern)) {
    const start = found.index + (found[1]?.length ?? 0);
    yield { start, end: start + OLD_MODULE.length, text: "sojourn/express-session" };
  }
}

const MENTION = /["']express-session["'/]/;

function mention(path: string, source: string, reason: string): Left[] {
  const place = source.search(MENTION);
  return place < 0 ? [] : [leftAt(path, source, place, reason)];
}

function unread(path: string, source: string): SwapIn {
  const reason = "the file cannot be read as JavaScript or TypeScript";
  return { edits: [], turned: 0, left: mention(path, source, reason) };
}
