import type { AnswerLine } from "./errors.ts";

/** What an endpoint answers. */
export interface Answer {
  readonly status: number;
  readonly lines: readonly AnswerLine[];
  readonly body: string;
}

/** On every answer: no cache keeps it, and no other origin measures how long it took. */
const ALWAYS: readonly AnswerLine[] = [
  ["Cache-Control", "no-store"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["X-Frame-Options", "DENY"],
];

/** A plain sentence. */
export function plain(status: number, text: string, lines: readonly AnswerLine[] = []): Answer {
  const type: AnswerLine = ["Content-Type", "text/plain; charset=utf-8"];
  return { status, lines: [...ALWAYS, type, ...lines], body: `${text}\n` };
}

/** What a browser reads. */
export function json(content: object, lines: readonly AnswerLine[] = []): Answer {
  const type: AnswerLine = ["Content-Type", "application/json"];
  return { status: 200, lines: [...ALWAYS, type, ...lines], body: JSON.stringify(content) };
}

/** Ends the browser's side of a binding. */
export function over(id: string): Answer {
  return json({ session_identifier: id, continue: false });
}

/** Names a challenge for the binding that it is of. */
export function challengeLine(challenge: string, id: string): AnswerLine {
  return ["Secure-Session-Challenge", `"${challenge}";id="${id}"`];
}
