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
      <Button variant="subtle" color="gray" size="compact-xs" onClick={open} aria-label={`New secret for ${row.url}`}>
        New secret
      </Button>
      <Modal opened={opened} onClose={leave} title="A new secret">
        <div className={classes.form}>
          {renew.isError ? <Note care>{messageOf(renew.error)}</Note> : null}
          {renew.data ? (
            <>
              <CopyOnce label="The secret" description="Copy it now, it is not shown again." value={renew.data.secret} />
              <Group justify="flex-end">
                <Button onClick={leave}>Done</Button>
              </Group>
            </>
          ) : (
            <>
              <span>
                The old secret of <b className={classes.url}>{row.url}</b> signs nothing from then on: give the new one to your program at once.
              </span>
              <Group justify="flex-end" gap="xs">
                <Button variant="default" onClick={leave}>
                  Cancel
                </Button>
                <Button loading={renew.isPending} onClick={() => renew.mutate()}>
                  Make a new secret
                </Button>
              </Group>
            </>
          )}
        </div>
      </Modal>
    </>
  );
}
