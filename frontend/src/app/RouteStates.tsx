import { Skeleton } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";

import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Empty, Failure } from "@/components/States";

export function NotFound() {
  return (
    <Page title="Nothing here" narrow>
      <Empty
        title="This address leads nowhere."
        actions={
          <LinkButton to="/" variant="default">
            Go to your projects
          </LinkButton>
        }
      >
        It may have been mistyped, or what it showed belongs to a project that you are not a member of.
      </Empty>
    </Page>
  );
}

export function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  return (
    <Page title="This page did not open" narrow>
      <Failure
        what="Something failed while the page was opened."
        error={error}
        retry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </Page>
  );
}

export function RoutePending() {
  return (
    <div style={{ maxWidth: 1360, width: "100%", margin: "0 auto", padding: "28px 32px" }} role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={28} width={220} mb={12} />
      <Skeleton height={14} width="min(380px, 80%)" mb={32} />
      <Skeleton height={220} />
    </div>
  );
}
