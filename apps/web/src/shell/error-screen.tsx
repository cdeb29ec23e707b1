import { Link, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { paths } from "@/paths.ts";
import { refusal } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { ErrorPage } from "@/ui/error-page.tsx";

const titles: Record<string, string> = {
  not_found: "This is not here",
  invalid: "There is no such page",
  not_allowed: "This is not yours to see",
  offline: "The server does not answer",
};

/** What the server says of an address that cannot be one names fields; people see addresses and links. */
const mistyped =
  "The address may be mistyped or cut off, or what it named has been removed. Open the link again, whole.";

const isOldChunk = (error: unknown) =>
  error instanceof Error &&
  /dynamically imported module|Importing a module script failed/i.test(error.message);

/** A page that could not be drawn: what happened, and the way on. */
export function ErrorScreen({ error, reset }: { error: unknown; reset?: () => void }) {
  const router = useRouter();
  const told = refusal(error);
  const stale = isOldChunk(error);
  useEffect(() => {
    if (!stale) console.error(error);
  }, [error, stale]);
  return (
    <main id="main" tabIndex={-1} className="min-h-0 grow overflow-auto bg-surface">
      <title>Something failed · Parley</title>
      <ErrorPage
        title={stale ? "Parley was updated" : (titles[told.code] ?? "This page could not be shown")}
        requestId={told.requestId}
        actions={
          <>
            <Button
              look="filled"
              onClick={() => {
                if (stale) location.reload();
                else {
                  reset?.();
                  void router.invalidate();
                }
              }}
            >
              {stale ? "Load the new version" : "Try again"}
            </Button>
            <Button asChild>
              <Link {...paths.home()}>Home</Link>
            </Button>
          </>
        }
      >
        <p>
          {stale
            ? "This tab still runs the previous version. Nothing you saved is lost."
            : told.code === "invalid"
              ? mistyped
              : told.message}
        </p>
      </ErrorPage>
    </main>
  );
}

export const NotFoundScreen = () => (
  <main id="main" tabIndex={-1} className="min-h-dvh grow overflow-auto bg-surface">
    <title>Not found · Parley</title>
    <ErrorPage
      title="There is no such page"
      actions={
        <Button look="filled" asChild>
          <Link {...paths.home()}>Home</Link>
        </Button>
      }
    >
      <p>{mistyped}</p>
    </ErrorPage>
  </main>
);
