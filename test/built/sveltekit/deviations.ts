const AT_ONCE =
  "SvelteKit sends nothing before a tick is over, and no headers of what breaks off within it";

export const DEVIATIONS: Readonly<Record<string, string>> = {
  "reporting: reports a response that breaks off": AT_ONCE,
  "streaming: cuts the response where what changed after the first byte is lost": AT_ONCE,
  "streaming: lets early hints pass while the first byte waits":
    "SvelteKit has no way to send them",
};
