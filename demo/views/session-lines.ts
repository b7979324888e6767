import type { Entry } from "../session-log.ts";
import type { Visitor } from "../visitor.ts";
import type { Words } from "../words/words.ts";
import { ago } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";

/** Whose words a log is written in. */
type Reader = Pick<Visitor, "language" | "now">;

/** One line of a session's log. `public/panel/live.js` writes its time as the visitor's clock does. */
export function logLine(entry: Entry, reader: Reader, words: Words): Html {
  const { at, what, status, times = 1 } = entry;
  const written = new Date(at).toISOString();
  return html`<li class="${status === undefined ? "event" : "request"}"><time datetime="${written}">${ago(at, reader, words)}</time> <code>${what}</code>${times > 1 && html` <b>${words.session.times(times)}</b>`}<span>${meaning(what, status, words)}</span></li>`;
}

function meaning(what: string, status: number | undefined, { session }: Words): Fragment {
  if (status !== undefined) return session.answered(status);
  const events: Readonly<Record<string, string>> = session.events;
  return events[what];
}
