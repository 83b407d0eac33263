import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

import { sessionQuery } from "@/api/session";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";

import { PageNotLoaded } from "./lazyPage";

const ASK_AGAIN_MS = 3_000;

export function NotFound() {
  return (
    <Page title={t`Nothing here`} narrow>
      <Empty
        title={t`This address leads nowhere.`}
        actions={
          <LinkButton to="/" variant="default">
            <Trans>Go to your projects</Trans>
          </LinkButton>
        }
      >
        <Trans>It may have been mistyped, or what it showed belongs to a project that you are not a member of.</Trans>
      </Empty>
    </Page>
  );
}

export function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const notLoaded = error instanceof PageNotLoaded;
  useReloadWhenBack(notLoaded);
  return (
    <Page title={t`This page did not open`} narrow>
      <Failure
        what={notLoaded ? t`The server is away.` : t`Something failed while the page was opened.`}
        error={error}
        retry={
          notLoaded
            ? undefined
            : () => {
                reset();
                void router.invalidate();
              }
        }
      />
    </Page>
  );
}

/** Code that failed to load once is only asked for again by a reload. */
function useReloadWhenBack(waiting: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => {
      client.query({ ...sessionQuery, staleTime: 0, retry: false }).then(
        () => location.reload(),
        () => undefined,
      );
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [client, waiting]);
}

export function RoutePending() {
  return (
    <div style={{ maxWidth: 1360, width: "100%", margin: "0 auto", padding: "28px 32px" }} role="status" aria-busy="true" aria-label={t`Loading`}>
      <Skeleton height={28} width={220} mb={12} />
      <Skeleton height={14} width="min(380px, 80%)" mb={32} />
      <Skeleton height={220} />
    </div>
  );
}
