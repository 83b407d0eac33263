import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { PageOf } from "@/api/paging";

import { Failure } from "./States";
import { TableSkeleton } from "./Table";

interface Props<Row> {
  query: UseInfiniteQueryResult<InfiniteData<PageOf<Row>>>;
  /** Said when the list could not be read. */
  failed: string;
  empty: ReactNode;
  columns?: number;
  /** The rows so far, and the button for more of them. */
  children: (rows: Row[], more: ReactNode) => ReactNode;
}

/** A list in each of its states: on its way, failed, empty, and there. */
export function Listing<Row>({ query, failed, empty, columns = 5, children }: Props<Row>) {
  if (query.isPending) return <TableSkeleton columns={columns} />;
  const rows = query.data?.pages.flatMap((page) => page.results) ?? [];
  if (query.isError && rows.length === 0) return <Failure what={failed} error={query.error} retry={() => void query.refetch()} />;
  if (rows.length === 0) return empty;
  const more = query.hasNextPage ? (
    <Button variant="subtle" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      <Trans>Show more</Trans>
    </Button>
  ) : undefined;
  return children(rows, more);
}
