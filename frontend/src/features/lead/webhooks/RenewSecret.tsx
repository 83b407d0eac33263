import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";

import { messageOf } from "@/api/client";
import { renewSecret } from "@/api/webhooks";
import type { Webhook } from "@/api/types";
import { CopyOnce } from "@/components/CopyOnce";
import { Note } from "@/components/States";

import classes from "./Webhooks.module.css";

/** Asks first: from that moment the old secret verifies nothing. */
export function RenewSecret({ slug, row }: { slug: string; row: Webhook }) {
  const [opened, { open, close }] = useDisclosure(false);
  const renew = useMutation({ mutationFn: () => renewSecret(slug, row.id) });
  const leave = () => {
    close();
    renew.reset();
  };
  return (
    <>
      <Button variant="subtle" color="gray" size="compact-xs" onClick={open} aria-label={t`New secret for ${row.url}`}>
        <Trans>New secret</Trans>
      </Button>
      <Modal opened={opened} onClose={leave} title={t`A new secret`}>
        <div className={classes.form}>
          {renew.isError ? <Note care>{messageOf(renew.error)}</Note> : null}
          {renew.data ? (
            <>
              <CopyOnce label={t`The secret`} description={t`Copy it now, it is not shown again.`} value={renew.data.secret} />
              <Group justify="flex-end">
                <Button onClick={leave}><Trans>Done</Trans></Button>
              </Group>
            </>
          ) : (
            <>
              <span>
                <Trans>The old secret of <b className={classes.url}>{row.url}</b> signs nothing from then on: give the new one to your program at once.</Trans>
              </span>
              <Group justify="flex-end" gap="xs">
                <Button variant="default" onClick={leave}>
                  <Trans>Cancel</Trans>
                </Button>
                <Button loading={renew.isPending} onClick={() => renew.mutate()}>
                  <Trans>Make a new secret</Trans>
                </Button>
              </Group>
            </>
          )}
        </div>
      </Modal>
    </>
  );
}
