import { Button, Group, Select, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { guidelinesQuery, publishGuidelines } from "@/api/lead";
import { projectQuery } from "@/api/projects";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Prose } from "@/components/Prose";
import { Empty, Failure, Note } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { moment } from "@/lib/format";
import { may } from "@/lib/permissions";

const LOOK = { markdown: true, face: "sans", textSize: 0 } as const;

export function GuidelinesPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/guidelines" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const versions = useQuery(guidelinesQuery(slug));
  const [number, setNumber] = useState<string | null>(null);
  const [editing, setEditing] = useState(false);
  const edits = may(project, "guidelines.edit");
  const rows = versions.data?.results ?? [];
  const shown = rows.find((version) => String(version.number) === number) ?? rows[0];
  const edit = edits && !editing ? <Button onClick={() => setEditing(true)}>{shown ? "Write a new version" : "Write the guidelines"}</Button> : undefined;
  return (
    <Page
      title="Guidelines"
      lead="How to judge here. Every judgment names the version it was made under."
      actions={rows.length ? edit : undefined}
    >
      {versions.isPending ? (
        <TableSkeleton columns={1} rows={6} />
      ) : versions.isError ? (
        <Failure what="The guidelines could not be read." error={versions.error} retry={() => void versions.refetch()} />
      ) : editing ? (
        <Editor slug={slug} start={rows[0]?.text ?? ""} onDone={() => setEditing(false)} />
      ) : shown ? (
        <Panel
          title={`Version ${shown.number}`}
          actions={
            rows.length > 1 ? (
              <Select
                aria-label="Version"
                size="xs"
                w={230}
                allowDeselect={false}
                value={String(shown.number)}
                onChange={setNumber}
                data={rows.map((version) => ({
                  value: String(version.number),
                  label: `Version ${version.number}${version.created_at ? `, ${moment(version.created_at, new Date())}` : ""}`,
                }))}
              />
            ) : undefined
          }
        >
          <div style={{ maxWidth: "84ch" }}>
            <Prose text={shown.text} look={LOOK} />
          </div>
        </Panel>
      ) : (
        <Empty title="There are no guidelines yet." actions={edit}>
          Say what makes one response better than another, with examples. Annotators open them beside the task.
        </Empty>
      )}
    </Page>
  );
}

function Editor({ slug, start, onDone }: { slug: string; start: string; onDone: () => void }) {
  const client = useQueryClient();
  const [text, setText] = useState(start);
  const publish = useMutation({
    mutationFn: () => publishGuidelines(slug, text),
    onSuccess: async () => {
      await client.invalidateQueries(guidelinesQuery(slug));
      await client.invalidateQueries(projectQuery(slug));
      onDone();
    },
  });
  return (
    <div style={{ display: "grid", gap: 16 }}>
      {publish.isError ? <Note care>{messageOf(publish.error)}</Note> : null}
      <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(min(360px, 100%), 1fr))", gap: 16 }}>
        <Textarea
          label="Text, in Markdown"
          autosize
          minRows={16}
          maxRows={32}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoFocus
        />
        <Panel title="As annotators see it">
          <Prose text={text} look={LOOK} />
        </Panel>
      </div>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button
          loading={publish.isPending}
          disabled={!text.trim() || text === start}
          onClick={() => publish.mutate()}
        >
          Publish the new version
        </Button>
      </Group>
    </div>
  );
}
