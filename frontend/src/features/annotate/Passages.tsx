import { t } from "@lingui/core/macro";
import { ActionIcon, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";

import type { Assignment, Span } from "@/api/types";

import type { Draft } from "./judgment";
import classes from "./Passages.module.css";
import { labelOf, noted, quoteOf, unmark } from "./spans";

interface Props {
  assignment: Assignment;
  draft: Draft;
  response: string;
  onChange: (draft: Draft) => void;
}

/** What is marked in one response, under its text. */
export function Passages({ assignment, draft, response, onChange }: Props) {
  const own = draft.spans.filter((span) => span.response === response).sort(byPlace);
  if (own.length === 0) return null;
  return (
    <ul className={classes.list} aria-label={t`Marked passages`}>
      {own.map((span) => {
        const label = labelOf(assignment, span);
        const index = assignment.protocol.spans.findIndex(({ key }) => key === span.label);
        return (
          <li key={`${span.message}:${span.start}:${span.end}:${span.label}`} className={classes.row}>
            <span className={classes.label} data-label={index % 8}>
              {label}
            </span>
            <q className={classes.quote}>{quoteOf(assignment, span)}</q>
            <TextInput
              size="xs"
              className={classes.note ?? ""}
              aria-label={t`Note on “${label}”`}
              placeholder={t`Note, if you like`}
              value={span.note ?? ""}
              maxLength={2000}
              dir="auto"
              onChange={(event) => onChange(noted(draft, span, event.currentTarget.value))}
              onKeyDown={(event) => {
                if (event.key !== "Escape" && event.key !== "Enter") return;
                event.preventDefault();
                event.currentTarget.blur();
              }}
            />
            <ActionIcon variant="subtle" color="gray" size={36} aria-label={t`Remove “${label}”`} onClick={() => onChange(unmark(draft, span))}>
              <IconX size={16} stroke={1.8} aria-hidden />
            </ActionIcon>
          </li>
        );
      })}
    </ul>
  );
}

const byPlace = (a: Span, b: Span): number => (a.message ?? 0) - (b.message ?? 0) || a.start - b.start || a.end - b.end;
