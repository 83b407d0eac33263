import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, NumberInput, TagsInput } from "@mantine/core";
import { useState } from "react";
import { notifications } from "@mantine/notifications";

import { changeProject, type ProjectChange } from "@/api/people";
import type { Project } from "@/api/types";
import { Panel } from "@/components/Panel";
import { Note } from "@/components/States";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

import classes from "./People.module.css";

const orNull = (value: number | string): number | null => (typeof value === "number" ? value : null);

/** What people are warned of, and how much of it they see. */
export function Care({ project }: { project: Project }) {
  const [tags, setTags] = useState(project.risk_tags);
  const [cap, setCap] = useState<number | string>(project.exposure_cap ?? "");
  const [rest, setRest] = useState<number | string>(project.break_after_minutes ?? "");
  const edits = may(project, "project.edit");
  const save = useAct((body: ProjectChange) => changeProject(project.slug, body), {
    stale: [["project", project.slug, "detail"]],
    failed: t`Not saved`,
    done: () => notifications.show({ message: t`Saved.` }),
  });
  return (
    <Panel title={t`Exposure and breaks`}>
      <form
        className={classes.care}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ risk_tags: tags, exposure_cap: orNull(cap), break_after_minutes: orNull(rest) });
        }}
      >
        {edits ? null : <Note><Trans>An owner sets these; you see them as they are.</Trans></Note>}
        <TagsInput
          label={t`Risk tags`}
          description={t`A prompt with one of them is hidden until somebody asks to see it, and people may opt out of each without a reason.`}
          maxTags={100}
          disabled={!edits}
          value={tags}
          onChange={setTags}
        />
        <NumberInput
          label={t`Such tasks for one person a day, at most`}
          description={t`Empty: any number. 0: none.`}
          min={0}
          max={100_000}
          allowDecimal={false}
          disabled={!edits}
          value={cap}
          onChange={setCap}
        />
        <NumberInput
          label={t`Minutes of work until a break is suggested`}
          description={t`Empty: breaks are not suggested.`}
          min={5}
          max={600}
          allowDecimal={false}
          disabled={!edits}
          value={rest}
          onChange={setRest}
        />
        {edits ? (
          <Group>
            <Button type="submit" loading={save.isPending}>
              <Trans>Save</Trans>
            </Button>
          </Group>
        ) : null}
      </form>
    </Panel>
  );
}
