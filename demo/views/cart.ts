import type { User } from "../accounts.ts";
import { type PricedLine, priceLines, totalCents } from "../cart.ts";
import type { Language, Words } from "../words/words.ts";
import { price } from "./format.ts";
import { type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import type { Page, View } from "./layout.ts";
import { picture } from "./pictures.ts";
import { scene } from "./scene.ts";

/** The cart. */
export const cartPage: View = (visitor, words) => {
  const lines = priceLines(visitor.cart);
  const { language } = visitor;
  return {
    title: words.cart.title,
    main: html`<h1>${words.cart.title}</h1>
    ${lines.length === 0 ? emptyCart(words) : filledCart(lines, language, words)}`,
  };
};

function emptyCart({ cart }: Words): Html {
  return html`<div class="empty">
      <p class="lead">${cart.empty}</p>
      <p>${cart.emptyHint}</p>
      <a class="button" href="/">${cart.browse}</a>
    </div>`;
}

function filledCart(lines: readonly PricedLine[], language: Language, words: Words): Html {
  return html`<ul class="lines">${lines.map((line) => cartLine(line, language, words))}</ul>
    <div class="sum">
      <p class="total">${words.cart.total} <b class="price price--large">${price(totalCents(lines), language)}</b></p>
      <a class="button" href="/checkout">${words.cart.checkout}</a>
    </div>`;
}

function cartLine(
  { product, quantity, cents }: PricedLine,
  language: Language,
  words: Words,
): Html {
  const name = product.name[language];
  const { cart } = words;
  return html`<li class="cart-line" id="${product.sku}">
        <a href="/things/${product.sku}" tabindex="-1" aria-hidden="true">${picture(product.sku)}</a>
        <div>
          <h2><a href="/things/${product.sku}">${name}</a></h2>
          <p class="cart-each">${cart.each(price(product.cents, language))}</p>
        </div>
        <form class="cart-change" method="post" action="/cart/${product.sku}">
          <div class="stepper" role="group" aria-label="${cart.quantity}: ${name}">
            <button class="chip" name="change" value="fewer" aria-label="${cart.fewer(name)}">−</button>
            <output>${quantity}</output>
            <button class="chip" name="change" value="more" aria-label="${cart.more(name)}">+</button>
          </div>
          <button class="text" name="change" value="none" aria-label="${cart.removeNamed(name)}">${cart.remove}</button>
        </form>
        <p class="price cart-price">${price(cents, language)}</p>
      </li>`;
}

/** What is about to be ordered. */
export function checkoutPage(user: User): View {
  return ({ cart, language }, words): Page => {
    const lines = priceLines(cart);
    return {
      title: words.checkout.title,
      main: html`<div class="beside"><div class="beside-text">
      <h1>${words.checkout.title}</h1>
      <p class="lead">${words.checkout.lead(user.name)}</p>
      <section class="receipt" aria-labelledby="summary">
        <h2 id="summary">${words.checkout.summary}</h2>
        <ul>${lines.map((line) => receiptLine(line, language))}</ul>
        <p class="total">${words.cart.total} <b class="price price--large">${price(totalCents(lines), language)}</b></p>
      </section>
      <form method="post" action="/checkout" class="actions">
        <button class="button">${words.checkout.place}</button>
        <a class="text" href="/cart">${words.checkout.back}</a>
      </form>
    </div>
    <div class="beside-picture ordered">${lines.map(({ product }) => picture(product.sku))}</div>
    </div>`,
    };
  };
}

function receiptLine({ product, quantity, cents }: PricedLine, language: Language): Html {
  return html`<li><span>${quantity} × ${product.name[language]}</span> <span class="price">${price(cents, language)}</span></li>`;
}

/** Shown once after an order. */
export function thanksPage(order: string): View {
  return (_visitor, words): Page => ({
    title: words.checkout.thanks,
    main: html`<div class="beside">
      <div class="beside-text">
        <h1>${words.checkout.thanks}</h1>
        <p class="lead">${words.checkout.ordered(order)}</p>
        <p class="after">${words.checkout.onceOnly}</p>
        <a class="button" href="/">${icon("back")}${words.errors.home}</a>
      </div>
      <div class="beside-picture">${scene}</div>
    </div>`,
  });
}
