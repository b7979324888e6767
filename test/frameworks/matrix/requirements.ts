/** What is asked of an adapter, and which sentences of the suite say so: a chapter, or one of its own. */
export interface Requirement {
  /** For the head of a column. */
  readonly short: string;
  /** For the list below it. */
  readonly text: string;
  readonly sentences: readonly string[];
}

const WAYS = "the framework's own ways";

export const REQUIREMENTS: readonly Requirement[] = [
  {
    short: "untouched",
    text: "A request that opens no session asks the store nothing, and its response is as it was.",
    sentences: ["an untouched session"],
  },
  {
    short: "reads, writes",
    text: "What is set, deleted and updated is stored before the first byte leaves; one cookie goes.",
    sentences: ["reading", "writing", "signing in and out"],
  },
  {
    short: "races",
    text: "Parallel requests lose no update, and none undoes a sign-out.",
    sentences: ["races", "exclusive work"],
  },
  {
    short: "redirects",
    text: "What was set before the framework's own redirect is stored, and the cookie goes along.",
    sentences: [
      `${WAYS}: keeps what was set before its redirect`,
      `${WAYS}: sends the cookie of a sign-in along with its redirect`,
    ],
  },
  {
    short: "4xx",
    text: "The framework's own error of the visitor's making keeps what was set, and its page.",
    sentences: [
      `${WAYS}: keeps what was set before its error of the visitor's making`,
      `${WAYS}: shows its error page after a sign-in, with the cookie`,
    ],
  },
  {
    short: "5xx",
    text: "An error of the server's making stores nothing but what `save()` stored.",
    sentences: [
      `${WAYS}: stores nothing before its error of the server's making, but what was saved`,
    ],
  },
  {
    short: "outage",
    text: "A store that fails or hangs is answered by 503 in time, and logged once with its cause.",
    sentences: ["failures", "reporting"],
  },
  {
    short: "streams",
    text: "The first byte waits for the commit, the last one for what changed since; a late open reads.",
    sentences: ["streaming"],
  },
  {
    short: "leaving",
    text: "What a visitor did who left before the answer is stored.",
    sentences: ["visitors who leave"],
  },
  {
    short: "304",
    text: "HEAD and 304 store what was set, without a body.",
    sentences: [
      "writing: commits before the answer to HEAD",
      `${WAYS}: tells a browser that its page is the newest, and stores what was set`,
    ],
  },
  {
    short: "in a row",
    text: "Requests in a row on one connection have each its own session.",
    sentences: [
      `${WAYS}: answers requests that come in a row on one connection, each by its own session`,
    ],
  },
  {
    short: "mounting",
    text: "Twice mounted is once; two managers side by side; what is mounted below finds the session.",
    sentences: ["mounting", `${WAYS}: finds the session in what is mounted`],
  },
  {
    short: "other sites",
    text: "What another site's page sends is refused, and plain HTTP carries no session.",
    sentences: ["pages of other sites", "the connection"],
  },
];
