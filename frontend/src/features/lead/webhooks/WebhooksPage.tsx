import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Drawer, Group, Switch } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { projectQuery } from "@/api/projects";
import { changeWebhook, removeWebhook, testWebhook, webhooksQuery } from "@/api/webhooks";
import type { Webhook } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Listing } from "@/components/Listing";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import { usePolling } from "@/lib/live";
import { may } from "@/lib/permissions";
import { useAct } from "@/lib/useAct";

import { AddWebhook } from "./AddWebhook";
import { Deliveries } from "./Deliveries";
import { RenewSecret } from "./RenewSecret";

/** Which programs are told what happens here. */
export function WebhooksPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/webhooks" });
  const { hook, add } = useSearch({ from: "/signedIn/p/$slug/webhooks" });
  const navigate = useNavigate({ from: "/p/$slug/webhooks" });
  const { data: project } = useSuspenseQuery(projectQuery(slug));
  const polling = usePolling();
  const webhooks = useInfiniteQuery({ ...webhooksQuery(slug), refetchInterval: polling });
  const open = (next: { hook?: number; add?: true }) => void navigate({ search: next, resetScroll: false });
  const button = may(project, "webhooks.manage") ? <Button onClick={() => open({ add: true })}><Trans>Add a webhook</Trans></Button> : undefined;
  return (
    <Page
      title={t`Webhooks`}
      lead={t`Programs that are told when something happens. No message carries texts or names.`}
      actions={button}
    >
      <Listing
        query={webhooks}
        failed={t`The webhooks could not be read.`}
        columns={5}
        empty={
          <Empty title={t`Nobody is told.`} actions={button}>
            <Trans>A webhook starts your own training when a snapshot is frozen, or rings when the queue runs dry.</Trans>
          </Empty>
        }
      >
        {(rows, more) => <Table label={t`Webhooks`} columns={columnsFor(slug)} rows={rows} keyOf={(row) => row.id} footer={more} />}
      </Listing>
      <AddWebhook slug={slug} opened={add === true} onClose={() => open({})} />
      <Drawer opened={hook !== undefined} onClose={() => open({})} size={860} title={t`Deliveries`}>
        {hook === undefined ? null : <Deliveries key={hook} slug={slug} id={hook} />}
      </Drawer>
    </Page>
  );
}

const columnsFor = (slug: string): Column<Webhook>[] => [
  {
    name: t`Address`,
    wrap: true,
    cell: (row) => (
      <>
        <Link to="/p/$slug/webhooks" params={{ slug }} search={{ hook: row.id }} resetScroll={false}>
          {row.url}
        </Link>
        {row.description ? (
          <div>
            <Quiet>{row.description}</Quiet>
          </div>
        ) : null}
      </>
    ),
  },
  { name: t`Told about`, wrap: true, cell: (row) => <span className="mono">{row.events.join(", ")}</span> },
  { name: t`State`, cell: (row) => <State row={row} /> },
  { name: t`In use`, cell: (row) => <InUse slug={slug} row={row} /> },
  {
    name: t`Actions`,
    hidden: true,
    number: true,
    cell: (row) => (
      <Group gap={4} justify="flex-end" wrap="nowrap">
        <Test slug={slug} row={row} />
        <RenewSecret slug={slug} row={row} />
        <Remove slug={slug} row={row} />
      </Group>
    ),
  },
];

function State({ row }: { row: Webhook }) {
  if (row.disabled_reason) return <span title={row.disabled_reason}><Trans>Switched off: {row.disabled_reason}</Trans></span>;
  if (row.failing_since) {
    return (
      <>
        <Trans>Failing since <Ago at={row.failing_since} /></Trans>
      </>
    );
  }
  return <Quiet>{row.is_active ? t`Well` : t`Off`}</Quiet>;
}

function InUse({ slug, row }: { slug: string; row: Webhook }) {
  const change = useAct((on: boolean) => changeWebhook(slug, row.id, { is_active: on }), {
    stale: [["project", slug, "webhooks"]],
    failed: t`Not changed`,
  });
  return (
    <Switch
      size="xs"
      aria-label={t`In use: ${row.url}`}
      checked={row.is_active ?? false}
      disabled={change.isPending}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
    />
  );
}

function Test({ slug, row }: { slug: string; row: Webhook }) {
  const test = useAct(() => testWebhook(slug, row.id), {
    stale: [["project", slug, "webhooks"]],
    failed: t`Not tested`,
    done: () => notifications.show({ message: t`A test is on its way; its answer stands under the deliveries.` }),
  });
  return (
    <Button variant="subtle" color="gray" size="compact-xs" loading={test.isPending} onClick={() => test.mutate(undefined)} aria-label={t`Test ${row.url}`}>
      <Trans>Test</Trans>
    </Button>
  );
}

function Remove({ slug, row }: { slug: string; row: Webhook }) {
  const remove = useAct(() => removeWebhook(slug, row.id), { stale: [["project", slug, "webhooks"]], failed: t`Not removed` });
  return (
    <Button variant="subtle" color="gray" size="compact-xs" loading={remove.isPending} onClick={() => remove.mutate(undefined)} aria-label={t`Remove ${row.url}`}>
      <Trans>Remove</Trans>
    </Button>
  );
}
