import type { Diagnosis } from "@parley/core/ops/schema";
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Section } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";

const signs = {
  ok: { icon: CircleCheck, tone: "text-ok-ink", word: "Fine" },
  warn: { icon: TriangleAlert, tone: "text-warn-ink", word: "Needs care" },
  bad: { icon: CircleAlert, tone: "text-bad-ink", word: "Broken" },
} as const;

const Check = ({ check }: { check: Diagnosis["checks"][number] }) => {
  const { icon: Icon, tone, word } = signs[check.status];
  return (
    <li className="flex gap-2 border-t border-line px-4 py-2 lg:px-5">
      <Icon className={`mt-0.5 size-3.5 shrink-0 ${tone}`} strokeWidth={1.75} aria-label={word} />
      <span className="min-w-0">
        <span className="font-medium">{check.name}</span> <span className="text-ink-2">{check.detail}</span>
        {check.cure && <span className="block text-ink-2">{check.cure}</span>}
      </span>
    </li>
  );
};

/** Database, roles, clocks, keys, reachability: each checked when asked, with the cure beside what fails. */
export function DoctorPanel() {
  const doctor = trpc.ops.doctor.useQuery({}, { staleTime: 60_000 });
  return (
    <Section
      title="Doctor"
      aside={
        <Button look="link" size="sm" busy={doctor.isFetching} onClick={() => void doctor.refetch()}>
          Check again
        </Button>
      }
    >
      {doctor.isPending ? (
        <SkeletonRows rows={5} />
      ) : doctor.error ? (
        <p className="px-4 py-3 text-bad-ink lg:px-5">{refusal(doctor.error).message}</p>
      ) : (
        <ul>
          {doctor.data.checks.map((check) => (
            <Check key={check.name} check={check} />
          ))}
        </ul>
      )}
    </Section>
  );
}
