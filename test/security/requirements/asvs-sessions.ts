import type { Standard } from "./requirement.ts";

export const ASVS_SESSIONS: Standard = {
  title: "ASVS 5.0, chapter 7: sessions",
  link: "https://github.com/OWASP/ASVS/tree/master/5.0/en",
  about: "Every line of the chapter.",
  requirements: [
    {
      id: "ASVS 7.1.1",
      level: 2,
      asks: "Both timeouts are written down, and a reason where they are longer than NIST SP 800-63B advises.",
      whose: "both",
      yours:
        "Write the timeouts that you have chosen into your own security concept, with the reason.",
    },
    {
      id: "ASVS 7.1.2",
      level: 2,
      asks: "It is written down how many sessions one account may have, and what happens to one too many.",
      whose: "both",
      yours: "Choose the number and what becomes of the session that is too much.",
    },
    {
      id: "ASVS 7.1.3",
      level: 2,
      asks: "Each system that takes part in single sign-on is written down, and how lifetimes and ends go together.",
      whose: "both",
      yours: "List your identity providers, and what ends where.",
    },
    {
      id: "ASVS 7.2.1",
      level: 1,
      asks: "Tokens are judged on the server alone.",
      whose: "library",
    },
    {
      id: "ASVS 7.2.2",
      level: 1,
      asks: "Tokens are made for each session, and are no fixed keys.",
      whose: "library",
    },
    {
      id: "ASVS 7.2.3",
      level: 1,
      asks: "Tokens are unique, drawn from a secure random source, and of 128 bits at least.",
      whose: "library",
    },
    {
      id: "ASVS 7.2.4",
      level: 1,
      asks: "Whoever signs in, or proves again who they are, gets a new token, and the old one ends.",
      whose: "library",
    },
    {
      id: "ASVS 7.3.1",
      level: 2,
      asks: "A session that nobody uses ends.",
      whose: "library",
      yours: "Choose idleTimeout by what is at stake.",
    },
    {
      id: "ASVS 7.3.2",
      level: 2,
      asks: "A session ends after a longest time, however much it is used.",
      whose: "library",
      yours: "Choose absoluteTimeout by what is at stake.",
    },
    {
      id: "ASVS 7.4.1",
      level: 1,
      asks: "After a sign-out, or when its time is over, a session cannot be used again, by an old cookie or the back button.",
      whose: "library",
    },
    {
      id: "ASVS 7.4.2",
      level: 1,
      asks: "All sessions of an account end when it is closed or deleted.",
      whose: "both",
      yours:
        "Call sessions.revokeAll({ userId }), or sessions.forget(userId), where you close or delete an account.",
    },
    {
      id: "ASVS 7.4.3",
      level: 2,
      asks: "Who has changed a password or another factor may end all their other sessions.",
      whose: "both",
      yours:
        "Offer it after the change, and call sessions.revokeAll({ userId, except: session.id }).",
    },
    {
      id: "ASVS 7.4.4",
      level: 2,
      asks: "Each page that needs a sign-in shows how to sign out.",
      whose: "application",
      yours:
        "Put a form with POST that calls session.signOut() on each of them. It needs no script.",
    },
    {
      id: "ASVS 7.4.5",
      level: 2,
      asks: "Administrators can end the sessions of one user, and of all.",
      whose: "both",
      yours: "Give your administrators a page that calls sessions.revokeAll.",
    },
    {
      id: "ASVS 7.5.1",
      level: 2,
      asks: "Who changes what their sign-in depends on (address, telephone, factors) proves first who they are.",
      whose: "both",
      yours:
        "Ask session.isFresh() before each such change, and for the password again where it is not.",
    },
    {
      id: "ASVS 7.5.2",
      level: 2,
      asks: "Users see their sessions, and end each of them, or all, once they have proved who they are.",
      whose: "both",
      yours:
        "Show sessions.list(userId), and ask session.isFresh() before you call sessions.revoke.",
    },
    {
      id: "ASVS 7.5.3",
      level: 3,
      asks: "Very sensitive acts ask for a proof of their own.",
      whose: "both",
      yours: "Name the acts, and ask for the further factor.",
    },
    {
      id: "ASVS 7.6.1",
      level: 2,
      asks: "Lifetimes and ends go together with those of the identity provider as written down.",
      whose: "both",
      yours: "Register the sign-out address with your provider.",
    },
    {
      id: "ASVS 7.6.2",
      level: 2,
      asks: "No session is signed in without an act of the user.",
      whose: "both",
      yours: "Sign in by POST alone.",
    },
  ],
};
