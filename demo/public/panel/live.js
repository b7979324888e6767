// Keeps a panel as it would be if its page were loaded at this moment.
import { startClocks } from "./clocks.js";
import { followEvents } from "./events.js";
import { offerRace } from "./race.js";
import { loadPanelPage, send } from "./requests.js";

/** @returns How to leave the panel alone again. */
export function enliven(panel) {
  const refresh = oneAtATime(async () => {
    exchangeParts(panel, await loadPanelPage());
    settle();
  });
  const events = followEvents(panel, refresh);
  const settle = () => {
    startClocks(panel);
    tellLocalTimes(panel);
    events.follow();
  };
  offerRace(panel, refresh);
  panel.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { action } = event.target;
    await send(action, new URLSearchParams(new FormData(event.target)));
    await refresh();
  });
  settle();
  return events.stop;
}

/** What is asked for while it runs is done once, after it. */
function oneAtATime(task) {
  let running;
  let isWanted = false;
  const run = async () => {
    while (isWanted) {
      isWanted = false;
      await task();
    }
  };
  return () => {
    isWanted = true;
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Exchanges what has changed, and leaves alone what may have the focus. */
function exchangeParts(panel, page) {
  const hasSession = page.querySelector("[data-live]") !== null;
  for (const part of panel.querySelectorAll("[data-part]")) {
    const { part: name } = part.dataset;
    const fresh = page.querySelector(`[data-part="${name}"]`);
    // How a session ended stays to be read, though the page knows of no session any more.
    if (fresh === null || (name === "log" && !hasSession)) continue;
    if (part.innerHTML !== fresh.innerHTML) part.replaceChildren(...fresh.childNodes);
  }
}

function tellLocalTimes(panel) {
  for (const time of panel.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleTimeString(document.documentElement.lang);
  }
}
