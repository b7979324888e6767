import type { Countdown, Visitor } from "../visitor.ts";
import type { Words } from "../words/words.ts";
import { ago, timeLeft } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";

/** "This visit": the public facts of the session, as a ticket with a stub to stamp. */
export function visitPanel(visitor: Visitor, words: Words): Fragment {
  const { visit, user, path } = visitor;
  if (visit === undefined) return undefined;
  const text = words.visit;
  const when = (at: number): string => ago(at, visitor, words);
  return html`<aside class="ticket" id="visit" aria-labelledby="visit-title">
    <div class="ticket-body">
      <h2 id="visit-title">${text.title}</h2>
      <p class="ticket-lead">${text.lead}</p>
      <dl class="facts">
        ${fact(text.id, html`<code title="${visit.id}">${visit.id.slice(0, 12)}…</code>`)}
        ${fact(text.who, user?.name ?? text.stranger)}
        ${fact(text.isNew, visit.isNew ? text.yes : text.no)}
        ${fact(text.began, when(visit.createdAt))}
        ${fact(text.lastSeen, visit.isNew ? text.never : when(visit.lastSeenAt))}
        ${fact(text.proved, visit.authenticatedAt === undefined ? text.never : when(visit.authenticatedAt))}
        ${fact(text.remembered, visit.persistent ? text.yes : text.no)}
      </dl>
      <dl class="clocks">
        ${clock(text.idle, visit.idle, words)}
        ${clock(text.absolute, visit.absolute, words)}
      </dl>
    </div>
    <form class="stub" method="post" action="/visits">
      <input type="hidden" name="back" value="${path}#visit">
      <p class="stub-count"><b class="stub-number" id="visits">${visit.visits}</b> <span>${text.visits(visit.visits)}</span></p>
      <button class="button button--quiet">${text.stamp}</button>
    </form>
  </aside>`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** Ticks by `public/panel.js`; without it, it is the time left when the page was made. */
function clock(name: string, { leftMs, ofMs }: Countdown, { visit }: Words): Html {
  return html`<div data-left-ms="${leftMs}" data-day="${visit.days(1)}" data-days="${visit.days(2)}" data-over="${visit.over}">
          <dt>${name}</dt>
          <dd><span class="time" title="${visit.left}">${timeLeft(leftMs, visit.days)}</span>
          <progress max="${ofMs}" value="${Math.max(0, leftMs)}" aria-label="${name}"></progress></dd>
        </div>`;
}
