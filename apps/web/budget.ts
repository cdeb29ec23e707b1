import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Gzipped kilobytes of JavaScript the first page may take. */
const most = 180;

/** What the browser runs before the home page stands: the entry, the shell, the page and all they import. */
const firstLoad = ["shell/shell.tsx", "home/home-page.tsx"];

/** Weighs the first load. Too big fails a build that is being tested, never one that somebody waits for to start. */
export function budget(): Plugin {
  return {
    name: "budget",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
      const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
      const needed = new Set<string>();
      const need = (file: string) => {
        if (needed.has(file)) return;
        needed.add(file);
        for (const other of byFile.get(file)?.imports ?? []) need(other);
      };
      for (const chunk of chunks) {
        if (chunk.isEntry || firstLoad.some((module) => chunk.facadeModuleId?.endsWith(module)))
          need(chunk.fileName);
      }
      const bytes = [...needed].reduce((sum, file) => sum + gzipSync(byFile.get(file)?.code ?? "").length, 0);
      const weight = (bytes / 1024).toFixed(1);
      if (bytes > most * 1024)
        (process.env["PARLEY_TESTING"] ? this.error : this.warn).call(
          this,
          `The first load is ${weight} kB gzipped, over its budget of ${most} kB.`,
        );
      this.info(`first load ${weight} of ${most} kB gzipped`);
    },
  };
}
