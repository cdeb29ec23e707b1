/**
 * Loads what the server's processes load, and ends by itself: only then does Node keep the compiled code
 * (NODE_COMPILE_CACHE) for those that will be killed.
 */
import "../apps/server/src/app.ts";
import "../apps/server/src/worker.ts";

process.exit(0);
