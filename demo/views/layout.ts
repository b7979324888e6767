import { countThings } from "../cart.ts";
import type { Visitor } from "../visitor.ts";
import { WORDS, type Words } from "../words/words.ts";
import { type Fragment, type Html, html } from "./html.ts";
import { icon } from "./icons.ts";

/** What a view says; the layout puts it on the page. */
export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Whether it is the panel itself, which every other page leads to. */
  readonly isPanel?: true;
}

/** A view of a page, for one visitor in their words. */
export type View = (visitor: Visitor, words: Words) => Page;

/** The whole page as text. */
export function render(view: View, visitor: Visitor): string {
  const words = WORDS[visitor.language];
  const { title, main, isPanel } = view(visitor, words);
  const page = html`<!doctype html>
<html lang="${visitor.language}" data-theme="${visitor.theme}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · ${words.shop}</title>
  <link rel="icon" href="/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/style.css">
  <script src="/panel.js" type="module"></script>
</head>
<body>
  <a class="skip" href="#main">${words.nav.skip}</a>
  ${header(visitor, words)}
  <main id="main" tabindex="-1">
    ${notices(visitor, words)}
    ${main}
  </main>
  <footer class="foot"><p>${words.footer}</p></footer>
  ${!isPanel && panelTab(words)}
</body>
</html>
`;
  return page.toString();
}

function header(visitor: Visitor, words: Words): Html {
  const { nav } = words;
  return html`<header class="head">
    <a class="wordmark" href="/">${icon("door")}<span>${words.shop}</span></a>
    <nav class="nav" aria-label="${nav.label}">
      ${visitor.user === undefined ? guestLinks(words) : userLinks(words)}
      ${cartLink(visitor, words)}
    </nav>
    <div class="preferences" role="group" aria-label="${nav.preferences}">
      ${preferences(visitor, words)}
    </div>
  </header>`;
}

function guestLinks({ nav }: Words): Html {
  return html`<a class="link" href="/sign-in">${icon("person")}<span>${nav.signIn}</span></a>`;
}

function userLinks({ nav }: Words): Html {
  return html`<a class="link" href="/account">${icon("person")}<span>${nav.account}</span></a>
      <form method="post" action="/sign-out">
        <button class="link">${icon("leave")}<span>${nav.signOut}</span></button>
      </form>`;
}

function cartLink({ cart }: Visitor, words: Words): Html {
  const count = countThings(cart);
  return html`<a class="link" href="/cart">${icon("bag")}<span>${words.nav.cart}</span>
        ${count > 0 && html`<b class="count">${count}<i class="quiet"> ${words.cart.things(count)}</i></b>`}</a>`;
}

function preferences({ theme, language, path }: Visitor, { nav }: Words): Fragment {
  const otherTheme = theme === "light" ? "dark" : "light";
  const otherLanguage = language === "en" ? "de" : "en";
  const back = html`<input type="hidden" name="back" value="${path}">`;
  return [
    html`<form method="post" action="/preferences/language">${back}
        <button class="chip" name="language" value="${otherLanguage}" lang="${otherLanguage}">
          ${otherLanguage.toUpperCase()}<i class="quiet">: ${nav.toOtherLanguage}</i>
        </button>
      </form>`,
    html`<form method="post" action="/preferences/theme">${back}
        <button class="chip" name="theme" value="${otherTheme}">
          ${icon(theme === "light" ? "moon" : "sun")}
          <i class="quiet">${theme === "light" ? nav.toDark : nav.toLight}</i>
        </button>
      </form>`,
  ];
}

/** A link to the panel; with JavaScript it opens the drawer (`public/panel/drawer.js`). */
function panelTab({ session }: Words): Html {
  return html`<a class="tab" href="/session" data-close="${session.close}">${icon("pulse")}${session.tab}</a>`;
}

function notices(visitor: Visitor, words: Words): Fragment {
  if (visitor.notices.length === 0) return undefined;
  const lines = visitor.notices.map((notice) => html`<p>${words.notices[notice]}</p>`);
  return html`<div class="notice" role="status">${icon("bell")}<div>${lines}</div></div>`;
}
