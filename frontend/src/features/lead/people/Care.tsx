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
    failed: "Not saved",
    done: () => notifications.show({ message: "Saved." }),
  });
  return (
    <Panel title="Exposure and breaks">
      <form
        className={classes.care}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ risk_tags: tags, exposure_cap: orNull(cap), break_after_minutes: orNull(rest) });
        }}
      >
        {edits ? null : <Note>An owner sets these; you see them as they are.</Note>}
        <TagsInput
          label="Risk tags"
          description="A prompt with one of them is hidden until somebody asks to see it, and people may opt out of each without a reason."
          maxTags={100}
          disabled={!edits}
          value={tags}
          onChange={setTags}
        />
        <NumberInput
          label="Such tasks for one person a day, at most"
          description="Empty: any number. 0: none."
          min={0}
          max={100_000}
          allowDecimal={false}
          disabled={!edits}
          value={cap}
          onChange={setCap}
        />
        <NumberInput
          label="Minutes of work until a break is suggested"
          description="Empty: breaks are not suggested."
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
              Save
            </Button>
          </Group>
        ) : null}
      </form>
    </Panel>
  );
}
