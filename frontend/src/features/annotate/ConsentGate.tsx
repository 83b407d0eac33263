import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { acceptConsent, consentQuery, withdrawConsent } from "@/api/consent";
import { LinkButton } from "@/components/LinkButton";
import { Failure, Note } from "@/components/States";

import { ToRead } from "./ToRead";

interface Props {
  slug: string;
  onAccepted: () => void;
}

/** What taking part means, accepted or declined before the first task. */
export function ConsentGate({ slug, onAccepted }: Props) {
  const client = useQueryClient();
  const consent = useQuery({ ...consentQuery(slug), staleTime: 0 });
  const refresh = () => client.invalidateQueries(consentQuery(slug));
  const accept = useMutation({
    mutationFn: (version: number) => acceptConsent(slug, version),
    onSuccess: onAccepted,
    // The text may have changed while it was read.
    onSettled: refresh,
  });
  const decline = useMutation({ mutationFn: () => withdrawConsent(slug) });
  if (consent.isError) {
    return <Failure what={t`The consent text could not be read.`} error={consent.error} retry={() => void consent.refetch()} />;
  }
  if (decline.isSuccess) {
    return (
      <ToRead
        title={t`You take no part in this project.`}
        lead={t`You get no tasks here. You may change your mind at any time.`}
        actions={
          <>
            <Button variant="default" onClick={() => decline.reset()}>
              <Trans>Read the text again</Trans>
            </Button>
            <LinkButton variant="default" to="/">
              <Trans>Go home</Trans>
            </LinkButton>
          </>
        }
      />
    );
  }
  const error = accept.error ?? decline.error;
  const { version, text } = consent.data ?? { version: 0, text: null };
  return (
    <ToRead
      title={t`Before you begin`}
      lead={t`Please read what taking part means. You may accept it or decline.`}
      text={text}
      actions={
        <>
          <Button disabled={text === null} loading={accept.isPending} onClick={() => accept.mutate(version)}>
            <Trans>Accept</Trans>
          </Button>
          <Button variant="default" disabled={text === null} loading={decline.isPending} onClick={() => decline.mutate()}>
            <Trans>Decline</Trans>
          </Button>
        </>
      }
    >
      {error ? <Note care>{messageOf(error)}</Note> : null}
    </ToRead>
  );
}
