import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, FileButton, Group, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { messageOf } from "@/api/client";
import { importFormatsQuery, startImportJob } from "@/api/imports";
import { importRows } from "@/api/lead";
import { Fold } from "@/components/Fold";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Note } from "@/components/States";
import { bytes } from "@/lib/format";

import classes from "./Import.module.css";
import { ImportExamples } from "./ImportExamples";
import { ImportFailure, ImportReport } from "./ImportReport";
import { Jobs } from "./Jobs";
import { accepted, atOnce } from "./kinds";

export function ImportPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/import" });
  const navigate = useNavigate({ from: "/p/$slug/import" });
  const client = useQueryClient();
  const formats = useQuery(importFormatsQuery(slug));
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState("");
  const [skipBadRows, setSkipBadRows] = useState(false);
  const [format, setFormat] = useState<string | null>(null);
  const [licence, setLicence] = useState("");
  const [source, setSource] = useState("");
  const options = {
    skipBadRows,
    ...(format ? { format } : {}),
    ...(licence.trim() ? { licence: licence.trim() } : {}),
    ...(source.trim() ? { source: source.trim() } : {}),
  };
  const run = useMutation({
    mutationFn: (dryRun: boolean) => importRows(slug, file ?? text, { ...options, dryRun }),
    onSuccess: (result) => (result.dry_run ? undefined : client.invalidateQueries({ queryKey: ["project", slug] })),
  });
  const job = useMutation({
    mutationFn: (dryRun: boolean) => startImportJob(slug, file ?? new Blob(), file?.name ?? "", { ...options, dryRun }),
    onSuccess: async (started) => {
      setFile(null);
      await client.invalidateQueries({ queryKey: ["project", slug, "imports"] });
      void navigate({ search: { job: started.id }, resetScroll: false });
    },
  });
  const background = file !== null && !atOnce(file);
  const start = background ? job : run;
  const ready = file !== null || text.trim() !== "";
  const edit = (change: () => void) => {
    change();
    run.reset();
    job.reset();
  };
  return (
    <Page
      title={t`Import`}
      lead={t`Rows that are known already are counted and left alone, so importing again is safe.`}
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
                  {background ? t`, imported in the background` : ""}
                </span>
                <Button variant="default" size="xs" onClick={() => edit(() => setFile(null))}>
                  <Trans>Take it out</Trans>
                </Button>
              </>
            ) : (
              <>
                <span><Trans>Drop a file here: JSON Lines, JSON, CSV, Parquet, Arrow, or a .zip or .gz of one</Trans></span>
                <FileButton onChange={(chosen) => edit(() => setFile(chosen))} accept={accepted(formats.data?.endings ?? [])}>
                  {(props) => (
                    <Button variant="default" size="xs" {...props}>
                      <Trans>Choose a file</Trans>
                    </Button>
                  )}
                </FileButton>
              </>
            )}
          </div>
          {file ? null : (
            <Textarea
              label={t`Or paste rows: one JSON object in each line`}
              autosize
              minRows={6}
              maxRows={20}
              classNames={{ input: "mono" }}
              spellCheck={false}
              value={text}
              onChange={(event) => edit(() => setText(event.currentTarget.value))}
            />
          )}
          <Fold title={t`Format, licence and source`}>
            <div className={classes.options}>
              <Select
                label={t`What the rows are`}
                description={t`Left empty, each row is recognised by its keys.`}
                placeholder={t`Recognise them`}
                clearable
                searchable
                data={(formats.data?.formats ?? []).map(({ name, by_name_only }) => ({
                  value: name,
                  label: by_name_only ? t`${name} (by name only)` : name,
                }))}
                value={format}
                onChange={(next) => edit(() => setFormat(next))}
              />
              <TextInput label={t`Licence`} description={t`For rows that name none.`} maxLength={100} value={licence} onChange={(event) => edit(() => setLicence(event.currentTarget.value))} />
              <TextInput label={t`Source`} description={t`For rows that name none.`} maxLength={200} value={source} onChange={(event) => edit(() => setSource(event.currentTarget.value))} />
            </div>
            {format ? <p className={classes.hint}>{formats.data?.formats.find(({ name }) => name === format)?.summary}</p> : null}
          </Fold>
          <Group justify="space-between">
            <Switch
              label={t`Import good rows even if others are bad`}
              checked={skipBadRows}
              onChange={(event) => edit(() => setSkipBadRows(event.currentTarget.checked))}
            />
            <Group gap="xs">
              <Button variant="default" disabled={!ready} loading={start.isPending && start.variables} onClick={() => start.mutate(true)}>
                <Trans>Check only</Trans>
              </Button>
              <Button disabled={!ready} loading={start.isPending && !start.variables} onClick={() => start.mutate(false)}>
                <Trans>Import</Trans>
              </Button>
            </Group>
          </Group>
          <div aria-live="polite">
            {job.isError ? <Note care>{messageOf(job.error)}</Note> : null}
            {run.isError ? <ImportFailure error={run.error} /> : null}
            {run.data ? (
              <ImportReport
                result={run.data}
                after={
                  run.data.dry_run ? undefined : (
                    <LinkButton size="xs" to="/p/$slug/annotate" params={{ slug }}>
                      <Trans>Start ranking</Trans>
                    </LinkButton>
                  )
                }
              />
            ) : null}
          </div>
          <Jobs slug={slug} />
        </div>
        <Panel title={t`What a row looks like`}>
          <ImportExamples onUse={(example) => edit(() => setText((old) => (old ? `${old.trimEnd()}\n${example}` : example)))} />
        </Panel>
      </div>
    </Page>
  );
}
