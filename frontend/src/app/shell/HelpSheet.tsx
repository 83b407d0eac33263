import { Modal } from "@mantine/core";

import { Key } from "@/components/Key";
import type { Command } from "@/lib/commands";

import classes from "./HelpSheet.module.css";

interface Props {
  commands: readonly Command[];
  opened: boolean;
  onClose: () => void;
}

/** Every shortcut of this page, drawn from the commands themselves. */
export function HelpSheet({ commands, opened, onClose }: Props) {
  const withKeys = commands.filter((command) => command.keys.length > 0);
  const groups = [...new Set(withKeys.map((command) => command.group))];
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" size="lg">
      <div className={classes.columns}>
        {groups.map((group) => (
          <section key={group} className={classes.group}>
            <h3 className={classes.title}>{group}</h3>
            <dl className={classes.list}>
              {withKeys
                .filter((command) => command.group === group)
                .map((command) => (
                  <div key={command.id} className={classes.row}>
                    <dt>{command.label}</dt>
                    <dd>
                      {command.keys.map((key) => (
                        <Key key={key} name={key} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
