import { infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";

export interface PageOf<Row> {
  results: Row[];
  /** Cursor of the next page. */
  next: string | null;
}

export interface PageAsked {
  page_size: number;
  cursor?: string;
}

/** Reads one page of a list. */
export type ReadPage<Row> = (page: PageAsked) => Promise<PageOf<Row>>;

const PAGE_SIZE = 50;
const LARGEST_PAGE = 200;

/** A list that grows by pages as somebody asks for more. */
export const pagedQuery = <Row>(queryKey: QueryKey, read: ReadPage<Row>, size = PAGE_SIZE) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => read({ page_size: size, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

/** Every row of a list, for a file. */
export async function everyRow<Row>(read: ReadPage<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: PageOf<Row> = await read({ page_size: LARGEST_PAGE, ...(cursor ? { cursor } : {}) });
    rows.push(...page.results);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}
