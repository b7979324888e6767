import { type Html, html } from "./html.ts";

/** Line drawings on a grid of 24, in the colour of the text around them. */
const ICONS = {
  door: html`<path d="M5 21V11a7 7 0 0 1 14 0v10"/><path d="M3 21h18"/><path d="M12 21v-9.5a2.5 2.5 0 0 1 2.5-2.5"/><circle cx="14.8" cy="15" r=".6"/>`,
  person: html`<circle cx="12" cy="8" r="3.6"/><path d="M5 20.5c.6-4 3.4-6 7-6s6.4 2 7 6"/>`,
  leave: html`<path d="M14 4H6v16h8"/><path d="M10.5 12H20"/><path d="m16.5 8.5 3.5 3.5-3.5 3.5"/>`,
  bag: html`<path d="M5.5 8.5h13l1 12h-15z"/><path d="M8.5 11V7a3.5 3.5 0 0 1 7 0v4"/>`,
  sun: html`<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2.5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 7M17 17l1.7 1.7M5.3 18.7 7 17M17 7l1.7-1.7"/>`,
  moon: html`<path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z"/>`,
  bell: html`<path d="M4 17.5h16"/><path d="M5.5 17.5a6.5 6.5 0 0 1 13 0"/><path d="M12 11V8.5"/><path d="M10 8.5h4"/><path d="M3 20.5h18"/>`,
  back: html`<path d="M20 12H4.5"/><path d="M9.5 7 4.5 12l5 5"/>`,
  screen: html`<rect x="3" y="4.5" width="18" height="12" rx="1.5"/><path d="M9 20h6M12 16.5V20"/>`,
  pulse: html`<path d="M2.5 12H7l2.5-6.500 5 13 2.500-6.500h4.500"/>`,
  phone: html`<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.5h2"/>`,
};

/** An icon beside the words that say the same. */
export function icon(name: keyof typeof ICONS): Html {
  return html`<svg class="icon" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
}
