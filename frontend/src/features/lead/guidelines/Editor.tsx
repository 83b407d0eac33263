import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Switch, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { guidelinesQuery, publishGuidelines } from "@/api/lead";
import { projectQuery } from "@/api/projects";
import { Panel } from "@/components/Panel";
import { Prose } from "@/components/Prose";
import { Note } from "@/components/States";

import { LOOK } from "./look";

export function Editor({ slug, start, onDone }: { slug: string; start: string; onDone: () => void }) {
  const client = useQueryClient();
  const [text, setText] = useState(start);
  const [required, setRequired] = useState(false);
  const publish = useMutation({
    mutationFn: () => publishGuidelines(slug, text, required),
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
          label={t`Text, in Markdown`}
          autosize
          minRows={16}
          maxRows={32}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoFocus
        />
        <Panel title={t`As annotators see it`}>
          <Prose text={text} look={LOOK} />
        </Panel>
      </div>
      <Group justify="space-between" gap="xs">
        <Switch
          label={t`Everybody must read it before their next task`}
          checked={required}
          onChange={(event) => setRequired(event.currentTarget.checked)}
        />
        <Group gap="xs">
          <Button variant="default" onClick={onDone}>
            <Trans>Cancel</Trans>
          </Button>
          <Button loading={publish.isPending} disabled={!text.trim() || text === start} onClick={() => publish.mutate()}>
            <Trans>Publish the new version</Trans>
          </Button>
        </Group>
      </Group>
    </div>
  );
}
