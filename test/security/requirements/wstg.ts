import type { Standard } from "./requirement.ts";

export const WSTG: Standard = {
  title: "WSTG: what testers try on sessions",
  link: "https://github.com/OWASP/wstg/tree/master/document/4-Web_Application_Security_Testing/06-Session_Management_Testing",
  about: "The session chapter of OWASP's testing guide. Here the tests are what a tester would do.",
  requirements: [
    {
      id: "WSTG-SESS-01",
      asks: "Tokens show no pattern, hold no data, and are refused when altered or too long.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-02",
      asks: "Cookies have Secure, HttpOnly, SameSite, a prefix, and no wider Domain or Path than they need.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-03",
      asks: "A token from before a sign-in, planted or not, is worth nothing after it.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-04",
      asks: "Tokens are sent over TLS alone, kept by no cache, and taken from no address and no form.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-05",
      asks: "Another site can do nothing in the visitor's name.",
      whose: "both",
      yours: "Change nothing by GET.",
    },
    {
      id: "WSTG-SESS-06",
      asks: "After a sign-out old cookies, the back button and other devices lead nowhere.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-07",
      asks: "Timeouts are kept by the server, whatever the client does to its cookie.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-08",
      asks: "What one flow has noted in the session does not pass for what another one asks.",
      whose: "both",
      yours: "Ask session.userId for who is signed in, never a value of your own.",
    },
    {
      id: "WSTG-SESS-09",
      asks: "A copied cookie is hard to get: each is Secure, and none goes over plain HTTP.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-10",
      asks: "A token with data is refused where it names no algorithm, another key or another time, and shows nothing of what is in it.",
      whose: "library",
    },
    {
      id: "WSTG-SESS-11",
      asks: "Many sessions of one account at once are limited, or shown to their user.",
      whose: "both",
      yours: "Show the list of devices.",
    },
  ],
};
