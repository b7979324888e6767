// Lets the clocks of the panel run on, from the time left when it was made.

const pad = (number) => String(Math.floor(number)).padStart(2, "0");

export function startClocks(panel) {
  for (const clock of panel.querySelectorAll("[data-left-ms]")) start(clock);
}

function start(clock) {
  const { leftMs, day, days, over } = clock.dataset;
  const endsAt = performance.now() + Number(leftMs);
  const time = clock.querySelector(".time");
  const bar = clock.querySelector("progress");

  const tick = () => {
    const left = Math.max(0, endsAt - performance.now());
    bar.value = left;
    time.textContent = left > 0 ? written(Math.ceil(left / 1000), day, days) : over;
    // One that was exchanged for a newer one is in no document any more.
    if (left > 0 && clock.isConnected) setTimeout(tick, left % 1000 || 1000);
  };
  tick();
}

function written(seconds, day, days) {
  const wholeDays = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const clockText = `${pad((seconds % 3_600) / 60)}:${pad(seconds % 60)}`;
  const withHours = wholeDays + hours > 0 ? `${pad(hours)}:${clockText}` : clockText;
  if (wholeDays === 0) return withHours;
  return `${wholeDays === 1 ? day : days.replace("2", wholeDays)} ${withHours}`;
}
