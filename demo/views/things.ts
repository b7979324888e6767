import { PRODUCTS, type Product, productOf } from "../catalogue.ts";
import type { Visitor } from "../visitor.ts";
import type { Words } from "../words/words.ts";
import { price } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import type { Page, View } from "./layout.ts";
import { picture } from "./pictures.ts";
import { scene } from "./scene.ts";

/** The first page: everything there is. */
export const thingsPage: View = (visitor, words) => ({
  title: words.tagline,
  main: html`
    <section class="hero">
      <div>
        <h1>${words.home.title}</h1>
        <p class="lead">${words.home.lead}</p>
      </div>
      ${scene}
    </section>
    <section aria-labelledby="things">
      <h2 id="things" class="rule">${words.home.things}</h2>
      <ul class="things">${PRODUCTS.map((product) => card(product, visitor, words))}${peek(words)}</ul>
    </section>
    ${recentlyViewed(visitor, words)}`,
});

/** One product. */
export function productPage(product: Product): View {
  return (visitor, words): Page => ({
    title: product.name[visitor.language],
    main: html`
    <a class="back" href="/">${icon("back")}${words.product.back}</a>
    <article class="product">
      ${picture(product.sku)}
      <div class="product-text">
        <h1>${product.name[visitor.language]}</h1>
        <p class="lead">${product.line[visitor.language]}</p>
        <p>${product.story[visitor.language]}</p>
        <p class="price price--large">${price(product.cents, visitor.language)}</p>
        <form method="post" action="/cart">
          <input type="hidden" name="back" value="/things/${product.sku}">
          <button class="button" name="sku" value="${product.sku}">${icon("bag")}${words.product.add}</button>
        </form>
      </div>
    </article>
    ${recentlyViewed(visitor, words, product.sku)}`,
  });
}

function card({ sku, name, line, cents }: Product, { language }: Visitor, words: Words): Html {
  const label = words.product.addNamed(name[language]);
  return html`<li class="thing" id="${sku}">
        <a href="/things/${sku}">
          ${picture(sku)}
          <h3>${name[language]}</h3>
          <p class="thing-line">${line[language]}</p>
        </a>
        <p class="price">${price(cents, language)}</p>
        <form method="post" action="/cart">
          <input type="hidden" name="back" value="/#${sku}">
          <button class="chip chip--plus" name="sku" value="${sku}" aria-label="${label}" title="${label}">+</button>
        </form>
      </li>`;
}

/** Fills the last place where nine things stand in two columns. */
function peek({ session }: Words): Html {
  return html`<li class="thing thing--peek"><a href="/session">${icon("pulse")}<h3>${session.title}</h3><p class="thing-line">${session.peek}</p></a></li>`;
}

function recentlyViewed(visitor: Visitor, words: Words, except?: string): Fragment {
  const seen = visitor.recentlyViewed.filter((sku) => sku !== except).map(productOf);
  const links = seen.map(
    (product) =>
      product &&
      html`<li><a href="/things/${product.sku}">${picture(product.sku)}<span>${product.name[visitor.language]}</span></a></li>`,
  );
  if (links.length === 0) return undefined;
  return html`<section class="recent" aria-labelledby="recent">
      <h2 id="recent" class="rule">${words.home.recent}</h2>
      <ul>${links}</ul>
    </section>`;
}
