/** Loaded into the shop's process: each SIGUSR2 sets its clock eleven minutes on. */
const realNow = Date.now;
let aheadMs = 0;

Date.now = () => realNow() + aheadMs;

process.on("SIGUSR2", () => {
  aheadMs += 11 * 60_000;
});
