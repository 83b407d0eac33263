import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { notifications } from "@mantine/notifications";
import { useEffect } from "react";

import { openAdjudication } from "@/api/adjudications";
import { messageOf } from "@/api/client";
import { heartbeat, submitJudgment } from "@/api/queue";
import type { AdjudicationOpened, Assignment, Project } from "@/api/types";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Failure, Note } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import type { JudgingDesk, JudgmentBody } from "@/lib/judging";
import { apart } from "@/lib/language";
import { uuid } from "@/lib/uuid";

import classes from "./Adjudicate.module.css";
import { Opinions } from "./Opinions";

interface Props {
  project: Project;
  id: number;
  Desk: JudgingDesk;
  onDone: () => void;
}

export function Decide({ project, id, Desk, onDone }: Props) {
  // Opening leases the decision; asked again, the server renews the same lease.
  const opened = useQuery({
    queryKey: ["adjudication", id],
    queryFn: () => openAdjudication(project.slug, id),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const back = (
    <LinkButton variant="default" from="/p/$slug/adjudicate" to="/p/$slug/adjudicate" params={{ slug: project.slug }} search={(old) => ({ ...old, id: undefined })}>
      <Trans>Back to the list</Trans>
    </LinkButton>
  );
  if (opened.isPending) {
    return (
      <Page title={t`Adjudicate`} actions={back}>
        <TableSkeleton columns={3} />
      </Page>
    );
  }
  if (opened.isError) {
    return (
      <Page title={t`Adjudicate`} actions={back}>
        <Failure what={t`This one cannot be opened now.`} error={opened.error} retry={() => void opened.refetch()} />
      </Page>
    );
  }
  return (
    <div className={classes.page}>
      <Page title={t`Decide task ${opened.data.task}`} lead={apart(opened.data.reason)} actions={back}>
        <Panel title={t`What each said`} padded={false}>
          <Opinions opened={opened.data} />
        </Panel>
      </Page>
      <Deciding project={project} opened={opened.data} Desk={Desk} onDone={onDone} />
    </div>
  );
}

function Deciding({ project, opened, Desk, onDone }: Omit<Props, "id"> & { opened: AdjudicationOpened }) {
  const client = useQueryClient();
  const { assignment } = opened;
  useLease(assignment, project.lease_seconds);
  const decide = useMutation({
    mutationFn: (said: JudgmentBody) =>
      submitJudgment(assignment.id, { ...said, lease_token: assignment.lease_token, client_key: uuid() }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["project", project.slug, "quality"] });
      notifications.show({ message: t`Task ${opened.task} is decided.` });
      onDone();
    },
  });
  return (
    <>
      {decide.isError ? (
        <div className={classes.problem}>
          <Note care>{messageOf(decide.error)}</Note>
        </div>
      ) : null}
      <Desk project={project} assignment={assignment} onSubmit={(said) => decide.mutate(said)} />
    </>
  );
}

/** Whoever is deciding keeps it. */
function useLease(assignment: Assignment, leaseSeconds: number): void {
  const { id, lease_token: token, expires_at: expires } = assignment;
  useEffect(() => {
    if (expires === null) return;
    const timer = setInterval(() => void heartbeat(id, token).catch(() => undefined), Math.max(10_000, (leaseSeconds * 1000) / 3));
    return () => clearInterval(timer);
  }, [id, token, expires, leaseSeconds]);
}
