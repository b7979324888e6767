// What the panel asks of the shop.

/** The panel's page, as the server makes it now. */
export async function loadPanelPage() {
  const response = await fetch("/session/panel");
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

export function send(address, body) {
  return fetch(address, { method: "POST", body });
}
