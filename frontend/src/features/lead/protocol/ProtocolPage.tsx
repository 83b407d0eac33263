import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { ApiError, messageOf } from "@/api/client";
import { projectQuery } from "@/api/projects";
import { protocolQuery, saveProtocol } from "@/api/protocol";
import type { Project, Protocol, ProtocolVersion } from "@/api/types";
import { Page } from "@/components/Page";
import { Failure, Note } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import type { JudgingDesk } from "@/lib/judging";
import { may } from "@/lib/permissions";

import { changes, problems } from "./edit";
import { Preview } from "./Preview";
import classes from "./Protocol.module.css";
import { ProtocolForm } from "./ProtocolForm";
import { Versions } from "./Versions";

/** What judges are asked: changed on one side, tried on the other. */
export function ProtocolPage({ Desk }: { Desk: JudgingDesk }) {
  const { slug } = useParams({ from: "/signedIn/p/$slug/protocol" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const current = useQuery(protocolQuery(slug));
  if (current.isPending) {
    return (
      <Page title={t`Protocol`}>
        <TableSkeleton columns={2} rows={8} />
      </Page>
    );
  }
  if (current.isError) {
    return (
      <Page title={t`Protocol`}>
        <Failure what={t`The protocol could not be read.`} error={current.error} retry={() => void current.refetch()} />
      </Page>
    );
  }
  return <Builder project={project} current={current.data} Desk={Desk} />;
}

function Builder({ project, current, Desk }: { project: Project; current: ProtocolVersion; Desk: JudgingDesk }) {
  const { slug } = project;
  const client = useQueryClient();
  const [draft, setDraft] = useState<Protocol>(current.protocol);
  const [basedOn, setBasedOn] = useState(current.number);
  const edits = may(project, "protocol.edit");
  const save = useMutation({
    mutationFn: () => saveProtocol(slug, draft, basedOn),
    onSuccess: async (saved) => {
      setDraft(saved.protocol);
      setBasedOn(saved.number);
      await client.invalidateQueries({ queryKey: ["project", slug, "protocol"] });
      await client.invalidateQueries(projectQuery(slug));
      notifications.show({ message: t`Version ${saved.number} is what judges are asked from now on.` });
    },
  });
  const changed = changes(current.protocol, draft);
  const wrong = problems(draft);
  const stored = new Set(current.protocol.criteria.map(({ key }) => key));
  const start = (protocol: Protocol) => {
    setDraft(protocol);
    setBasedOn(current.number);
    save.reset();
  };
  return (
    <Page
      title={t`Protocol`}
      lead={t`What judges are asked, and what they may say. Version ${current.number} is in use; tasks handed out earlier keep the version they came with.`}
      actions={
        edits ? (
          <>
            <Button variant="default" disabled={changed.length === 0} onClick={() => start(current.protocol)}>
              <Trans>Undo the changes</Trans>
            </Button>
            <Button disabled={changed.length === 0 || wrong.length > 0} loading={save.isPending} onClick={() => save.mutate()}>
              <Trans>Save as version {current.number + 1}</Trans>
            </Button>
          </>
        ) : undefined
      }
    >
      {save.isError ? <Problem error={save.error} /> : null}
      <div className={classes.columns}>
        <div className={classes.form}>
          {wrong.length && edits ? (
            <Note care>
              {wrong.map((sentence) => (
                <div key={sentence}>{sentence}</div>
              ))}
            </Note>
          ) : null}
          <fieldset disabled={!edits} className={classes.bare} aria-label={t`Protocol`}>
            <ProtocolForm protocol={draft} stored={stored} onChange={setDraft} />
          </fieldset>
          <Versions slug={slug} current={current.number} onUse={edits ? start : undefined} />
        </div>
        <Preview project={project} protocol={draft} Desk={Desk} />
      </div>
    </Page>
  );
}

function Problem({ error }: { error: unknown }) {
  const newer = error instanceof ApiError && error.status === 409;
  return (
    <div className={classes.problem}>
      <Note care>
        {messageOf(error)}
        {newer ? ` ${t`Reload the page to see that version; what you changed here is lost then.`}` : ""}
      </Note>
    </div>
  );
}
