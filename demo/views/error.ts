import { html } from "./html.ts";
import { icon } from "./icons.ts";
import type { Page, View } from "./layout.ts";
import { picture } from "./pictures.ts";

/** The statuses that have a page of their own. */
export type ErrorStatus = 400 | 403 | 404 | 409 | 429 | 500 | 503;

const PICTURES: Readonly<Record<ErrorStatus, string>> = {
  400: "notebook",
  403: "map",
  404: "key-tag",
  409: "lantern",
  429: "tea",
  500: "stool",
  503: "kettle",
};

export function hasOwnPage(status: number): status is ErrorStatus {
  return Object.hasOwn(PICTURES, status);
}

/** A page for what went wrong. It says nothing of the inside. */
export function errorPage(status: ErrorStatus): View {
  return (_visitor, words): Page => {
    const { title, text } = words.errors[status];
    return {
      title,
      main: html`<div class="narrow centred">
      ${picture(PICTURES[status])}
      <p class="status">${status}</p>
      <h1>${title}</h1>
      <p class="lead">${text}</p>
      <a class="button" href="/">${icon("back")}${words.errors.home}</a>
    </div>`,
    };
  };
}
