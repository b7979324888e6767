import type { SessionInfo } from "sojourn";
import type { User } from "../accounts.ts";
import type { Visitor } from "../visitor.ts";
import type { Words } from "../words/words.ts";
import { browserIn } from "./browser-name.ts";
import { ago, email } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import type { Page, View } from "./layout.ts";

/** The user, and everywhere they are signed in; `hereId` is the session of the one who looks. */
export function accountPage(user: User, sessions: readonly SessionInfo[], hereId: string): View {
  const isHere = ({ id }: SessionInfo): boolean => id === hereId;
  const devices = sessions.toSorted((a, b) => Number(isHere(b)) - Number(isHere(a)));
  return (visitor, words): Page => ({
    title: words.devices.account,
    main: html`<h1>${words.devices.account}</h1>
    <p class="lead">${user.name}<br>${email(user.email)}</p>
    <form method="post" action="/sign-out" class="actions">
      <button class="button button--quiet">${icon("leave")}${words.nav.signOut}</button>
    </form>
    <section class="devices" aria-labelledby="devices">
      <h2 id="devices">${words.devices.title}</h2>
      <p class="devices-lead">${words.devices.lead}</p>
      <ul>${devices.map((device) => deviceLine(device, isHere(device), visitor, words))}</ul>
      <div class="actions">
        ${devices.length > 1 && quietLink("/devices/end-others", words.devices.endOthers)}
        ${quietLink("/devices/end-all", words.devices.endAll)}
      </div>
    </section>`,
  });
}

function deviceLine(device: SessionInfo, isHere: boolean, visitor: Visitor, words: Words): Html {
  const { name, isPhone } = browserIn(device.device, words);
  const { signedIn, lastSeen, remembered, here } = words.devices;
  const facts = [
    `${signedIn} ${ago(device.authenticatedAt ?? device.createdAt, visitor, words)}`,
    `${lastSeen} ${ago(device.lastSeenAt, visitor, words)}`,
    ...(device.persistent ? [remembered] : []),
  ];
  return html`<li class="${isHere ? "device device--here" : "device"}">
        ${icon(isPhone ? "phone" : "screen")}
        <div>
          <h3>${name} ${isHere && html`<span class="badge">${here}</span>`}</h3>
          <p class="device-times">${facts.join(" · ")}</p>
        </div>
        ${!isHere && endThere(device, name, words)}
      </li>`;
}

function endThere({ id }: SessionInfo, name: string, { devices }: Words): Fragment {
  return quietLink(`/devices/${id}/end`, html`${devices.endThere}<i class="quiet">: ${name}</i>`);
}

function quietLink(path: string, label: Fragment): Html {
  return html`<a class="button button--quiet" href="${path}">${label}</a>`;
}
