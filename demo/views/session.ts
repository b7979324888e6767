import type { Entry } from "../session-log.ts";
import type { Countdown, Race, Visit, VisitFacts } from "../visit.ts";
import type { Visitor } from "../visitor.ts";
import type { Words } from "../words/words.ts";
import { browserIn } from "./browser-name.ts";
import { ago, timeLeft } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";
import type { Page, View } from "./layout.ts";
import { logLine } from "./session-lines.ts";

/**
 * The panel, as a page of its own. With JavaScript every other page shows it in a drawer, and
 * `public/panel/live.js` exchanges its parts as they change.
 */
export function sessionPage(visit: Visit): View {
  return (visitor, words): Page => {
    const text = words.session;
    return {
      title: text.title,
      isPanel: true,
      main: html`<h1>${text.title}</h1>
    <p class="lead">${text.lead}</p>
    <div class="panel" id="panel">
      ${ticket(visit, visitor, words)}
      ${race(visit.race, words)}
      <section aria-labelledby="log-title">
        <h2 id="log-title">${text.log}</h2>
        <ol class="log" data-part="log" tabindex="0" aria-labelledby="log-title">${log(visit.trail.entries, visitor, words)}</ol>
      </section>
      <section aria-labelledby="cookie-title">
        <h2 id="cookie-title">${text.cookie}</h2>
        <div data-part="cookie">${cookie(visit.trail.cookie, words)}</div>
      </section>
      <section aria-labelledby="code-title">
        <h2 id="code-title">${text.code}</h2>
        <div data-part="code">${code(visit, words)}</div>
      </section>
    </div>`,
    };
  };
}

/** The public facts, as a ticket with a stub to stamp. */
function ticket(visit: Visit, visitor: Visitor, words: Words): Html {
  const text = words.session;
  return html`<section class="ticket" aria-labelledby="facts-title">
        <div class="ticket-body">
          <h2 id="facts-title">${text.facts}</h2>
          <div data-part="facts">${facts(visit, visitor, words)}</div>
        </div>
        <form class="stub" method="post" action="/visits">
          <input type="hidden" name="back" value="/session">
          <p class="stub-count" data-part="visits"><b class="stub-number" id="visits">${visit.visits}</b> <span>${text.visits(visit.visits)}</span></p>
          <button class="button button--quiet">${text.stamp}</button>
        </form>
      </section>`;
}

function facts({ facts: known, device }: Visit, visitor: Visitor, words: Words): Html {
  const { session } = words;
  if (known === undefined) {
    return html`<dl class="facts">${fact(session.id, session.none)}</dl><p class="none">${session.noneHint}</p>`;
  }
  return html`<dl class="facts" data-live>
            ${fact(session.id, html`<code title="${known.id}">${known.id.slice(0, 10)}…</code>`)}
            ${fact(session.began, ago(known.createdAt, visitor, words))}
            ${fact(session.who, visitor.user?.name ?? session.nobody)}
            ${fact(session.since, since(known, visitor, words))}
            ${fact(session.remembered, known.persistent ? session.yes : session.no)}
            ${fact(session.device, browserIn(device, words).name)}
          </dl>
          <dl class="clocks">
            ${clock(session.idle, known.idle, words)}
            ${clock(session.absolute, known.absolute, words)}
          </dl>`;
}

function since({ authenticatedAt }: VisitFacts, visitor: Visitor, words: Words): string {
  return authenticatedAt === undefined ? words.session.never : ago(authenticatedAt, visitor, words);
}

function fact(name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** Ticks by `public/panel/clocks.js`; without it, it is the time left when the page was made. */
function clock(name: string, { leftMs, ofMs }: Countdown, { session }: Words): Html {
  return html`<div data-left-ms="${leftMs}" data-day="${session.days(1)}" data-days="${session.days(2)}" data-over="${session.over}">
              <dt>${name}</dt>
              <dd><span class="time" title="${session.left}">${timeLeft(leftMs, session.days)}</span>
              <progress max="${ofMs}" value="${Math.max(0, leftMs)}" aria-label="${name}"></progress></dd>
            </div>`;
}

function race(kept: Race | undefined, { session }: Words): Html {
  return html`<section class="race" aria-labelledby="race-title">
        <h2 id="race-title">${session.race}</h2>
        <p>${session.raceLead}</p>
        <button class="button" data-race="${session.clicking}" hidden>${session.click}</button>
        <p class="hint" data-without-script>${session.noScript}</p>
        <div data-part="race">
          <dl class="tally">
            ${tally(session.byUpdate, kept?.byUpdate, session)}
            ${tally(session.bySet, kept?.bySet, session)}
          </dl>
          ${kept !== undefined && kept.bySet < kept.byUpdate && html`<p class="hint">${session.lost}</p>`}
        </div>
        <p class="quiet" role="status" data-said></p>
      </section>`;
}

const DOTS = Array.from({ length: 20 }, (_, at) => at);

function tally(name: string, kept: number | undefined, text: Words["session"]): Html {
  const dots = DOTS.map((at) => html`<i${at < (kept ?? 0) && html` class="kept"`}></i>`);
  return html`<div><dt>${name}</dt>
              <dd><b>${kept === undefined ? text.notRaced : text.ofTwenty(kept)}</b> <span class="dots" aria-hidden="true">${dots}</span></dd></div>`;
}

function log(entries: readonly Entry[], visitor: Visitor, words: Words): Fragment {
  if (entries.length === 0) return html`<li class="nothing">${words.session.nothing}</li>`;
  return entries.map((entry) => logLine(entry, visitor, words));
}

function cookie(line: string | undefined, { session }: Words): Html {
  if (line === undefined) return html`<p>${session.noCookie}</p>`;
  const [pair = "", ...attributes] = line.split("; ");
  const lines = [`Set-Cookie: ${pair}`, ...attributes].join(";\n  ");
  return html`<pre tabindex="0"><code>${lines}</code></pre>
          <p class="hint">${session.cookieHint}</p>`;
}

function code({ trail: { last } }: Visit, { session }: Words): Html {
  if (last === undefined) return html`<p>${session.noCode}</p>`;
  return html`<p class="hint">${last.what}</p>
          <pre tabindex="0"><code>${last.code}</code></pre>`;
}
