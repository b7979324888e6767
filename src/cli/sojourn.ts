#!/usr/bin/env node
import { processWorld } from "./process-world.ts";
import { runCommand } from "./run-command.ts";

process.exitCode = await runCommand(process.argv.slice(2), processWorld());
