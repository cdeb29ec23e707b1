import type { Contact } from "@parley/core/contacts/schema";
import { systemStages } from "@parley/core/contacts/stages";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileUp, ListPlus, Phone, ShieldBan, UserRound, UserRoundPlus } from "lucide-react";
import { useState } from "react";
import { keepPicked } from "@/table/picked.ts";
import { http, paths } from "@/paths.ts";
import type { ContactFilters } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { Score } from "@/signs/temperature.tsx";
import type { Column } from "@/table/columns.tsx";
import { useColumns } from "@/table/columns.tsx";
import { ExportLink, FilterBar, SearchFilter, SelectFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { SavedViews } from "@/table/saved-views.tsx";
import { noneSelected } from "@/table/selection.ts";
import type { Selection } from "@/table/selection.ts";
import { trpc } from "@/trpc.ts";
import { Badge, Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, plural } from "@/ui/format.ts";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { CallDialog } from "./call-dialog.tsx";
import { NewContactDialog } from "./new-contact-dialog.tsx";
import { SuppressDialog } from "./suppress-dialog.tsx";

const nameOf = (contact: Contact) => contact.name ?? contact.phoneNumber ?? "No name";

const columns: Column<Contact>[] = [
  {
    id: "name",
    head: "Name",
    width: "minmax(170px, 1.8fr)",
    fixed: true,
    sort: { up: "name", down: "-name" },
    cell: (contact) => (
      <span className="flex min-w-0 items-center gap-2">
        <Link
          {...paths.contact(contact.id)}
          className="quiet-link truncate font-medium"
          title={nameOf(contact)}
        >
          {contact.name ?? <span className="font-normal text-ink-3">No name</span>}
        </Link>
        {contact.city && <span className="shrink-0 text-ink-3">{contact.city}</span>}
        {contact.suppressed && (
          <Badge tone="warn" icon={ShieldBan}>
            Suppressed
          </Badge>
        )}
      </span>
    ),
  },
  {
    id: "phone",
    head: "Phone",
    width: "148px",
    cell: (contact) => (contact.phoneNumber ? <span className="mono">{contact.phoneNumber}</span> : <None />),
  },
  {
    id: "company",
    head: "Company",
    width: "minmax(110px, 1fr)",
    from: "xl",
    cell: (contact) => (contact.company ? <span className="text-ink-2">{contact.company}</span> : <None />),
  },
  {
    id: "email",
    head: "E-mail",
    width: "minmax(120px, 1fr)",
    optional: true,
    cell: (contact) => (contact.email ? <span className="text-ink-2">{contact.email}</span> : <None />),
  },
  {
    id: "tags",
    head: "Tags",
    width: "minmax(168px, 1.1fr)",
    cell: (contact) =>
      contact.tags.length === 0 ? (
        <None />
      ) : (
        <span className="flex items-center gap-1 overflow-hidden" title={contact.tags.join(", ")}>
          {contact.tags.slice(0, 2).map((tag) => (
            <Chip key={tag}>{tag}</Chip>
          ))}
          {contact.tags.length > 2 && <span className="text-xs text-ink-3">+{contact.tags.length - 2}</span>}
        </span>
      ),
  },
  {
    id: "stage",
    head: "Stage",
    width: "118px",
    cell: (contact) => (contact.stage ? <StageName stage={contact.stage} /> : <None />),
  },
  {
    id: "score",
    head: "Score",
    width: "84px",
    align: "right",
    sort: { up: "score", down: "-score" },
    cell: (contact) =>
      contact.score === null ? <None /> : <Score score={contact.score} temperature={contact.temperature} />,
  },
  {
    id: "lastCall",
    head: "Last call",
    width: "104px",
    from: "xl",
    cell: (contact) => (contact.lastCallAt ? <Time at={contact.lastCallAt} /> : <None />),
  },
  {
    id: "created",
    head: "Added",
    width: "104px",
    sort: { up: "createdAt", down: "-createdAt" },
    cell: (contact) => <Time at={contact.createdAt} />,
  },
];

function StageName({ stage }: { stage: string }) {
  const fields = trpc.customFields.list.useQuery({}, { staleTime: 300_000 });
  const all = fields.data?.stages ?? systemStages;
  return <span className="text-ink-2">{all.find((each) => each.key === stage)?.name ?? stage}</span>;
}

const sorts = ["-createdAt", "createdAt", "name", "-name", "-score", "score"] as const;
type Sort = (typeof sorts)[number];

/** Everyone the workspace knows. A million of them scroll like fifty. */
export function ContactsPage() {
  const search = useSearch({ from: "/shell/contacts" });
  const navigate = useNavigate({ from: "/contacts" });
  const go = useGo();
  const [selection, setSelection] = useState<Selection>(noneSelected);
  const [adding, setAdding] = useState(false);
  const [calling, setCalling] = useState<Contact | null>(null);
  const [suppressing, setSuppressing] = useState<Contact[] | null>(null);
  const { columns: shown, chooser } = useColumns("contacts", columns);
  const tags = trpc.tags.list.useQuery({});
  const fields = trpc.customFields.list.useQuery({});
  const refused = {
    create: useRefused("contacts.create"),
    import: useRefused("imports.commit"),
    place: useRefused("calls.place"),
    suppress: useRefused("suppressions.add"),
    campaign: useRefused("campaigns.create"),
    export: useRefused("billing.ledger"),
  };

  const filter = {
    ...(search.q ? { q: search.q } : {}),
    ...(search.tag ? { tags: [search.tag] } : {}),
    ...(search.stage ? { stage: search.stage } : {}),
    ...(search.temperature ? { temperature: search.temperature } : {}),
    ...(search.importId ? { importId: search.importId } : {}),
    ...(search.suppressed === undefined ? {} : { suppressed: search.suppressed }),
  };
  const sort = sorts.find((each) => each === search.sort) ?? "-createdAt";
  const query = trpc.contacts.list.useInfiniteQuery(
    { filter, sort, limit: 100 },
    { getNextPageParam: (page) => page.nextCursor, ...useLiveQuery() },
  );
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const chosen = rows.filter((row) => selection.kind === "some" && selection.ids.has(row.id));
  const active = Object.keys(filter).length - (search.q ? 1 : 0);
  const filtered = Object.keys(filter).length > 0;

  const change = (next: ContactFilters) => {
    setSelection(noneSelected);
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  };

  return (
    <Page
      crumbs={[{ label: "Contacts" }]}
      title="Contacts"
      context={
        query.data?.pages[0]?.total != null && (
          <span className="tnum text-ink-3">
            {count(query.data.pages[0].total)}
            {filtered ? " fit" : ""}
          </span>
        )
      }
      actions={
        <>
          <Button icon={UserRoundPlus} disabledReason={refused.create} onClick={() => setAdding(true)}>
            Add
          </Button>
          <Button
            look="filled"
            icon={FileUp}
            disabledReason={refused.import}
            onClick={() => go(paths.imports())}
          >
            Import
          </Button>
        </>
      }
      actionsBeside
    >
      <FilterBar
        active={active}
        search={<SearchFilter label="Search contacts" value={search.q} onValue={(q) => change({ q })} />}
        aside={
          <>
            <SavedViews
              list="contacts"
              search={search}
              onView={(view) => void navigate({ search: view, replace: true })}
            />
            {chooser}
            <ExportLink
              href={http.export("contacts", { ...filter, tags: search.tag })}
              rows={query.data?.pages[0]?.total ?? null}
              refused={refused.export}
            />
          </>
        }
      >
        <SelectFilter
          label="Tag"
          any="Any tag"
          value={search.tag}
          options={(tags.data?.items ?? []).map((entry) => ({
            value: entry.tag,
            label: `${entry.tag} · ${count(entry.contacts)}`,
          }))}
          onValue={(tag) => change({ tag })}
        />
        <SelectFilter
          label="Stage"
          any="Any stage"
          value={search.stage}
          options={(fields.data?.stages ?? systemStages).map((stage) => ({
            value: stage.key,
            label: stage.name,
          }))}
          onValue={(stage) => change({ stage })}
        />
        <SelectFilter
          label="Temperature"
          any="Any temperature"
          value={search.temperature}
          options={[
            { value: "hot", label: "Hot" },
            { value: "warm", label: "Warm" },
            { value: "cold", label: "Cold" },
          ]}
          onValue={(temperature) => change({ temperature })}
        />
        <Checkbox
          label="Suppressed"
          checked={search.suppressed === true}
          onChecked={(suppressed) => change({ suppressed: suppressed || undefined })}
        />
        {filtered && (
          <Button look="link" size="sm" onClick={() => void navigate({ search: {}, replace: true })}>
            Clear filters
          </Button>
        )}
      </FilterBar>
      {search.importId && (
        <p className="flex items-center gap-2 border-b border-line bg-sunken px-4 py-2 lg:px-5">
          Only those who came in with one file.
          <Link {...paths.import(search.importId)} className="font-medium text-accent-ink hover:underline">
            Open the import
          </Link>
        </p>
      )}
      <QueryTable
        label="Contacts"
        query={query}
        columns={shown}
        sort={sort}
        onSort={(next) => change({ sort: next as Sort })}
        rowId={(contact) => contact.id}
        rowName={nameOf}
        rowLink={(contact) => paths.contact(contact.id)}
        selection={selection}
        onSelection={setSelection}
        selectionBar={({ selection: picked, count: n }) => (
          <>
            <Button
              icon={ListPlus}
              disabledReason={
                refused.campaign ??
                (picked.kind === "all" && picked.but.size > 0
                  ? "Choose people one by one, or all that match"
                  : null)
              }
              onClick={() => {
                if (picked.kind === "some") {
                  keepPicked([...picked.ids]);
                  go(paths.newCampaign({ ids: true }));
                } else if (search.tag && Object.keys(filter).length === 1) {
                  go(paths.newCampaign({ tag: search.tag }));
                } else if (search.importId && Object.keys(filter).length === 1) {
                  go(paths.newCampaign({ importId: search.importId }));
                } else {
                  go(paths.newCampaign());
                }
              }}
            >
              New campaign{n === null ? "" : ` for ${count(n)}`}
            </Button>
            <Button
              icon={ShieldBan}
              look="danger"
              disabledReason={
                refused.suppress ??
                (picked.kind === "all"
                  ? "Choose people one by one; a whole list is suppressed under Settings"
                  : null)
              }
              onClick={() => setSuppressing(chosen)}
            >
              Suppress
            </Button>
          </>
        )}
        rowActions={(contact) => [
          { label: "Open", icon: UserRound, onSelect: () => go(paths.contact(contact.id)) },
          {
            label: "Call",
            icon: Phone,
            disabledReason:
              refused.place ??
              (contact.suppressed
                ? "The number is suppressed"
                : contact.phoneNumber
                  ? null
                  : "There is no phone number"),
            onSelect: () => setCalling(contact),
          },
          {
            label: "Suppress",
            icon: ShieldBan,
            danger: true,
            disabledReason: refused.suppress ?? (contact.suppressed ? "Suppressed already" : null),
            onSelect: () => setSuppressing([contact]),
          },
        ]}
        narrow={(contact) => (
          <Link {...paths.contact(contact.id)} className="block">
            <span className="flex items-center gap-2">
              <span className="min-w-0 grow truncate font-medium">{nameOf(contact)}</span>
              {contact.suppressed && <ShieldBan className="size-3.5 text-warn-ink" aria-label="Suppressed" />}
              {contact.score !== null && <Score score={contact.score} temperature={contact.temperature} />}
            </span>
            <span className="flex items-center gap-2 text-xs text-ink-2">
              <span className="mono">{contact.phoneNumber}</span>
              <span className="min-w-0 grow truncate">{contact.company ?? contact.city}</span>
              {contact.stage && <StageName stage={contact.stage} />}
            </span>
          </Link>
        )}
        empty={
          filtered ? (
            <EmptyState
              title="Nobody fits"
              action={
                <Button onClick={() => void navigate({ search: {}, replace: true })}>Clear filters</Button>
              }
            >
              <p>Try part of the name, or the last digits of the number.</p>
            </EmptyState>
          ) : (
            <EmptyState
              title="No contacts yet"
              action={
                <Button
                  look="filled"
                  icon={FileUp}
                  disabledReason={refused.import}
                  onClick={() => go(paths.imports())}
                >
                  Import a file
                </Button>
              }
              sandbox={
                <p className="text-ink-2">
                  Or{" "}
                  <Button look="link" disabledReason={refused.create} onClick={() => setAdding(true)}>
                    add one
                  </Button>{" "}
                  whose number ends in 0001: the sandbox lets that person book a meeting.
                </p>
              }
            >
              <p>
                A contact is a person you may call: unique by phone number, with one history of calls,
                messages and edits. Any spreadsheet of names and numbers will do.
              </p>
            </EmptyState>
          )
        }
      />
      {adding && <NewContactDialog onClose={() => setAdding(false)} />}
      {calling && <CallDialog contact={calling} onClose={() => setCalling(null)} />}
      {suppressing && (
        <SuppressDialog
          numbers={suppressing.flatMap((contact) => contact.phoneNumber ?? [])}
          what={
            suppressing.length === 1 && suppressing[0]
              ? nameOf(suppressing[0])
              : plural(suppressing.length, "person", "people")
          }
          onClose={() => {
            setSuppressing(null);
            setSelection(noneSelected);
          }}
        />
      )}
    </Page>
  );
}
