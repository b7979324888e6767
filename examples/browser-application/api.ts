import express, { type Express } from "express";

/** A service behind the application: it knows no session, and believes access tokens alone. */
export function notesApi(issuer: string): Express {
  const notes = new Map<string, string[]>();
  const api = express().use(express.json());
  api.use(async (req, res, next) => {
    const authorization = req.get("authorization") ?? "";
    const answer = await fetch(`${issuer}/me`, { headers: { authorization } });
    if (!answer.ok) return void res.sendStatus(401);
    const { sub }: { sub: string } = JSON.parse(await answer.text());
    res.locals["sub"] = sub;
    next();
  });
  api.get("/notes", (_req, res) => {
    res.json({ of: res.locals["sub"], notes: notes.get(res.locals["sub"]) ?? [] });
  });
  api.post("/notes", (req, res) => {
    notes.set(res.locals["sub"], [...(notes.get(res.locals["sub"]) ?? []), String(req.body.text)]);
    res.sendStatus(201);
  });
  return api;
}
