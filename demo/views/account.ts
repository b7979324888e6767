import type { User } from "../accounts.ts";
import type { Words } from "../words/words.ts";
import { type Fragment, type Html, html } from "./html.ts";
import type { Page, View } from "./layout.ts";

/** Why a form is shown again. */
export type Problem = "wrong" | "wrongPassword" | "taken" | "badName" | "badEmail" | "badPassword";

/** What a form is filled with when it is shown again. Never a password. */
export interface Entered {
  readonly next: string;
  readonly name?: string;
  readonly email?: string;
  readonly remember?: boolean;
  readonly problem?: Problem;
}

export function signInPage(entered: Entered): View {
  return (_visitor, words): Page => {
    const { account } = words;
    return form(
      account.signIn,
      account.signInLead,
      html`
      <form method="post" action="/sign-in" class="fields">
        ${hiddenNext(entered)}${problem(entered, words)}
        ${emailField(entered, words)}
        ${passwordField(words)}
        ${rememberField(entered, words)}
        <button class="button">${account.signIn}</button>
      </form>
      <p class="aside">${account.noAccount} <a href="${withNext("/register", entered)}">${account.register}</a></p>`,
    );
  };
}

export function registerPage(entered: Entered): View {
  return (_visitor, words): Page => {
    const { account } = words;
    return form(
      account.register,
      account.registerLead,
      html`
      <form method="post" action="/register" class="fields">
        ${hiddenNext(entered)}${problem(entered, words)}
        <label>${account.name}
          <input class="entry" name="name" value="${entered.name}" autocomplete="name" required maxlength="60">
        </label>
        ${emailField(entered, words)}
        ${newPasswordField(words)}
        ${rememberField(entered, words)}
        <button class="button">${account.register}</button>
      </form>
      <p class="aside">${account.haveAccount} <a href="${withNext("/sign-in", entered)}">${account.signIn}</a></p>`,
    );
  };
}

/** Asks a signed-in user for the password again. */
export function confirmPage(user: User, entered: Entered): View {
  return (_visitor, words): Page => {
    const { account } = words;
    return form(
      account.confirm,
      account.confirmLead(user.email),
      html`
      <form method="post" action="/confirm" class="fields">
        ${hiddenNext(entered)}${problem(entered, words)}
        <input class="quiet" name="email" value="${user.email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">
        ${passwordField(words)}
        <button class="button">${account.confirmButton}</button>
      </form>`,
    );
  };
}

function form(title: string, lead: string, fields: Html): Page {
  return {
    title,
    main: html`<div class="narrow"><h1>${title}</h1><p class="lead">${lead}</p>${fields}</div>`,
  };
}

function withNext(path: string, { next }: Entered): string {
  return next === "/" ? path : `${path}?next=${encodeURIComponent(next)}`;
}

function hiddenNext({ next }: Entered): Html {
  return html`<input type="hidden" name="next" value="${next}">`;
}

function problem(entered: Entered, { account }: Words): Fragment {
  if (entered.problem === undefined) return undefined;
  return html`<p class="problem" role="alert">${account[entered.problem]}</p>`;
}

function emailField({ email }: Entered, { account }: Words): Html {
  return html`<label>${account.email}
          <input class="entry" name="email" type="email" value="${email}"
            autocomplete="username" required maxlength="254">
        </label>`;
}

function passwordField({ account }: Words): Html {
  return html`<label>${account.password}
          <input class="entry" name="password" type="password"
            autocomplete="current-password" required maxlength="200">
        </label>`;
}

function newPasswordField({ account }: Words): Html {
  return html`<label>${account.password}
          <input class="entry" name="password" type="password" aria-describedby="password-hint"
            autocomplete="new-password" required minlength="10" maxlength="200">
        </label>
        <p class="hint" id="password-hint">${account.passwordHint}</p>`;
}

function rememberField({ remember }: Entered, { account }: Words): Html {
  return html`<label class="check">
          <input name="remember" type="checkbox" value="on" aria-describedby="remember-hint"
            ${remember === true && "checked"}>
          <span>${account.remember}</span>
        </label>
        <p class="hint" id="remember-hint">${account.rememberHint}</p>`;
}
