// As a CommonJS module has it.

import express = require("express");
import session = require("express-session");

const store: session.Store = new session.MemoryStore();
const data: Partial<session.SessionData> = {};
const app = express().use(session({ secret: "keyboard cat", store }));
app.get("/", (req, res) => {
  const kept: session.Session & Partial<session.SessionData> = req.session;
  res.json([kept.cookie, data]);
});
