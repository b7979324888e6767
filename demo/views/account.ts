import type { User } from "../accounts.ts";
import type { Words } from "../words/words.ts";
import { email } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";
import type { Page, View } from "./layout.ts";
import { scene } from "./scene.ts";

/** Why a form is shown again. */
export type Problem = "wrong" | "wrongPassword" | "badName" | "badEmail" | "badPassword";

/** Which devices a user is about to sign out. */
export type Ending = "there" | "others" | "all";

/** What a form is filled with when it is shown again. Never a password. */
export interface Entered {
  readonly next: string;
  readonly name?: string;
  readonly email?: string;
  readonly remember?: boolean;
  readonly problem?: Problem | undefined;
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
    const { confirm, confirmLead, confirmButton } = words.account;
    const fields = html`${hiddenNext(entered)}${problem(entered, words)}`;
    return form(
      confirm,
      confirmLead,
      passwordForm(
        "/confirm",
        user,
        fields,
        html`<button class="button">${confirmButton}</button>`,
        words,
      ),
    );
  };
}

/** Asks for the password before devices are signed out. */
export function endingPage(
  user: User,
  ending: Ending,
  { action, problem: wrong }: { readonly action: string; readonly problem: Problem | undefined },
): View {
  return (_visitor, words): Page => {
    const { endThere, endOthers, endAll } = words.devices;
    const title = { there: endThere, others: endOthers, all: endAll }[ending];
    const buttons = html`<div class="actions">
          <button class="button">${title}</button>
          <a class="text" href="/account">${words.account.back}</a>
        </div>`;
    return form(
      title,
      words.account.endLead[ending],
      passwordForm(action, user, problem({ problem: wrong }, words), buttons, words),
    );
  };
}

function passwordForm(
  action: string,
  user: User,
  fields: Fragment,
  buttons: Html,
  words: Words,
): Html {
  return html`
      <p class="aside">${email(user.email)}</p>
      <form method="post" action="${action}" class="fields">
        ${fields}
        <input class="quiet" name="email" value="${user.email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">
        ${passwordField(words)}
        ${buttons}
      </form>`;
}

function form(title: string, lead: string, fields: Html): Page {
  return {
    title,
    main: html`<div class="beside">
      <div class="beside-text"><h1>${title}</h1><p class="lead">${lead}</p>${fields}</div>
      <div class="beside-picture">${scene}</div>
    </div>`,
  };
}

function withNext(path: string, { next }: Entered): string {
  return next === "/" ? path : `${path}?next=${encodeURIComponent(next)}`;
}

function hiddenNext({ next }: Entered): Html {
  return html`<input type="hidden" name="next" value="${next}">`;
}

function problem(entered: Pick<Entered, "problem">, { account }: Words): Fragment {
  if (entered.problem === undefined) return undefined;
  return html`<p class="problem" role="alert">${account[entered.problem]}</p>`;
}

function emailField({ email: address }: Entered, { account }: Words): Html {
  return html`<label>${account.email}
          <input class="entry" name="email" type="email" value="${address}"
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
