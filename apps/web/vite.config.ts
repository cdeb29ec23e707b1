import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { budget } from "./budget.ts";

/** In development Vite serves the screens and hands /trpc and /api to the server. */
const server = `http://127.0.0.1:${process.env.PORT ?? 3000}`;

const vendor = (...names: string[]) => new RegExp(`node_modules/(${names.join("|")})/`);

export default defineConfig({
  plugins: [react(), tailwindcss(), budget()],
  resolve: { alias: { "@": `${import.meta.dirname}/src` } },
  // The server replaces the placeholder with the nonce of each response's style-src.
  html: { cspNonce: "__CSP_NONCE__" },
  server: {
    port: Number(process.env.WEB_PORT ?? 5173),
    proxy: { "/trpc": { target: server }, "/api": { target: server } },
  },
  build: {
    target: "es2023",
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // Four long-lived chunks: a release of ours leaves them in the visitor's cache.
        codeSplitting: {
          groups: [
            { name: "react", test: vendor("react", "react-dom", "scheduler"), priority: 4 },
            {
              name: "router",
              test: vendor("@tanstack/(react-router|router-core|history|react-store|store)"),
              priority: 3,
            },
            { name: "query", test: vendor("@tanstack/(react-query|query-core)", "@trpc/[^/]+"), priority: 3 },
          ],
        },
      },
    },
  },
});
