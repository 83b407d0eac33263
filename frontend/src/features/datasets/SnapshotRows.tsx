import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";

import { snapshotRowsQuery, type Split } from "@/api/datasets";
import type { Snapshot } from "@/api/types";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { count } from "@/lib/format";
import { splitInText } from "@/lib/names";

import { Row } from "./Row";
import classes from "./Rows.module.css";

const PAGE = 20;
const SPLITS: readonly Split[] = ["train", "validation", "test"];

/** The rows themselves, a page at a time; the address holds split and place. */
export function SnapshotRows({ snapshot }: { snapshot: Snapshot }) {
  const search = useSearch({ from: "/signedIn/p/$slug/datasets/$snapshotId" });
  const navigate = useNavigate({ from: "/p/$slug/datasets/$snapshotId" });
  const available = SPLITS.filter((split) => snapshot.num_rows[split]);
  const split = available.find((one) => one === search.split) ?? available[0] ?? "train";
  const offset = search.offset ?? 0;
  const rows = useQuery({
    ...snapshotRowsQuery(snapshot.id, split, offset, PAGE),
    enabled: available.length > 0,
    placeholderData: keepPreviousData,
  });
  if (available.length === 0) return <Empty title={t`This snapshot has no rows.`}><Trans>Nothing matched when it was frozen.</Trans></Empty>;
  const total = snapshot.num_rows[split] ?? 0;
  const go = (next: number) => void navigate({ search: { split, offset: next || undefined } });
  return (
    <section className={classes.rows} aria-label={t`Rows`}>
      <div className={classes.tools}>
        <SegmentedControl
          aria-label={t`Split`}
          size="xs"
          value={split}
          data={available.map((one) => ({ value: one, label: `${splitInText(one)} ${count(snapshot.num_rows[one] ?? 0)}` }))}
          onChange={(value) => void navigate({ search: { split: value } })}
        />
        <div className={classes.pager}>
          <Button variant="default" size="xs" disabled={offset === 0} onClick={() => go(Math.max(0, offset - PAGE))}>
            <Trans>Before</Trans>
          </Button>
          <span>
            <Trans>{count(offset + 1)}–{count(Math.min(total, offset + PAGE))} of {count(total)}</Trans>
          </span>
          <Button variant="default" size="xs" disabled={offset + PAGE >= total} onClick={() => go(offset + PAGE)}>
            <Trans>After</Trans>
          </Button>
        </div>
      </div>
      {rows.isPending ? (
        <TableSkeleton columns={2} />
      ) : rows.isError ? (
        <Failure what={t`The rows could not be read.`} error={rows.error} retry={() => void rows.refetch()} />
      ) : (
        rows.data.rows.map((row, index) => <Row key={offset + index} row={row} number={offset + index + 1} />)
      )}
    </section>
  );
}
