import type { Standard } from "./requirement.ts";

export const ASVS_DATA: Standard = {
  title: "ASVS 5.0, chapters 14 and 16: data, logs and failures",
  link: "https://github.com/OWASP/ASVS/tree/master/5.0/en",
  about: "The lines that sessions have a part in.",
  requirements: [
    {
      id: "ASVS 14.2.1",
      level: 1,
      asks: "No token stands in an address.",
      whose: "library",
    },
    {
      id: "ASVS 14.2.2",
      level: 2,
      asks: "No cache between server and browser keeps what belongs to one visitor.",
      whose: "both",
      yours: "Let no CDN ignore Cache-Control and Vary.",
    },
    {
      id: "ASVS 14.3.1",
      level: 1,
      asks: "What a signed-in user has seen is cleared from the browser when the session ends.",
      whose: "both",
      yours: "Clear what your own scripts keep in the page.",
    },
    {
      id: "ASVS 14.3.2",
      level: 2,
      asks: "Responses with sensitive data say that browsers shall not keep them.",
      whose: "both",
      yours:
        "Say Cache-Control: no-store on pages with sensitive data that set no cookie: they are private by default.",
    },
    {
      id: "ASVS 16.2.5",
      level: 2,
      asks: "A log has tokens hashed or masked, if at all.",
      whose: "both",
      yours: "Log no Cookie and no Set-Cookie headers.",
    },
    {
      id: "ASVS 16.3.1",
      level: 2,
      asks: "Sign-ins, good and bad, are logged.",
      whose: "both",
      yours: "Log failed passwords: the library sees none of them.",
    },
    {
      id: "ASVS 16.3.2",
      level: 2,
      asks: "Refused access is logged.",
      whose: "both",
      yours: "Log what your own rules refuse.",
    },
    {
      id: "ASVS 16.3.3",
      level: 2,
      asks: "Attempts to get round the rules are logged.",
      whose: "both",
      yours: "Keep the audit trail.",
    },
    {
      id: "ASVS 16.3.4",
      level: 2,
      asks: "Unexpected errors are logged.",
      whose: "both",
      yours: "Pass onError, or keep standard error.",
    },
    {
      id: "ASVS 16.4.1",
      level: 2,
      asks: "Nothing that a client sends can forge a line of a log.",
      whose: "library",
    },
    {
      id: "ASVS 16.4.2",
      level: 2,
      asks: "Logs cannot be changed unnoticed, nor read by everybody.",
      whose: "both",
      yours: "Keep the audit trail, and its key, from those who run the application.",
    },
    {
      id: "ASVS 16.5.2",
      level: 2,
      asks: "The application stays secure where another system fails.",
      whose: "library",
    },
    {
      id: "ASVS 16.5.3",
      level: 2,
      asks: "A failure never lets anything through.",
      whose: "library",
    },
  ],
};
