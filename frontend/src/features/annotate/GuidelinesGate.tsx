import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { acknowledgeGuidelines, guidelinesQuery } from "@/api/lead";
import { projectQuery } from "@/api/projects";
import { Failure, Note } from "@/components/States";

import { ToRead } from "./ToRead";

interface Props {
  slug: string;
  number: number;
  onRead: () => void;
}

/** A version of the guidelines that is read before the next task. */
export function GuidelinesGate({ slug, number, onRead }: Props) {
  const client = useQueryClient();
  // As they are now: what the page read at its start may be an older version.
  const versions = useQuery({ ...guidelinesQuery(slug), staleTime: 0 });
  const acknowledge = useMutation({
    mutationFn: () => acknowledgeGuidelines(slug, number),
    onSuccess: () => {
      void client.invalidateQueries(projectQuery(slug));
      onRead();
    },
  });
  if (versions.isError) {
    return <Failure what={t`The guidelines could not be read.`} error={versions.error} retry={() => void versions.refetch()} />;
  }
  const text = versions.data?.results.find((version) => version.number === number)?.text;
  return (
    <ToRead
      title={t`Before you go on`}
      lead={t`Please read version ${number} of the guidelines.`}
      text={text ?? null}
      actions={
        <Button disabled={text === undefined} loading={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
          <Trans>I have read this version</Trans>
        </Button>
      }
    >
      {acknowledge.isError ? <Note care>{messageOf(acknowledge.error)}</Note> : null}
    </ToRead>
  );
}
