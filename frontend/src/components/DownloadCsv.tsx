import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { toCsv, type CsvColumn } from "@/lib/csv";
import { saveFile } from "@/lib/saveFile";

interface Props<Row> {
  /** Of the file, without its ending. */
  name: string;
  columns: readonly CsvColumn<Row>[];
  /** All the rows, also those that the page does not show yet. */
  rows: () => Promise<readonly Row[]> | readonly Row[];
  disabled?: boolean;
}

export function DownloadCsv<Row>({ name, columns, rows, disabled = false }: Props<Row>) {
  const download = useMutation({
    mutationFn: async () => saveFile(`${name}.csv`, toCsv(columns, await rows()), "text/csv"),
    onError: (error) => notifications.show({ color: "ochre", title: t`Not downloaded`, message: messageOf(error) }),
  });
  return (
    <Button
      variant="default"
      size="xs"
      disabled={disabled}
      loading={download.isPending}
      onClick={() => download.mutate()}
      title={t`Download ${name} as CSV`}
    >
      <Trans>Download CSV</Trans>
    </Button>
  );
}
