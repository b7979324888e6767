import Bowser from "bowser";
import type { SessionInfo } from "sojourn";
import type { Visitor } from "../visitor.ts";
import type { Words } from "../words/words.ts";
import { ago } from "./format.ts";
import { type Fragment, type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import type { Page, View } from "./layout.ts";

/** Everywhere that the user is signed in; `hereId` is the session of the one who looks. */
export function devicesPage(sessions: readonly SessionInfo[], hereId: string): View {
  const isHere = ({ id }: SessionInfo): boolean => id === hereId;
  const devices = sessions.toSorted((a, b) => Number(isHere(b)) - Number(isHere(a)));
  return (visitor, words): Page => ({
    title: words.devices.title,
    main: html`<h1>${words.devices.title}</h1>
    <p class="lead">${words.devices.lead}</p>
    <ul class="devices">
      ${devices.map((device) => deviceLine(device, isHere(device), visitor, words))}
    </ul>
    <div class="actions">
      ${devices.length > 1 && actionButton("/devices/end-others", words.devices.endOthers)}
      ${actionButton("/devices/end-all", words.devices.endAll)}
    </div>`,
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
          <h2>${name} ${isHere && html`<span class="badge">${here}</span>`}</h2>
          <p class="device-times">${facts.join(" · ")}</p>
        </div>
        ${!isHere && endThere(device, name, words)}
      </li>`;
}

function endThere({ id }: SessionInfo, name: string, { devices }: Words): Fragment {
  return html`<form method="post" action="/devices/${id}/end">
          <button class="button button--quiet">${devices.endThere}<i class="quiet">: ${name}</i></button>
        </form>`;
}

function actionButton(action: string, label: string): Html {
  return html`<form method="post" action="${action}"><button class="button button--quiet">${label}</button></form>`;
}

function browserIn(
  userAgent: string | undefined,
  { devices }: Words,
): { name: string; isPhone: boolean } {
  if (!userAgent) return { name: devices.unknown, isPhone: false };
  const { browser, os, platform } = Bowser.parse(userAgent);
  const name = browser.name
    ? `${browser.name} ${browser.version?.split(".")[0] ?? ""}`.trim()
    : devices.unknown;
  const isPhone = platform.type === "mobile" || platform.type === "tablet";
  return { name: os.name ? devices.on(name, os.name) : name, isPhone };
}
