import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { everyRow } from "@/api/paging";
import { deliveriesQuery, readDeliveries, redeliver } from "@/api/webhooks";
import type { WebhookDelivery } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DownloadCsv } from "@/components/DownloadCsv";
import { Fold } from "@/components/Fold";
import { Listing } from "@/components/Listing";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";
import type { CsvColumn } from "@/lib/csv";
import { clock } from "@/lib/format";
import { useAct } from "@/lib/useAct";

import classes from "./Webhooks.module.css";

const LOOK_AGAIN_MS = 4_000;
const TO_THE_SECOND = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;

/** What was sent to one address, and what it answered. */
export function Deliveries({ slug, id }: { slug: string; id: number }) {
  const deliveries = useInfiniteQuery({ ...deliveriesQuery(slug, id), refetchInterval: LOOK_AGAIN_MS });
  return (
    <>
      <Group justify="flex-end" mb="sm">
        <DownloadCsv name="deliveries" columns={CSV} rows={() => everyRow(readDeliveries(slug, id))} />
      </Group>
      <Listing
        query={deliveries}
        failed={t`The deliveries could not be read.`}
        columns={5}
        empty={<Empty title={t`Nothing was sent yet.`}><Trans>Test it from the list, or wait until something happens. Deliveries are kept for 30 days.</Trans></Empty>}
      >
        {(rows, more) => <Table label={t`Deliveries`} columns={columnsFor(slug, id)} rows={rows} keyOf={(row) => row.id} footer={more} />}
      </Listing>
    </>
  );
}

const STATES: Record<WebhookDelivery["state"], string> = { get pending() { return t`Waiting`; }, get sent() { return t`Sent`; }, get failed() { return t`Given up`; } };

const columnsFor = (slug: string, id: number): Column<WebhookDelivery>[] => [
  { name: t`Event`, cell: (row) => <span className="mono">{row.event}</span> },
  {
    name: t`State`,
    cell: (row) => (
      <>
        {STATES[row.state]}
        {row.state === "pending" && row.next_try_at && row.num_tries ? (
          <Quiet>
            <Trans>
              , next try <time dateTime={row.next_try_at}>{clock(new Date(row.next_try_at), TO_THE_SECOND)}</time>
            </Trans>
          </Quiet>
        ) : null}
      </>
    ),
  },
  { name: t`Answer`, number: true, cell: (row) => row.last_status ?? <Quiet><Trans>none</Trans></Quiet> },
  { name: t`Since`, cell: (row) => (row.created_at ? <Ago at={row.created_at} /> : null) },
  { name: t`Tries`, wrap: true, cell: (row) => <Tries row={row} /> },
  { name: t`Actions`, hidden: true, number: true, cell: (row) => <Again slug={slug} id={id} row={row} /> },
];

function triedIn({ status, seconds }: WebhookDelivery["tries"][number]): string {
  const [answer, took] = [status ?? t`no answer`, seconds.toFixed(1)];
  return t`${answer} in ${took} s`;
}

function Tries({ row }: { row: WebhookDelivery }) {
  if (row.tries.length === 0) return <Quiet><Trans>not yet</Trans></Quiet>;
  return (
    <Fold title={plural(row.tries.length, { one: "# try", other: "# tries" })}>
      <ul className={classes.tries}>
        {row.tries.map((one) => (
          <li key={one.at}>
            <Ago at={one.at} />: {triedIn(one)} <span dir="auto">{one.error}</span>
          </li>
        ))}
      </ul>
      <pre className={classes.payload} tabIndex={0}>
        {JSON.stringify(row.payload, null, 2)}
      </pre>
    </Fold>
  );
}

function Again({ slug, id, row }: { slug: string; id: number; row: WebhookDelivery }) {
  const again = useAct(() => redeliver(slug, id, row.id), {
    stale: [["project", slug, "webhooks", "deliveries", id]],
    failed: t`Not sent`,
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      loading={again.isPending}
      onClick={() => again.mutate(undefined)}
      title={t`Send ${row.event} ${row.message_id} again`}
    >
      <Trans>Send again</Trans>
    </Button>
  );
}

const CSV: CsvColumn<WebhookDelivery>[] = [
  ["message_id", (row) => row.message_id],
  ["event", (row) => row.event],
  ["state", (row) => row.state],
  ["tries", (row) => row.num_tries],
  ["last_status", (row) => row.last_status],
  ["created_at", (row) => row.created_at],
  ["sent_at", (row) => row.sent_at],
];
