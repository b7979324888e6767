import express from "express";
import { answer } from "./contract.js";
import { listen } from "./node.js";

/** An application in Express with these middlewares. */
export function serveExpress(face, ...middlewares) {
  const app = express();
  for (const middleware of middlewares) app.use(middleware);
  app.use(async (req, res) => {
    const { status, body, location } = await answer(face, req.method, req.originalUrl, {
      req,
      res,
    });
    if (location === undefined) res.status(status).json(body);
    else res.redirect(status, location);
  });
  listen(app);
}

/** A method that takes a callback, awaited. */
export function called(object, method, ...args) {
  return new Promise((resolve, reject) => {
    object[method](...args, (error, value) => (error ? reject(error) : resolve(value)));
  });
}
