import { t } from "@lingui/core/macro";
import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./Table.module.css";

export interface Column<Row> {
  name: string;
  /** Right-aligned figures. */
  number?: boolean;
  /** Running text, which may take several lines. */
  wrap?: boolean;
  /** The name is for those who listen only. */
  hidden?: boolean;
  /** In the head instead of the name. */
  head?: ReactNode;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  footer?: ReactNode;
  /** Inside a panel, which has its own border. */
  bare?: boolean;
}

export function Table<Row>({ label, columns, rows, keyOf, footer, bare = false }: Props<Row>) {
  return (
    <div className={bare ? `${classes.wrap} ${classes.bare}` : classes.wrap} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" data-number={column.number ? true : undefined}>
                {column.head ?? (column.hidden ? <span className="visually-hidden">{column.name}</span> : column.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td
                  key={column.name}
                  data-number={column.number ? true : undefined}
                  data-wrap={column.wrap ? true : undefined}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {footer ? <div className={classes.more}>{footer}</div> : null}
    </div>
  );
}

/** The table before its rows are known. */
export function TableSkeleton({ columns, rows = 5 }: { columns: number; rows?: number }) {
  return (
    <div className={classes.wrap} role="status" aria-busy="true" aria-label={t`Loading`}>
      <table className={classes.table}>
        <tbody>
          {Array.from({ length: rows }, (_, row) => (
            <tr key={row}>
              {Array.from({ length: columns }, (_, column) => (
                <td key={column}>
                  <Skeleton height={12} width={column === 0 ? 72 : 96} my={4} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Quiet({ children }: { children: ReactNode }) {
  return <span className={classes.quiet}>{children}</span>;
}
