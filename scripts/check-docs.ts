import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repository } from "./repository.ts";

// Documents may not point at what is not there, nor speak of one person's machine.
const link = /\]\((?!https?:|mailto:|#)([^)\s]+)\)/g;
const machinePath = /(?<![\w.])\/(?:home|root|Users|work)\/[\w.-]+/g;

const faults: string[] = [];
for (const file of globSync("**/*.md", {
  cwd: repository,
  exclude: ["**/node_modules/**", "**/dist/**", ".parley/**"],
})) {
  const text = readFileSync(join(repository, file), "utf8");
  text.split("\n").forEach((line, at) => {
    for (const [, target] of line.matchAll(link)) {
      const path = decodeURIComponent(target!.replace(/#.*$/, ""));
      if (path && !existsSync(join(repository, path.startsWith("/") ? "." : dirname(file), path)))
        faults.push(
          `${file}:${at + 1} links to ${target}, which does not exist. Correct the path or remove the link.`,
        );
    }
    for (const [path] of line.matchAll(machinePath))
      faults.push(
        `${file}:${at + 1} names ${path}, a place on one machine. Say it relative to the repository.`,
      );
  });
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
