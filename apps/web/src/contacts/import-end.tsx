import { importCan } from "@parley/core/imports/status";
import { Link } from "@tanstack/react-router";
import { ListPlus, Undo2 } from "lucide-react";
import { useState } from "react";
import { http, paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { DangerDialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, plural } from "@/ui/format.ts";
import { KeyFigure, KeyFigures } from "@/ui/key-figures.tsx";
import { Go } from "@/shell/go.tsx";
import { toast } from "@/ui/toast.ts";
import type { Import } from "./import-page.tsx";
import { ImportRejects } from "./import-rejects.tsx";

/** What became of the file, and what to do with it now. */
export function ImportEnd({ upload }: { upload: Import }) {
  const utils = trpc.useUtils();
  const [asking, setAsking] = useState(false);
  const refused = useRefused("imports.undo");
  const campaignRefused = useRefused("campaigns.create");
  const can = importCan.undo(upload.status);
  const undo = trpc.imports.undo.useMutation({
    onSuccess: () => {
      setAsking(false);
      void utils.imports.invalidate();
      void utils.contacts.invalidate();
    },
    onError: (error) => {
      setAsking(false);
      toast.error(refusal(error).message);
    },
  });

  if (upload.status === "failed") {
    return (
      <EmptyState
        title="This file could not be imported"
        action={
          <Button look="filled" asChild>
            <Link {...paths.imports()}>Choose another file</Link>
          </Button>
        }
      >
        <p>{upload.error ?? "It failed without a reason. Nothing was changed; upload it again."}</p>
      </EmptyState>
    );
  }
  if (upload.status === "undone") {
    return (
      <EmptyState
        title="The import was undone"
        action={
          <Button look="filled" asChild>
            <Link {...paths.imports()}>Choose another file</Link>
          </Button>
        }
      >
        <p>Contacts that came with this file are gone again; those known before are as they were.</p>
      </EmptyState>
    );
  }
  return (
    <div className="lg:overflow-y-auto">
      <KeyFigures label="What came of it" count={4}>
        <KeyFigure
          label="In the file"
          figure={count(upload.rows)}
          unit="rows"
          note={upload.duplicates > 0 ? plural(upload.duplicates, "repeat") : "no repeats"}
        />
        <KeyFigure
          label="New contacts"
          figure={count(upload.created)}
          note={upload.tags.length > 0 ? `tagged ${upload.tags.join(", ")}` : "no tag"}
          render={(cell) => <Go place={paths.contacts({ importId: upload.id })} {...cell} />}
        />
        <KeyFigure
          label="Known before"
          figure={count(upload.updated)}
          note="brought up to date"
          render={(cell) => <Go place={paths.contacts({ importId: upload.id })} {...cell} />}
        />
        <KeyFigure
          label="Rejected"
          figure={count(upload.rejected)}
          note={upload.rejected > 0 ? "as a file, with reasons" : "every row went in"}
          {...(upload.rejected > 0
            ? {
                render: (cell) => (
                  <a href={http.rejects(upload.id)} download {...cell}>
                    {cell.children}
                  </a>
                ),
              }
            : {})}
        />
      </KeyFigures>
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-4 lg:px-5">
        <p className="min-w-0 grow text-ink-2">
          {plural(upload.created + upload.updated, "person is", "people are")} ready to be called.
        </p>
        <Button
          icon={Undo2}
          disabledReason={refused ?? (can.ok ? null : can.reason)}
          onClick={() => setAsking(true)}
        >
          Undo the import
        </Button>
        <Button asChild>
          <Link {...paths.contacts({ importId: upload.id })}>See the contacts</Link>
        </Button>
        {campaignRefused ? (
          <Button look="filled" icon={ListPlus} disabledReason={campaignRefused}>
            Call them
          </Button>
        ) : (
          <Button look="filled" asChild>
            <Link {...paths.newCampaign({ importId: upload.id })}>
              <ListPlus className="size-3.5" strokeWidth={1.75} aria-hidden />
              Call them
            </Link>
          </Button>
        )}
      </div>
      <ImportRejects upload={upload} />
      <DangerDialog
        open={asking}
        onOpenChange={setAsking}
        title="Undo the import"
        action={`Take out ${count(upload.created)}`}
        busy={undo.isPending}
        onConfirm={() => undo.mutate({ importId: upload.id })}
      >
        <p>
          Takes out the {plural(upload.created, "contact")} that came new with this file and puts the{" "}
          {count(upload.updated)} others back as they were.
        </p>
        <p>It is refused as soon as one of them has been called, edited or put into a campaign.</p>
      </DangerDialog>
    </div>
  );
}
