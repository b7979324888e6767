// Listens to what happens to the session, while somebody looks at the panel.

/** `refresh` is called after each event, and after each time of not having listened. */
export function followEvents(panel, refresh) {
  let stream;

  const close = () => {
    stream?.close();
    stream = undefined;
  };
  const follow = () => {
    const hasSession = panel.querySelector("[data-live]") !== null;
    if (stream !== undefined || document.hidden || !hasSession) return;
    stream = new EventSource("/session/events");
    // What happened while nobody listened: between the page and its stream too.
    stream.onopen = refresh;
    stream.onmessage = ({ data }) => {
      const log = panel.querySelector('[data-part="log"]');
      log.querySelector(".nothing")?.remove();
      log.insertAdjacentHTML("afterbegin", data);
      refresh();
    };
    stream.onerror = ({ target }) => {
      if (target.readyState === EventSource.CLOSED && target === stream) close();
    };
  };
  const onVisibility = () => {
    if (document.hidden) close();
    else refresh();
  };
  document.addEventListener("visibilitychange", onVisibility);
  return {
    follow,
    stop() {
      document.removeEventListener("visibilitychange", onVisibility);
      close();
    },
  };
}
