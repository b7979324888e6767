// "Click twenty times at once".
import { send } from "./requests.js";

const CLICKS = 20;

export function offerRace(panel, refresh) {
  const button = panel.querySelector("[data-race]");
  const said = panel.querySelector("[data-said]");
  const label = button.textContent;
  let isRunning = false;

  const run = async () => {
    // One session for all of them: without it, each click of a stranger would begin its own.
    await send("/session/race");
    await refresh();
    await Promise.all(Array.from({ length: CLICKS }, () => send("/session/clicks")));
    await refresh();
    said.textContent = panel.querySelector(".tally").textContent.replaceAll(/\s+/g, " ");
  };
  button.hidden = false;
  panel.querySelector("[data-without-script]").remove();
  button.addEventListener("click", async () => {
    if (isRunning) return;
    isRunning = true;
    button.textContent = button.dataset.race;
    await run().catch(refresh);
    button.textContent = label;
    isRunning = false;
  });
}
