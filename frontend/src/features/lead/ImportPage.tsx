import { Button, FileButton, Group, Switch, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { importRows } from "@/api/lead";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { bytes } from "@/lib/format";

import classes from "./Import.module.css";
import { ImportExamples } from "./ImportExamples";
import { ImportFailure, ImportReport } from "./ImportReport";

export function ImportPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/import" });
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState("");
  const [skipBadRows, setSkipBadRows] = useState(false);
  const run = useMutation({
    mutationFn: (dryRun: boolean) => importRows(slug, file ?? text, { dryRun, skipBadRows }),
    onSuccess: (result) => (result.dry_run ? undefined : client.invalidateQueries({ queryKey: ["project", slug] })),
  });
  const ready = file !== null || text.trim() !== "";
  const edit = (change: () => void) => {
    change();
    run.reset();
  };
  return (
    <Page
      title="Import"
      lead="JSON Lines: one object in each line. Rows that are known already are counted and left alone, so importing again is safe."
    >
      <div className={classes.columns}>
        <div className={classes.stack}>
          <div
            className={classes.drop}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              const dropped = event.dataTransfer.files[0];
              if (dropped) edit(() => setFile(dropped));
            }}
          >
            {file ? (
              <>
                <span>
                  <b>{file.name}</b> {bytes(file.size)}
                </span>
                <Button variant="default" size="xs" onClick={() => edit(() => setFile(null))}>
                  Take it out
                </Button>
              </>
            ) : (
              <>
                <span>Drop a .jsonl file here</span>
                <FileButton onChange={(chosen) => edit(() => setFile(chosen))} accept=".jsonl,.ndjson,.json,.txt">
                  {(props) => (
                    <Button variant="default" size="xs" {...props}>
                      Choose a file
                    </Button>
                  )}
                </FileButton>
              </>
            )}
          </div>
          {file ? null : (
            <Textarea
              label="Or paste rows"
              autosize
              minRows={8}
              maxRows={20}
              classNames={{ input: "mono" }}
              spellCheck={false}
              value={text}
              onChange={(event) => edit(() => setText(event.currentTarget.value))}
            />
          )}
          <Group justify="space-between">
            <Switch
              label="Import good rows even if others are bad"
              checked={skipBadRows}
              onChange={(event) => edit(() => setSkipBadRows(event.currentTarget.checked))}
            />
            <Group gap="xs">
              <Button
                variant="default"
                disabled={!ready}
                loading={run.isPending && run.variables}
                onClick={() => run.mutate(true)}
              >
                Check only
              </Button>
              <Button disabled={!ready} loading={run.isPending && !run.variables} onClick={() => run.mutate(false)}>
                Import
              </Button>
            </Group>
          </Group>
          <div aria-live="polite">
            {run.isError ? <ImportFailure error={run.error} /> : null}
            {run.data ? (
              <ImportReport
                result={run.data}
                after={
                  run.data.dry_run ? undefined : (
                    <LinkButton size="xs" to="/p/$slug/annotate" params={{ slug }}>
                      Start ranking
                    </LinkButton>
                  )
                }
              />
            ) : null}
          </div>
        </div>
        <Panel title="What a row looks like">
          <ImportExamples onUse={(example) => edit(() => setText((old) => (old ? `${old.trimEnd()}\n${example}` : example)))} />
        </Panel>
      </div>
    </Page>
  );
}
