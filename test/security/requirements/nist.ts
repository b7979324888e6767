import type { Standard } from "./requirement.ts";

export const NIST: Standard = {
  title: "NIST SP 800-63B-4, section 5 and the timeouts of section 2",
  link: "https://pages.nist.gov/800-63-4/sp800-63b.html",
  about: "The standard numbers sections alone; the word after the number is ours.",
  requirements: [
    {
      id: "NIST 5.1 secret",
      asks: "The session secret is made by the server when somebody signs in, from an approved random source, of 64 bits at least.",
      whose: "library",
    },
    {
      id: "NIST 5.1 logout",
      asks: "A sign-out ends the secret, on the server and in the browser.",
      whose: "library",
    },
    {
      id: "NIST 5.1 persistence",
      asks: "A secret that whoever holds it can use should end with the browser.",
      whose: "library",
      yours: "Offer remember-me by choice of the user alone.",
    },
    {
      id: "NIST 5.1 tls",
      asks: "A session goes over an authenticated, protected channel, and never falls back to plain HTTP.",
      whose: "both",
      yours: "Serve HTTPS alone, with HSTS.",
    },
    {
      id: "NIST 5.1 storage",
      asks: "The secret lies nowhere that scripts read, such as localStorage.",
      whose: "library",
    },
    {
      id: "NIST 5.1 remembered",
      asks: "A remembered browser does not pass for a sign-in.",
      whose: "both",
      yours:
        "Ask session.isFresh() before what matters: it counts from the sign-in, remembered or not.",
    },
    {
      id: "NIST 5.1 assurance",
      asks: "A session has no higher assurance than the sign-in that began it.",
      whose: "library",
    },
    {
      id: "NIST 5.1 csrf",
      asks: "A request with a body is shown to belong to the session.",
      whose: "both",
      yours: "Put the token into your forms where you want to follow the letter.",
    },
    {
      id: "NIST 5.1 possession",
      asks: "The secret is presented by its holder, or better: a key is shown to be possessed.",
      whose: "library",
    },
    {
      id: "NIST 5.1 offer",
      asks: "Users are offered a sign-out.",
      whose: "application",
      yours: "Show it on every page for signed-in users.",
    },
    {
      id: "NIST 5.1.1 secure",
      asks: "Cookies are Secure, HttpOnly, SameSite Lax or Strict, and for the smallest set of hosts and paths; __Host- and Path=/ are best.",
      whose: "library",
    },
    {
      id: "NIST 5.1.1 expiry",
      asks: "A cookie ends when the session does, or later, and nothing relies on it.",
      whose: "library",
    },
    {
      id: "NIST 5.1.1 opaque",
      asks: "A cookie is an opaque text, and holds nothing personal in clear.",
      whose: "library",
    },
    {
      id: "NIST 5.2 timeouts",
      asks: "A session ends by either timeout; activity renews the one, and a new sign-in both.",
      whose: "library",
    },
    {
      id: "NIST 5.2 federation",
      asks: "With single sign-on the application itself decides when to ask for a new sign-in.",
      whose: "both",
      yours: "Say how old a sign-in at the provider may be.",
    },
    {
      id: "NIST 5.3 monitoring",
      asks: "What looks like theft may be noticed, and leads to a new sign-in.",
      whose: "both",
      yours: "Decide what a change of network or browser means to you.",
    },
    {
      id: "NIST 2.1.3",
      asks: "AAL1: 30 days in all at most.",
      whose: "library",
    },
    {
      id: "NIST 2.2.3",
      asks: "AAL2: a longest time, of 24 hours at most, and an hour unused; after that one factor may do.",
      whose: "library",
    },
    {
      id: "NIST 2.3.3",
      asks: "AAL3: 12 hours in all, and 15 minutes unused.",
      whose: "library",
    },
  ],
};
