// Shows the panel beside any page. On a wide window it stays open from page to page.
import { enliven } from "./live.js";
import { loadPanelPage } from "./requests.js";

const WIDE = matchMedia("(min-width: 75rem)");
const OPEN = "panel";

export function offerDrawer(tab) {
  let drawer;

  const open = async () => {
    const opened = makeDrawer(tab, close);
    drawer = opened;
    const page = await loadPanelPage();
    const panel = page.getElementById("panel");
    // Closed meanwhile, or the shop could not answer.
    if (drawer !== opened || panel === null) return close();
    opened.element.append(panel);
    opened.title.textContent = page.querySelector("h1").textContent;
    opened.stop = enliven(panel);
  };
  const close = () => {
    if (drawer === undefined) return;
    drawer.stop?.();
    drawer.element.remove();
    drawer = undefined;
    sessionStorage.removeItem(OPEN);
    document.documentElement.classList.remove("has-drawer");
    tab.setAttribute("aria-expanded", "false");
    tab.focus();
  };

  tab.setAttribute("role", "button");
  tab.setAttribute("aria-expanded", "false");
  tab.addEventListener("click", (event) => {
    // With one of these keys, it is to be a page in another tab or window.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (drawer !== undefined) return close();
    sessionStorage.setItem(OPEN, "open");
    open().catch(close);
    drawer.element.focus();
  });
  tab.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      tab.click();
    }
  });
  if (WIDE.matches && sessionStorage.getItem(OPEN) !== null) open().catch(close);
}

function makeDrawer(tab, close) {
  const element = document.createElement("aside");
  element.id = "drawer";
  element.className = "drawer";
  element.tabIndex = -1;
  element.setAttribute("aria-labelledby", "drawer-title");
  const head = document.createElement("div");
  head.className = "drawer-head";
  const title = document.createElement("h2");
  title.id = "drawer-title";
  title.textContent = tab.textContent;
  const button = document.createElement("button");
  button.className = "chip";
  button.textContent = "×";
  button.setAttribute("aria-label", tab.dataset.close);
  button.addEventListener("click", close);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  head.append(title, button);
  element.append(head);
  tab.after(element);
  tab.setAttribute("aria-expanded", "true");
  document.documentElement.classList.add("has-drawer");
  return { element, title };
}
