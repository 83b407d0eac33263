import { t } from "@lingui/core/macro";
import { Textarea } from "@mantine/core";

import type { Assignment } from "@/api/types";

import type { Draft } from "./judgment";
import classes from "./WritingPane.module.css";

interface Props {
  assignment: Assignment;
  draft: Draft;
  onChange: (draft: Draft) => void;
  onSubmit: () => void;
}

/** A response of one's own, where a task shows none. */
export function WritingPane({ assignment, draft, onChange, onSubmit }: Props) {
  const least = assignment.protocol.demonstrations.min_length;
  return (
    <section className={classes.pane} aria-label={t`Your response`}>
      <Textarea
        label={t`Your response`}
        description={least > 1 ? t`At least ${least} characters.` : t`As you would answer the prompt above.`}
        value={draft.written}
        onChange={(event) => onChange({ ...draft, written: event.currentTarget.value, verdict: "none" })}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.currentTarget.blur();
          } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            onSubmit();
          }
        }}
        autosize
        minRows={10}
        autoFocus
        dir="auto"
        classNames={{ input: classes.input ?? "" }}
      />
    </section>
  );
}
