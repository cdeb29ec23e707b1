import { temperatures } from "@parley/core/leads/grade";
import { command } from "../command.ts";
import { figure, table } from "../render.ts";
import { oneOf, whole } from "../values.ts";

export const contacts = command({
  name: "contacts",
  summary: "List contacts, or search them by name, company, e-mail or number",
  takes: ["[SEARCH]"],
  options: {
    tag: { value: "TAG", multiple: true, help: "With this tag" },
    stage: { value: "STAGE", help: "In this stage" },
    temperature: { value: "HOW", help: temperatures.join(", ") },
    import: { value: "ID", help: "Of one import" },
    limit: { value: "N", help: "How many (default 20)" },
  },
  async run({ args, options, session }) {
    const { api } = session.open();
    const found = await api.contacts.list.query({
      search: args[0],
      filter: {
        tags: options.tag.length > 0 ? options.tag : undefined,
        stage: options.stage,
        temperature: oneOf(options.temperature, temperatures, "--temperature"),
        importId: options.import,
      },
      limit: whole(options.limit, "--limit") ?? 20,
    });
    session.terminal.show(found, () =>
      found.items.length === 0
        ? "There is no such contact."
        : [
            table(
              found.items,
              [
                { title: "NAME", of: (each) => each.name ?? "" },
                { title: "NUMBER", of: (each) => each.phoneNumber ?? "" },
                { title: "COMPANY", of: (each) => each.company ?? "" },
                { title: "STAGE", of: (each) => (each.suppressed ? "suppressed" : (each.stage ?? "")) },
                {
                  title: "SCORE",
                  of: (each) => (each.score === null ? "" : `${each.score} ${each.temperature}`),
                },
                { title: "TAGS", of: (each) => each.tags.join(", ") },
                { title: "ID", of: (each) => each.id },
              ],
              session.terminal.columns,
            ),
            ...(found.total !== null && found.total > found.items.length
              ? [`${figure(found.items.length)} of ${figure(found.total)}`]
              : []),
          ].join("\n"),
    );
  },
});
